"""Tenant isolation, whole: the columns, the binding of a transaction, the row-level policies.

Every row of a tenant carries its `tenant_id`, in the primary key and in every foreign key; the database shows
and accepts only the rows of the tenant that the transaction is bound to. A transaction bound to none sees
nothing. Foreign keys and unique indexes ignore policies, which is why both contain `tenant_id`.
"""

from typing import Any
from uuid import UUID

from alembic.operations import MigrateOperation, Operations
from sqlalchemy import ColumnElement, ForeignKeyConstraint, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel
from uuid_utils.compat import uuid7

# Tables that belong to no tenant; a test refuses any other table without forced policies.
GLOBAL_TABLES = frozenset({"tenants", "platform_accounts", "partners", "partner_clients", "alembic_version"})
# Tables that belong to a partner, whose requests cross tenants; their policy is on the partner alone.
PARTNER_TABLES = frozenset({"handoff_routes", "partner_idempotency_records"})

# nullif: on a reused connection the setting reads '' rather than null.
_BOUND_TENANT = "nullif(current_setting('app.tenant_id', true), '')::uuid"
_BOUND_PARTNER = "nullif(current_setting('app.partner_id', true), '')::uuid"
_BIND = text("select set_config('app.tenant_id', :tenant_id, true)")
_UNBOUND = object()
_BIND_PARTNER = text("select set_config('app.partner_id', :partner_id, true)")


class TenantTable(SQLModel):
    """Columns of every table that belongs to tenants."""

    tenant_id: UUID = Field(primary_key=True, foreign_key="tenants.id")
    id: UUID = Field(primary_key=True, default_factory=uuid7)


def within_tenant(column: str, parent: str) -> ForeignKeyConstraint:
    """A foreign key to a parent row of the same tenant."""
    return ForeignKeyConstraint(["tenant_id", column], [f"{parent}.tenant_id", f"{parent}.id"])


async def bind(session: AsyncSession, tenant_id: UUID | None) -> None:
    """Binds the session's transaction to a tenant, or to none; forgotten by the database at its end.

    What was done for the tenant bound before is written first, while the database still accepts it.
    """
    if session.info.get("tenant_id", _UNBOUND) == tenant_id:
        return
    await session.flush()
    session.info["tenant_id"] = tenant_id
    await session.execute(_BIND, {"tenant_id": str(tenant_id) if tenant_id else ""})


def forget_binding(session: AsyncSession) -> None:
    """After a savepoint is undone the database no longer knows what was bound within it: bind again."""
    session.info.pop("tenant_id", None)


async def bind_partner(session: AsyncSession, partner_id: UUID) -> None:
    """Opens the tables of a partner to the session's transaction: its ways to the handoffs it was sent.

    A partner's whole request runs so; a member of staff's only where something is handed over or told to a partner.
    """
    await session.flush()
    await session.execute(_BIND_PARTNER, {"partner_id": str(partner_id)})


def bound_tenant(session: AsyncSession) -> UUID:
    """The tenant that the session is bound to; raises KeyError where none is."""
    tenant_id = session.info["tenant_id"]
    if tenant_id is None:
        raise KeyError("tenant_id")
    return UUID(str(tenant_id))


def of_tenant(session: AsyncSession, table: type[TenantTable]) -> ColumnElement[bool]:
    """The explicit `tenant_id =` of a query: the planner then knows which tenant is asked, the policy still holds."""
    column: Any = table.tenant_id
    return column == bound_tenant(session)  # type: ignore[no-any-return]


def isolation_statements(table: str) -> list[str]:
    """The statements that put a table behind its one policy, its owner included."""
    by_partner = table in PARTNER_TABLES
    policy, own = (
        ("partner", f"partner_id = {_BOUND_PARTNER}") if by_partner else ("tenant", f"tenant_id = {_BOUND_TENANT}")
    )
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY {policy} ON {table} USING ({own}) WITH CHECK ({own})",
    ]


@Operations.register_operation("isolate_tenants")
class IsolateTenants(MigrateOperation):
    """Migration step `op.isolate_tenants("table")`: forced row-level security with the policy of the table."""

    def __init__(self, table: str) -> None:
        self.table = table

    @classmethod
    def isolate_tenants(cls, operations: Operations, table: str) -> None:
        """Called as `op.isolate_tenants`."""
        operations.invoke(cls(table))

    def reverse(self) -> MigrateOperation:
        """Dropping the table drops its policy: there is nothing to undo alone."""
        raise NotImplementedError


@Operations.implementation_for(IsolateTenants)
def _isolate(operations: Operations, operation: IsolateTenants) -> None:
    for statement in isolation_statements(operation.table):
        operations.execute(statement)

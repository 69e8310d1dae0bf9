"""Tenant isolation, whole: the columns, the binding of a transaction, the row-level policies.

Within a tenant, a transaction may be narrowed to some of its communes: the files of the others, and what hangs on
them, are then not there.

Every row of a tenant carries its `tenant_id`, in the primary key and in every foreign key; the database shows
and accepts only the rows of the tenant that the transaction is bound to. A transaction bound to none sees
nothing. Foreign keys and unique indexes ignore policies, which is why both contain `tenant_id`.
"""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from alembic.operations import MigrateOperation, Operations
from sqlalchemy import ColumnElement, ForeignKeyConstraint, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel
from uuid_utils.compat import uuid7

# Tables that belong to no tenant; a test refuses any other table without forced policies.
GLOBAL_TABLES = frozenset({"tenants", "platform_accounts", "partners", "partner_clients", "alembic_version"})
# Tables that belong to a partner, whose requests cross tenants; their policy is on the partner alone.
PARTNER_TABLES = frozenset(
    {
        *("handoff_routes", "partner_events", "partner_idempotency_records", "partner_signing_keys", "push_signatures"),
        *("webhook_endpoints", "webhook_deliveries", "webhook_attempts"),
    }
)
# Global tables that whoever asks for a token reads, and that the bound partner alone writes.
WRITTEN_BY_PARTNERS = frozenset({"partner_clients"})

# Tables whose rows are of a commune, beside their tenant: told by a column of their own, or by the request or the
# people they belong to. A request is read through its own policy, so what hangs on it is seen where it is.
# OFFSET 0: looked up for one row at a time, rather than once for all the requests there are.
_ITS_REQUEST = "EXISTS (SELECT FROM requests r WHERE r.tenant_id = {table}.tenant_id AND {joined} OFFSET 0)"
_OF_REQUEST = "EXISTS (SELECT FROM requests r WHERE r.tenant_id = {table}.tenant_id AND r.id = {table}.request_id)"
_OF_CONTACT = "EXISTS (SELECT FROM contacts c WHERE c.tenant_id = {table}.tenant_id AND c.id = {table}.contact_id)"
_OF_DECISION = "EXISTS (SELECT FROM decisions d WHERE d.tenant_id = {table}.tenant_id AND d.id = {table}.decision_id)"
_OF_PERSON = "EXISTS (SELECT FROM people p WHERE p.tenant_id = {table}.tenant_id AND p.id = {table}.{column})"
# A subquery: looked at once in a statement rather than once a row.
_NARROWED = "(SELECT current_setting('app.commune_insee_codes', true))"
_WHOLE_TENANT = f"nullif({_NARROWED}, '') IS NULL"
_OF_COMMUNE = f"commune_insee_code = ANY (string_to_array({_NARROWED}, ','))"
COMMUNE_TABLES = {
    "requests": _OF_COMMUNE,
    # The file that a contact became takes it along where it goes.
    "contacts": f"{_OF_COMMUNE} OR request_id IS NOT NULL AND "
    + _ITS_REQUEST.format(table="contacts", joined="r.id = contacts.request_id"),
    "people": _OF_COMMUNE
    + "".join(
        " OR " + _ITS_REQUEST.format(table="people", joined=f"r.{party} = people.id")
        for party in ("applicant_id", "co_applicant_id")
    ),
    **{
        table: _OF_REQUEST.format(table=table)
        for table in (
            "decisions",
            "ratifications",
            "conditions_met",
            "loans",
            "papers",
            "notes",
            "rights_checks",
            "agenda_items",
        )
    },
    "events": f"request_id IS NULL OR {_OF_REQUEST.format(table='events')}",
    # A statement of interest borne is of many files, and seen by whoever works for the tenant.
    "handoffs": "request_id IS NULL OR " + _OF_REQUEST.format(table="handoffs"),
    **{table: _OF_DECISION.format(table=table) for table in ("rectifications", "notifications")},
    "authorisations": _OF_PERSON.format(table="authorisations", column="person_id"),
    "person_relations": _OF_PERSON.format(table="person_relations", column="person_id")
    + " AND (other_person_id IS NULL OR "
    + _OF_PERSON.format(table="person_relations", column="other_person_id")
    + ")",
    "person_merges": " AND ".join(
        _OF_PERSON.format(table="person_merges", column=column) for column in ("kept_id", "merged_id")
    ),
    **{table: f"{_OF_REQUEST} OR {_OF_CONTACT}".format(table=table) for table in ("appointments", "referrals")},
}

# nullif: on a reused connection the setting reads '' rather than null.
_BOUND_TENANT = "nullif(current_setting('app.tenant_id', true), '')::uuid"
_BOUND_PARTNER = "nullif(current_setting('app.partner_id', true), '')::uuid"
_BIND = text("select set_config('app.tenant_id', :tenant_id, true)")
_BIND_BOTH = text(
    "select set_config('app.tenant_id', :tenant_id, true), set_config('app.partner_id', :partner_id, true)"
)
_UNBOUND = object()
_NARROW = text("select set_config('app.commune_insee_codes', :codes, true)")
_BIND_PARTNER = text("select set_config('app.partner_id', :partner_id, true)")


class TenantTable(SQLModel):
    """Columns of every table that belongs to tenants."""

    tenant_id: UUID = Field(primary_key=True, foreign_key="tenants.id")
    id: UUID = Field(primary_key=True, default_factory=uuid7)


def within_tenant(column: str, parent: str, *, added_last: bool = False) -> ForeignKeyConstraint:
    """A foreign key to a parent row of the same tenant; `added_last` where the parent refers back, through others."""
    return ForeignKeyConstraint(["tenant_id", column], [f"{parent}.tenant_id", f"{parent}.id"], use_alter=added_last)


async def bind(session: AsyncSession, tenant_id: UUID | None) -> None:
    """Binds the session's transaction to a tenant, or to none; forgotten by the database at its end.

    What was done for the tenant bound before is written first, while the database still accepts it.
    """
    if session.info.get("tenant_id", _UNBOUND) == tenant_id:
        return
    await session.flush()
    session.info["tenant_id"] = tenant_id
    await session.execute(_BIND, {"tenant_id": str(tenant_id) if tenant_id else ""})


async def bind_both(session: AsyncSession, tenant_id: UUID | None, partner_id: UUID) -> None:
    """Binds a transaction that begins to a tenant, or to none, and to a partner."""
    session.info["tenant_id"] = tenant_id
    await session.execute(_BIND_BOTH, {"tenant_id": str(tenant_id) if tenant_id else "", "partner_id": str(partner_id)})


def forget_binding(session: AsyncSession) -> None:
    """After a savepoint is undone the database no longer knows what was bound within it: bind again."""
    session.info.pop("tenant_id", None)


async def bind_partner(session: AsyncSession, partner_id: UUID) -> None:
    """Opens the tables of a partner to the session's transaction: its ways to the handoffs it was sent.

    A partner's whole request runs so; a member of staff's only where something is handed over or told to a partner.
    """
    await session.flush()
    await session.execute(_BIND_PARTNER, {"partner_id": str(partner_id)})


async def narrow(session: AsyncSession, commune_insee_codes: Collection[str]) -> None:
    """Narrows the session's transaction to some communes of its tenant; to all of them where none is named."""
    await session.flush()
    await session.execute(_NARROW, {"codes": ",".join(sorted(commune_insee_codes))})


@asynccontextmanager
async def widened(session: AsyncSession) -> AsyncIterator[None]:
    """A part of a transaction that reads in all the communes of the tenant, for a rule that bears on all of them."""
    narrowed_to = await session.scalar(text("select current_setting('app.commune_insee_codes', true)"))
    if narrowed_to:
        await narrow(session, ())
    try:
        yield
    except DBAPIError:
        narrowed_to = None  # nothing more is done in a transaction that failed
        raise
    finally:
        if narrowed_to:
            await narrow(session, narrowed_to.split(","))


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
    """The statements that put a table behind the policy on its tenant or partner, its owner included."""
    if table in WRITTEN_BY_PARTNERS:
        return [*_forced(table), *_written_by_partners(table)]
    by_partner = table in PARTNER_TABLES
    policy, own = (
        ("partner", f"partner_id = {_BOUND_PARTNER}") if by_partner else ("tenant", f"tenant_id = {_BOUND_TENANT}")
    )
    return [*_forced(table), f"CREATE POLICY {policy} ON {table} USING ({own}) WITH CHECK ({own})"]


def _forced(table: str) -> list[str]:
    return [f"ALTER TABLE {table} {what} ROW LEVEL SECURITY" for what in ("ENABLE", "FORCE")]


def _written_by_partners(table: str) -> list[str]:
    own = f"partner_id = {_BOUND_PARTNER}"
    return [
        f"CREATE POLICY known ON {table} FOR SELECT USING (true)",
        f"CREATE POLICY made_by_partner ON {table} FOR INSERT WITH CHECK ({own})",
        f"CREATE POLICY changed_by_partner ON {table} FOR UPDATE USING ({own}) WITH CHECK ({own})",
    ]


def commune_statement(table: str) -> str:
    """The statement that adds the policy on communes, which narrows that on the tenant and never widens it."""
    seen = f"{_WHOLE_TENANT} OR {COMMUNE_TABLES[table]}"
    return f"CREATE POLICY commune ON {table} AS RESTRICTIVE USING ({seen}) WITH CHECK ({seen})"


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


@Operations.register_operation("scope_communes")
class ScopeCommunes(MigrateOperation):
    """Migration step `op.scope_communes("table")`: the policy on communes of a table of `COMMUNE_TABLES`."""

    def __init__(self, table: str) -> None:
        self.table = table

    @classmethod
    def scope_communes(cls, operations: Operations, table: str) -> None:
        """Called as `op.scope_communes`."""
        operations.invoke(cls(table))

    def reverse(self) -> MigrateOperation:
        """The way down drops the policy by its name."""
        raise NotImplementedError


@Operations.implementation_for(ScopeCommunes)
def _scope(operations: Operations, operation: ScopeCommunes) -> None:
    operations.execute(commune_statement(operation.table))

"""Writing as the role that owns the tables: one transaction, one connection, none left behind."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import Connection, create_engine, text


@contextmanager
def as_owner(owner_url: str) -> Iterator[Connection]:
    """A transaction as the owner; policies bind the owner too, so see `bind_owner` and `bind_owner_to_partner`."""
    engine = create_engine(owner_url)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def bind_owner(connection: Connection, tenant_id: UUID) -> None:
    """Binds the transaction to a tenant."""
    connection.execute(text("select set_config('app.tenant_id', :tenant_id, true)"), {"tenant_id": str(tenant_id)})


def bind_owner_to_partner(connection: Connection, partner_id: UUID) -> None:
    """Opens the tables of a partner to the transaction."""
    connection.execute(text("select set_config('app.partner_id', :partner_id, true)"), {"partner_id": str(partner_id)})

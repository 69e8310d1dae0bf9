"""Writing as the role that owns the tables: one transaction, one connection, none left behind."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import Connection, create_engine, text


@contextmanager
def as_owner(owner_url: str) -> Iterator[Connection]:
    """A transaction as the owner; policies bind the owner too, so see `bind_owner`."""
    engine = create_engine(owner_url)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def bind_owner(connection: Connection, tenant_id: UUID) -> None:
    """Binds the transaction to a tenant."""
    connection.execute(text("select set_config('app.tenant_id', :tenant_id, true)"), {"tenant_id": str(tenant_id)})

"""Bringing the database to the revision of this code, as its owner."""

from collections.abc import Callable

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from app.database import migrations

# Any number that nothing else locks: two migrations at once wait for one another.
_LOCK = 7_203_411


def upgrade(owner_url: str, revision: str = "head") -> None:
    """Migrates up to a revision."""
    _run(owner_url, lambda settings: command.upgrade(settings, revision))


def downgrade(owner_url: str, revision: str) -> None:
    """Migrates down to a revision; `base` is an empty database."""
    _run(owner_url, lambda settings: command.downgrade(settings, revision))


def _run(owner_url: str, migrate: Callable[[Config], None]) -> None:
    engine = create_engine(owner_url)
    try:
        with engine.connect() as connection:
            connection.execute(text("select pg_advisory_lock(:lock)"), {"lock": _LOCK})
            connection.commit()
            settings = migrations()
            settings.attributes["connection"] = connection
            migrate(settings)
            connection.commit()
    finally:
        engine.dispose()

"""Runs migrations on the connection that `app/commands/migrate.py` opens as the owner."""

from alembic import context
from sqlmodel import SQLModel

import app.tables  # noqa: F401 - fills the metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()

"""Who may sign in: a tenant's staff, and the platform's own."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlmodel import Field, SQLModel
from uuid_utils.compat import uuid7

from app.tables.base import READ, entered_at
from app.tenancy import TenantTable


class Account(TenantTable, table=True):
    """A member of a tenant's staff; signs in as `login@slug`. Kept when it is closed: history names it.

    One who works for some communes has their codes and sees their files alone; null is the shared desk, which works
    for all.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        UniqueConstraint("tenant_id", "login"),
        CheckConstraint("login ~ '^[a-z0-9][a-z0-9._-]{0,62}$'", name="login_form"),
        CheckConstraint("roles <@ ARRAY['agent', 'decider', 'manager', 'desk']", name="roles_known"),
        CheckConstraint("cardinality(commune_insee_codes) > 0", name="communes_named"),
        READ,
    )

    login: str = Field(max_length=63)
    password_hash: str
    roles: list[str] = Field(sa_type=ARRAY(TEXT))
    commune_insee_codes: list[str] | None = Field(default=None, sa_type=ARRAY(TEXT))
    active: bool = True
    entered_at: datetime = entered_at()


class PlatformAccount(SQLModel, table=True):
    """A member of the platform's staff; signs in as `login@platform` and is bound to no tenant, so sees none."""

    __tablename__ = "platform_accounts"
    __table_args__ = (
        UniqueConstraint("login"),
        CheckConstraint("login ~ '^[a-z0-9][a-z0-9._-]{0,62}$'", name="login_form"),
        READ,
    )

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    login: str = Field(max_length=63)
    password_hash: str
    active: bool = True
    entered_at: datetime = entered_at()

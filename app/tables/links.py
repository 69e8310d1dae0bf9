"""What the links that serve once have alike."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, UniqueConstraint, text
from sqlmodel import Field

from app.tables.base import entered_at
from app.tenancy import TenantTable, within_tenant


class SingleUseLink(TenantTable):
    """Columns of a link: its token is not kept, only its SHA-256."""

    token_sha256: str = Field(max_length=64)
    expires_at: datetime = Field(sa_type=DateTime(timezone=True))
    used_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    revoked_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    account_id: UUID
    entered_at: datetime = entered_at()


def one_live_link(table: str, column: str, parent: str) -> tuple[object, ...]:
    """The constraints of a table of links: one live link at a time for each row of what it is about."""
    return (
        within_tenant(column, parent),
        within_tenant("account_id", "accounts"),
        UniqueConstraint("tenant_id", "token_sha256"),
        CheckConstraint("num_nonnulls(used_at, revoked_at) <= 1", name="used_or_revoked"),
        Index(
            f"ix_{table}_live",
            "tenant_id",
            column,
            unique=True,
            postgresql_where=text("used_at IS NULL AND revoked_at IS NULL"),
        ),
    )

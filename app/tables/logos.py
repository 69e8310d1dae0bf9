"""The logos of the CCAS, as their papers bear them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary
from sqlmodel import Field

from app.domain.logos import LOGO_BYTES_MAX
from app.tables.base import HISTORY, entered_at
from app.tenancy import TenantTable, within_tenant


class Logo(TenantTable, table=True):
    """A logo (PNG). The last one entered is on the papers."""

    __tablename__ = "logos"
    __table_args__ = (
        within_tenant("account_id", "accounts"),
        CheckConstraint(f"octet_length(content) BETWEEN 1 AND {LOGO_BYTES_MAX}", name="small"),
        CheckConstraint("sha256 = encode(sha256(content), 'hex')", name="hash_of_content"),
        Index("ix_logos_entered_at", "tenant_id", "entered_at"),
        HISTORY,
    )

    content: bytes = Field(sa_type=LargeBinary)
    sha256: str = Field(max_length=64)
    account_id: UUID
    entered_at: datetime = entered_at()

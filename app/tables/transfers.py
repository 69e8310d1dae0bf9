"""Files that went from one commune of a tenant to another."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from app.tables.base import HISTORY, entered_at
from app.tenancy import TenantTable, within_tenant


class RequestTransfer(TenantTable, table=True):
    """A transfer of a file, and whether the applicant moved with it."""

    __tablename__ = "request_transfers"
    __table_args__ = (
        within_tenant("request_id", "requests"),
        within_tenant("account_id", "accounts"),
        CheckConstraint("from_commune_insee_code <> to_commune_insee_code", name="two_communes"),
        Index("ix_request_transfers_request", "tenant_id", "request_id"),
        HISTORY,
    )

    request_id: UUID
    from_commune_insee_code: str = Field(max_length=5)
    to_commune_insee_code: str = Field(max_length=5)
    transferred_on: date
    reason: str = Field(max_length=4000)
    person_moved: bool
    account_id: UUID
    entered_at: datetime = entered_at()

"""The other rights that were looked at for a file, before a loan."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from app.domain.rights import RightResult
from app.tables.base import HISTORY, cents, entered_at, value_enum
from app.tenancy import TenantTable, within_tenant


class RightsCheck(TenantTable, table=True):
    """What was found of one right on a day. Never changed: the latest of a right counts."""

    __tablename__ = "rights_checks"
    __table_args__ = (
        within_tenant("request_id", "requests"),
        within_tenant("organisation_id", "organisations"),
        within_tenant("account_id", "accounts"),
        CheckConstraint(
            "amount_cents IS NULL OR result IN ('mobilised', 'insufficient')", name="amount_of_what_is_given"
        ),
        Index("ix_rights_checks_request", "tenant_id", "request_id"),
        HISTORY,
    )

    request_id: UUID
    right_code: str = Field(max_length=40)
    organisation_id: UUID | None
    checked_on: date
    result: RightResult = Field(sa_type=value_enum(RightResult, "result"))
    amount_cents: int | None = cents(nullable=True)
    note: str | None = Field(max_length=4000)
    account_id: UUID
    entered_at: datetime = entered_at()

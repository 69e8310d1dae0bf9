"""What a session answered on the decisions that were taken ahead of it."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field

from app.tables.base import HISTORY, entered_at
from app.tenancy import TenantTable, within_tenant


class Ratification(TenantTable, table=True):
    """The one answer on a provisional decision; without ratification it says why."""

    __tablename__ = "ratifications"
    __table_args__ = (
        within_tenant("request_id", "requests"),
        within_tenant("decision_id", "decisions"),
        within_tenant("account_id", "accounts"),
        within_tenant("session_id", "committee_sessions"),
        UniqueConstraint("tenant_id", "decision_id"),
        CheckConstraint("ratified OR reason IS NOT NULL", name="reason_unless_ratified"),
        HISTORY,
    )

    request_id: UUID
    decision_id: UUID
    session_id: UUID | None
    ratified: bool
    ratified_on: date
    reason: str | None = Field(max_length=4000)
    signatory: str = Field(max_length=200)
    signatory_capacity: str | None = Field(max_length=200)
    delegation_reference: str | None = Field(max_length=200)
    body: str | None = Field(max_length=200)
    second_person: str | None = Field(max_length=200)
    account_id: UUID
    entered_at: datetime = entered_at()

"""What the nightly run noted: unpaid instalments that it found first, and the loans that it could not go through.

They name their loan without a foreign key: to check one would lock the row of the loan against who writes meanwhile.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from app.tables.base import HISTORY, cents, entered_at
from app.tenancy import TenantTable


class ArrearsDetection(TenantTable, table=True):
    """The first night on which an instalment was seen as the oldest unpaid of its loan, once for each.

    `position_on` is the day up to which whoever collects had told, `unpaid_cents` what was then left of it.
    """

    __tablename__ = "arrears_detections"
    __table_args__ = (
        UniqueConstraint("tenant_id", "loan_id", "instalment_ref"),
        CheckConstraint("unpaid_cents > 0", name="unpaid_positive"),
        CheckConstraint("due_on <= position_on", name="told_by_position"),
        HISTORY,
    )

    loan_id: UUID
    instalment_ref: int
    due_on: date
    unpaid_cents: int = cents()
    position_on: date
    detected_on: date
    entered_at: datetime = entered_at()


class NightlyFailure(TenantTable, table=True):
    """A loan that the run of a night left aside, and the class of the error: nothing of what the loan holds."""

    __tablename__ = "nightly_failures"
    __table_args__ = (
        UniqueConstraint("tenant_id", "run_on", "loan_id", "error"),
        Index("ix_nightly_failures_loan", "tenant_id", "loan_id"),
        HISTORY,
    )

    run_on: date
    loan_id: UUID
    error: str = Field(max_length=200)
    entered_at: datetime = entered_at()

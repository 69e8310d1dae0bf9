"""Early repayments (remboursements anticipés)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from app.domain.early_repayment import Choice
from app.tables.base import HISTORY, cents, entered_at, value_enum
from app.tenancy import TenantTable, within_tenant


class EarlyRepayment(TenantTable, table=True):
    """What the borrower wanted of a payment, and the part of it, in cents, that came early.

    `schedule_id` is null where instalments are only paid in advance: none changes.
    """

    __tablename__ = "early_repayments"
    __table_args__ = (
        within_tenant("loan_id", "loans"),
        within_tenant("repayment_id", "ledger_entries"),
        within_tenant("schedule_id", "schedules"),
        within_tenant("decision_id", "loan_decisions"),
        UniqueConstraint("tenant_id", "schedule_id"),
        CheckConstraint("amount_cents > 0", name="amount_positive"),
        CheckConstraint("(choice = 'advance') = (schedule_id IS NULL)", name="advance_changes_nothing"),
        Index("ix_early_repayments_loan", "tenant_id", "loan_id"),
        HISTORY,
    )

    loan_id: UUID
    repayment_id: UUID
    schedule_id: UUID | None
    decision_id: UUID
    choice: Choice = Field(sa_type=value_enum(Choice, "choice"))
    amount_cents: int = cents()
    entered_at: datetime = entered_at()

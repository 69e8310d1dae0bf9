"""Early repayments (remboursements anticipés)."""

from datetime import date, datetime
from uuid import UUID

from app.domain.early_repayment import Choice
from app.schemas.base import Id, Input, Output
from app.schemas.loan_decisions import LoanDecisionCreate
from app.schemas.schedule_changes import ScheduleChangeRead, SeenVersion


class EarlyRepaymentCreate(Input):
    """What the borrower wants of a payment that the collector has told: of the part beyond what was due on its day.

    `schedule_version` is the one that was looked at: the change is refused if another is in force since.
    """

    repayment_id: Id
    choice: Choice
    schedule_version: SeenVersion | None = None
    decision: LoanDecisionCreate


class CoverRead(Output):
    """What of an instalment to come is paid in advance."""

    number: int
    cents: int


class EarlyRepaymentRead(Output):
    """What an early repayment did, in cents: `amount_cents` is the part that came early, `balance_cents` the principal
    left. `change` is null where no instalment changes: those to come are paid in advance, as `covers` tells.
    """

    id: UUID
    loan_id: UUID
    repayment_id: UUID
    choice: Choice
    on: date
    amount_cents: int
    principal_cents: int
    interest_cents: int
    interest_saved_cents: int
    left_cents: int
    balance_cents: int
    covers: list[CoverRead]
    change: ScheduleChangeRead | None
    entered_at: datetime

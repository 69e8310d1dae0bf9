"""Where a partner's loans stand by our copy, as the partner may see it."""

from datetime import date
from uuid import UUID

from app.domain.contracts import LoanAnomaly
from app.domain.loan_lifecycle import ClosingReason, LoanStatus
from app.schemas.base import Output


class LenderLoanRead(Output):
    """A loan by our copy of what its lender told, on a day, in cents; nothing of the person.

    `gap_cents` is what the lender last told to be owed, less what our copy says on that day.
    """

    handoff_id: UUID
    loan_id: UUID
    tenant: str
    number: str
    as_of: date
    status: LoanStatus
    closing_reasons: list[ClosingReason]
    principal_cents: int
    disbursed_cents: int
    repaid_cents: int
    outstanding_cents: int
    overdue_cents: int
    credit_cents: int
    schedule_version: int
    position_on: date | None
    reported_outstanding_cents: int | None
    gap_cents: int | None
    accelerated_on: date | None
    lost_principal_cents: int
    lost_interest_cents: int
    anomalies: list[LoanAnomaly]

"""Loans of the CCAS's own funds."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.domain.ledger import PayeeKind
from app.domain.loan_lifecycle import ClosingReason, LoanStatus
from app.domain.rules import Party
from app.schemas.base import Day, Id, InDigits, Input, Line, Output, PageQuery, Percent, PositiveCents, Prose, Resource


class LoanCreate(Input):
    """The offer of a loan on the terms that were approved. `disbursed_on` is when payment is expected."""

    offered_on: Day
    first_due_on: Day
    disbursed_on: Day | None = None


class LoanQuery(Input):
    """The day whose state is asked; today where none is given."""

    as_of: Day | None = None


class LoanListQuery(PageQuery):
    """Filters of the list of loans."""

    request_id: Id | None = None


class ScheduleQuery(Input):
    """The version of the schedule; the last where none is given."""

    version: Annotated[int, Field(ge=1, le=10_000), InDigits] | None = None


class NextDue(Output):
    """The first instalment that is not wholly paid, and what is left of it."""

    number: int
    due_on: date
    amount_cents: int


class SignatureRead(Output):
    """One party's signature."""

    party: Party
    signed_on: date


class LoanRead(Resource):
    """A loan as it stood at the end of `as_of`."""

    id: UUID
    reference: str
    request_id: UUID
    decision_id: UUID
    as_of: date
    status: LoanStatus
    closing_reasons: list[ClosingReason]
    principal_cents: int
    rate_percent: Percent
    outstanding_cents: int
    overdue_cents: int
    repaid_cents: int
    credit_cents: int
    next_due: NextDue | None
    schedule_version: int
    duration_months: int
    offered_on: date
    expected_disbursed_on: date | None
    signatures: list[SignatureRead]
    awaiting_signature_of: list[Party]
    entered_at: datetime

    def etag(self) -> str:
        """The state of another day is another representation."""
        return f'"{self.version}-{self.as_of}"'


class LoanItem(Output):
    """A loan as lists show it: its contract, without the balances of a day."""

    id: UUID
    version: int
    reference: str
    request_id: UUID
    principal_cents: int
    offered_on: date
    entered_at: datetime


class ScheduleRowRead(Output):
    """One instalment; `balance_cents` is what is left after it."""

    number: int
    due_on: date
    principal_cents: int
    interest_cents: int
    total_cents: int
    balance_cents: int


class ScheduleRead(Resource):
    """One version of the repayment schedule."""

    loan_id: UUID
    rows: list[ScheduleRowRead]


class SignatureCreate(Input):
    """A party signs the contract."""

    party: Party
    signed_on: Day


class Payee(Input):
    """Who is paid."""

    kind: PayeeKind
    name: Line | None = None


class DisbursementCreate(Input):
    """The loan is paid out, whole."""

    amount_cents: PositiveCents
    disbursed_on: Day
    payee: Payee


class LitigationCreate(Input):
    """The public accountant takes the loan to litigation (contentieux)."""

    opened_on: Day
    reason: Prose | None = None


class CancellationCreate(Input):
    """The loan is given up before it is paid out."""

    cancelled_on: Day
    reason: Prose

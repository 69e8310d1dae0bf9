"""What may be done with a loan that is hard to repay."""

from datetime import date
from uuid import UUID

from app.domain.loan_options import OptionKind
from app.schemas.base import Day, Input, Output


class LoanOptionsQuery(Input):
    """The day on which it would be decided; today where none is given."""

    on: Day | None = None


class LoanOption(Output):
    """One way out, before anything is decided. Figures are null where `allowed` is false; `reasons` then says why.

    `cost_cents` is what the CCAS would pay: null in litigation, as nobody knows what will come back.
    `borrower_cost_cents` is the interest that the borrower would owe more. `at_risk_cents` is what the borrowers would
    still owe the CCAS. `last_due_on` is the last due date that would follow, null in litigation.
    """

    kind: OptionKind
    months: int | None
    allowed: bool
    reasons: list[str]
    cost_cents: int | None
    borrower_cost_cents: int | None
    at_risk_cents: int | None
    last_due_on: date | None


class LoanOptionList(Output):
    """The ways out of a loan on a day: what is unpaid, not covered by support, as far as the position tells."""

    loan_id: UUID
    on: date
    position_on: date | None
    unpaid_cents: int
    last_due_on: date
    items: list[LoanOption]

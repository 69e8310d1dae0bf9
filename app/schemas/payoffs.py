"""What settles a loan on a day (remboursement anticipé total)."""

from datetime import date

from app.schemas.base import Day, Input, Output


class PayoffQuery(Input):
    """The day; today where none is given."""

    on: Day | None = None


class PayoffRead(Output):
    """What ends the loan on a day, in cents: `amount_cents` = unpaid − paid ahead + balance + carried + accrued.

    `carried_cents` is the interest of past months without payment, `accrued_cents` that of the `days` since the last
    due date; no indemnity is asked. `interest_saved_cents` is what settling costs less than going on.
    """

    on: date
    schedule_version: int
    amount_cents: int
    unpaid_cents: int
    paid_ahead_cents: int
    balance_cents: int
    carried_cents: int
    accrued_cents: int
    days: int
    credit_cents: int
    interest_saved_cents: int

"""The borrower's withdrawal from a contract (rétractation)."""

from datetime import date

from app.schemas.base import Day, Input, Output


class LoanWithdrawalCreate(Input):
    """The borrower withdraws: the day the form (bordereau) was sent, which counts, and the day it came."""

    withdrawn_on: Day
    received_on: Day | None = None


class LoanWithdrawalRead(Output):
    """A withdrawal. `refund_due_on` is the last day to give the principal back, null where it was not paid out."""

    withdrawn_on: date
    received_on: date | None
    refund_due_on: date | None

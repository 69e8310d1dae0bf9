"""The life of a loan: the stages it is moved through, and the status that follows from them on a day.

A stage is set by a dated event (offer, signatures, payment, litigation, cancellation). The status that people
read is derived for the day asked from the stage, the schedule and the ledger, and never stored.
"""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from itertools import accumulate

from app.domain.amortization import Instalment
from app.domain.errors import IllegalTransition


class LoanStage(StrEnum):
    """What has been done with the loan."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    DISBURSED = "disbursed"
    LITIGATION = "litigation"
    CANCELLED = "cancelled"


class LoanAction(StrEnum):
    """What may be done with a loan."""

    OFFER = "offer"
    SIGN = "sign"
    ACCEPT = "accept"
    DISBURSE = "disburse"
    REPAY = "repay"
    REVERSE = "reverse"
    OPEN_LITIGATION = "open_litigation"
    CANCEL = "cancel"
    WITHDRAW = "withdraw"


class LoanStatus(StrEnum):
    """Where a loan stands on a day."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    NOT_STARTED = "not_started"
    RUNNING = "running"
    OVERDUE = "overdue"
    LITIGATION = "litigation"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class ClosingReason(StrEnum):
    """Why a loan is closed; there may be several."""

    ON_SCHEDULE = "on_schedule"
    EARLY = "early"
    AFTER_LITIGATION = "after_litigation"


S, A = LoanStage, LoanAction

TRANSITIONS: dict[tuple[LoanStage, LoanAction], LoanStage] = {
    (S.OFFERED, A.SIGN): S.OFFERED,
    (S.OFFERED, A.ACCEPT): S.ACCEPTED,
    (S.OFFERED, A.CANCEL): S.CANCELLED,
    (S.ACCEPTED, A.CANCEL): S.CANCELLED,
    # The borrower withdraws: before all have signed, before the money leaves, or after, and then owes it back.
    (S.OFFERED, A.WITHDRAW): S.CANCELLED,
    (S.ACCEPTED, A.WITHDRAW): S.CANCELLED,
    (S.DISBURSED, A.WITHDRAW): S.DISBURSED,
    (S.ACCEPTED, A.DISBURSE): S.DISBURSED,
    (S.DISBURSED, A.REPAY): S.DISBURSED,
    (S.DISBURSED, A.REVERSE): S.DISBURSED,
    (S.DISBURSED, A.OPEN_LITIGATION): S.LITIGATION,
    (S.LITIGATION, A.REPAY): S.LITIGATION,
    (S.LITIGATION, A.REVERSE): S.LITIGATION,
}


def after(stage: LoanStage, action: LoanAction) -> LoanStage:
    """The stage that follows, or IllegalTransition."""
    following = TRANSITIONS.get((stage, action))
    if following is None:
        raise IllegalTransition(action=action.value, state=stage.value)
    return following


def next_due(rows: Iterable[Instalment], repaid_cents: int) -> tuple[Instalment, int] | None:
    """The first instalment not wholly paid and what is left of it in cents, oldest first; None when all is paid."""
    rows = tuple(rows)
    for row, due_so_far in zip(rows, accumulate(row.total_cents for row in rows), strict=True):
        if due_so_far > repaid_cents:
            return row, min(row.total_cents, due_so_far - repaid_cents)
    return None


def overdue_cents(rows: Iterable[Instalment], repaid_cents: int, on: date) -> int:
    """What is late on a day, in cents: due before that day and not paid. An instalment is late the day after."""
    due = sum(row.total_cents for row in rows if row.due_on < on)
    return max(0, due - repaid_cents)


def late(rows: Iterable[Instalment], repaid_cents: int, on: date) -> list[tuple[Instalment, int]]:
    """The instalments that are late on a day, oldest first, and what is left of each in cents."""
    due = [row for row in rows if row.due_on < on]
    so_far = zip(due, accumulate(row.total_cents for row in due), strict=True)
    left = [(row, min(row.total_cents, sum_cents - repaid_cents)) for row, sum_cents in so_far]
    return [(row, cents) for row, cents in left if cents > 0]


def status(
    stage: LoanStage, *, rows: tuple[Instalment, ...], outstanding_cents: int, overdue: int, on: date
) -> LoanStatus:
    """The status on a day from the stage reached by then and the balances of that day, in cents."""
    if stage in (S.OFFERED, S.ACCEPTED, S.CANCELLED):
        return LoanStatus(stage.value)
    if outstanding_cents == 0:
        return LoanStatus.CLOSED
    if stage is S.LITIGATION:
        return LoanStatus.LITIGATION
    if overdue:
        return LoanStatus.OVERDUE
    return LoanStatus.NOT_STARTED if on < rows[0].due_on else LoanStatus.RUNNING


def closing_reasons(*, in_litigation: bool, settled_on: date, last_due_on: date) -> list[ClosingReason]:
    """Why a loan whose balance is nil closed: after litigation, before its last due date, or on schedule.

    Settling in the month of the last instalment is on schedule: the public accountant books the payment when
    it comes, often some days before the due date.
    """
    if in_litigation:
        return [ClosingReason.AFTER_LITIGATION]
    early = (settled_on.year, settled_on.month) < (last_due_on.year, last_due_on.month)
    return [ClosingReason.EARLY if early else ClosingReason.ON_SCHEDULE]

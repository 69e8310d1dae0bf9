"""Facts that a lender reports of its loan beside its statements: recorded as it tells them, whatever our copy says."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.domain.amortization import Instalment
from app.domain.interest_subsidies import Shares
from app.domain.loan_decisions import LoanDecisionKind
from app.domain.schedule_kinds import ScheduleKind
from app.domain.schedule_versions import Prepayment


class ReportKind(StrEnum):
    """What is reported: other rows from a day on, the whole called due (déchéance du terme), a loss (passage à
    perte), a call on a guarantor, what was recovered after a loss; what was told by mistake, taken back
    (contre-passation).
    """

    SCHEDULE = "schedule"
    ACCELERATION = "acceleration"
    LOSS = "loss"
    GUARANTEE_CALL = "guarantee_call"
    RECOVERY = "recovery"
    REVERSAL = "reversal"


class ReversedKind(StrEnum):
    """What a lender may take back of what it told: a payment of its loan, a repayment, and what it reported."""

    SCHEDULE = "schedule"
    ACCELERATION = "acceleration"
    DISBURSEMENT = "disbursement"
    REPAYMENT = "repayment"
    LOSS = "loss"
    GUARANTEE_CALL = "guarantee_call"
    RECOVERY = "recovery"


class LenderScheduleKind(StrEnum):
    """Why the lender's rows are others: a report d'échéance, a réaménagement, an early repayment."""

    DEFERRAL = "deferral"
    RESCHEDULE = "reschedule"
    EARLY_REPAYMENT = "early_repayment"


class ReportAnomaly(StrEnum):
    """What a report contradicts of our copy: the loan was not paid out by that day, nothing was owed, another amount
    was; more is lost than was owed; the loss that is cited is not told; the rules name no such guarantor, or have it
    cover less; more is recovered than was lost; what is taken back is not told; the whole was called due after rows
    were decided and before they held.
    """

    NOT_PAID_OUT = "not_paid_out"
    NOTHING_OWED = "nothing_owed"
    BALANCE_DIFFERS = "balance_differs"
    LOSS_ABOVE_OUTSTANDING = "loss_above_outstanding"
    LOSS_NOT_TOLD = "loss_not_told"
    GUARANTOR_NOT_IN_RULES = "guarantor_not_in_rules"
    CALL_ABOVE_RULES = "call_above_rules"
    RECOVERY_ABOVE_LOSS = "recovery_above_loss"
    REVERSED_NOT_TOLD = "reversed_not_told"
    OVERTAKEN = "overtaken"


# What a report is a decision of the lender on the loan about; the others decide nothing of it.
DECISIONS = {
    ReportKind.ACCELERATION: LoanDecisionKind.ACCELERATION,
    ReportKind.LOSS: LoanDecisionKind.LOSS,
}
# What makes a version of the schedule, and says whether the loan is repaid by instalments or the whole is due.
VERSIONS = (ReportKind.SCHEDULE, ReportKind.ACCELERATION)


@dataclass(frozen=True, slots=True)
class Laid:
    """The rows of a version as a whole, what third parties pay of each, and what was repaid early beside them."""

    rows: tuple[Instalment, ...]
    parts: tuple[Shares, ...]
    prepayments: tuple[Prepayment, ...] = ()


def version_kind(kind: ReportKind, schedule_kind: LenderScheduleKind | None) -> ScheduleKind:
    """The kind of the version that a report makes."""
    return ScheduleKind.ACCELERATION if schedule_kind is None else ScheduleKind(schedule_kind.value)


def is_overtaken(decided_on: date, effective_on: date, called_due_on: Iterable[date]) -> bool:
    """Whether rows are without effect, since the whole was called due after they were decided and before they held.

    Rows that are decided once it was called due are new terms: they give the acceleration up.
    """
    return any(decided_on < day < effective_on for day in called_due_on)


def called_due_since(versions: Iterable[tuple[date, ReportKind]]) -> date | None:
    """The day since which the whole is due, null where the loan is repaid by instalments, from the start or again.

    `versions` are what makes them, by their days.
    """
    since = None
    for day, kind in versions:
        since = None if kind is ReportKind.SCHEDULE else since or day
    return since


def laid(before: Laid, told: Sequence[tuple[Instalment, Shares]], *, on: date, lent_cents: int) -> Laid:
    """The version that the lender's rows from a day on make with the rows of before that day.

    What the new rows do not repay was repaid before, or is repaid no more: of the rows of before it meets the oldest
    first, and beyond them it was repaid early on that day. So the version follows from what the lender tells alone,
    and not from the repayments that are known.
    """
    early_before = sum(one.principal_cents for one in before.prepayments)
    left = max(0, lent_cents - sum(row.principal_cents for row, _ in told) - early_before)
    kept: list[tuple[Instalment, Shares]] = []
    for row, part in zip(before.rows, before.parts, strict=True):
        if row.due_on >= on or (left == 0 and row.principal_cents):
            break
        principal = min(row.principal_cents, left)
        left -= principal
        total = principal + row.interest_cents
        kept.append((Instalment(row.number, row.due_on, principal, row.interest_cents, total, 0), part))
    early = (Prepayment(on, len(kept), left, 0),) if left else ()
    return _whole([*kept, *told], (*before.prepayments, *early))


def accelerated(before: Laid, *, on: date) -> Laid:
    """The version in which all that falls due after a day is due on that day, without the interest it would have borne.

    Nothing changes where nothing falls due after it.
    """
    due = [pair for pair in zip(before.rows, before.parts, strict=True) if pair[0].due_on <= on]
    principal = sum(row.principal_cents for row in before.rows) - sum(row.principal_cents for row, _ in due)
    if not principal:
        return before
    return _whole([*due, (Instalment(0, on, principal, 0, principal, 0), ())], before.prepayments)


def _whole(rows: Sequence[tuple[Instalment, Shares]], prepayments: tuple[Prepayment, ...]) -> Laid:
    """The rows in one count, each with the principal that is still owed after it."""
    found: list[Instalment] = []
    after = 0
    for place in reversed(range(len(rows))):
        row, number = rows[place][0], place + 1
        after += sum(one.principal_cents for one in prepayments if one.after_number == number)
        cents = (row.principal_cents, row.interest_cents, row.total_cents, after)
        found.append(Instalment(number, row.due_on, *cents))
        after += row.principal_cents
    return Laid(tuple(reversed(found)), tuple(part for _, part in rows), prepayments)


def lost_in_books(told_cents: Sequence[int], *, lent_cents: int) -> list[int]:
    """What the books take of each loss in turn, in cents: together never more than was lent."""
    room = lent_cents
    found = []
    for cents in told_cents:
        found.append(min(cents, room))
        room -= found[-1]
    return found

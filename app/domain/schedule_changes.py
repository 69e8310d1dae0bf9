"""What surrounds a change of schedule: its refusals by name, what of it stands, what it moves, how often it may be."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from app.domain.amortization import ImpossiblePlan, Instalment
from app.domain.breaches import Finding, Severity
from app.domain.errors import ImpossibleSchedule, NothingOwed
from app.domain.loan_decisions import LoanAuthority
from app.domain.payoff import payoff
from app.domain.products import DeferralRule
from app.domain.schedule_errors import EarlyRepaymentLost
from app.domain.schedule_versions import ScheduleVersion


@contextmanager
def refusals_named(on: date) -> Iterator[None]:
    """Makes of what the mathematics of a loan refuse on a day a refusal that names the field and its bound.

    Raises ImpossibleSchedule; NothingOwed where nothing is left to change; EarlyRepaymentLost where less was paid than
    what the schedule counts as repaid early.
    """
    try:
        yield
    except ImpossiblePlan as impossible:
        if impossible.field == "paid_cents":
            lost = impossible.bound is not None
            raise (EarlyRepaymentLost() if lost else NothingOwed(on=on.isoformat())) from impossible
        bound = impossible.bound.isoformat() if isinstance(impossible.bound, date) else impossible.bound
        raise ImpossibleSchedule(field=impossible.field, bound=bound) from impossible


def standing(activated: Sequence[int]) -> list[int]:
    """The versions that hold one upon the other, the one in force last, after all that were activated, in order.

    To activate again a version that stands is to undo what came upon it.
    """
    held: list[int] = []
    for version in activated:
        if version in held:
            del held[held.index(version) + 1 :]
        else:
            held.append(version)
    return held


def beyond_due(version: ScheduleVersion, *, on: date, paid_cents: int, amount_cents: int) -> int:
    """What of a payment of a day exceeds all that was due up to it, in cents; ``paid_cents`` counts the payment in.

    Raises ImpossiblePlan on ``on``, ``paid_cents``.
    """
    return min(amount_cents, payoff(version, on=on, paid_cents=paid_cents).paid_ahead_cents)


@dataclass(frozen=True, slots=True)
class RowChanges:
    """The instalments of a schedule that another has not on that day for that amount, and those that it has instead."""

    removed: tuple[Instalment, ...]
    added: tuple[Instalment, ...]


def row_changes(before: Sequence[Instalment], after: Sequence[Instalment]) -> RowChanges:
    """What goes and what comes from one schedule to the next, whatever the numbers."""
    known = {(row.due_on, row.total_cents) for row in before}
    kept = {(row.due_on, row.total_cents) for row in after} & known
    return RowChanges(
        removed=tuple(row for row in before if (row.due_on, row.total_cents) not in kept),
        added=tuple(row for row in after if (row.due_on, row.total_cents) not in kept),
    )


def deferral_findings(
    rule: DeferralRule | None,
    *,
    earlier: Collection[date],
    paused_on: Collection[date],
    decided_by: LoanAuthority | None,
) -> list[Finding]:
    """The limits of the rules that putting off more due dates would exceed, beside those put off before.

    `deferrals.count_max` is of all of them; `deferrals.consecutive_max` of those in months that follow one another,
    which the commission alone may exceed. A null limit does not limit.
    """
    if rule is None:
        return []
    found: list[Finding] = []
    count = len(earlier) + len(paused_on)
    if rule.count_max is not None and count > rule.count_max:
        found.append(("deferrals.count_max", rule.count_max, count, Severity.REFUSE))
    in_a_row = _in_a_row({_month(day) for day in (*earlier, *paused_on)}, {_month(day) for day in paused_on})
    may_exceed = decided_by is LoanAuthority.COMMISSION
    if rule.consecutive_max is not None and in_a_row > rule.consecutive_max and not may_exceed:
        found.append(("deferrals.consecutive_max", rule.consecutive_max, in_a_row, Severity.REFUSE))
    return found


def _month(day: date) -> int:
    return day.year * 12 + day.month


def _in_a_row(months: Collection[int], new: Collection[int]) -> int:
    """The longest run of months that has one of the new ones."""
    longest = 0
    for month in new:
        first, last = month, month
        while first - 1 in months:
            first -= 1
        while last + 1 in months:
            last += 1
        longest = max(longest, last - first + 1)
    return longest

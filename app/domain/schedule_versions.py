"""Versions of a schedule: the rows in force, and what has changed them since the loan was paid out.

An event (early repayment, deferral, rescheduling) never edits rows: it gives the next version. A version holds the
whole loan. The rows already paid come first, as they were; those that follow go on from their number. What was repaid
early stands beside the rows, so that both add up to the money lent.
"""

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import MAXYEAR, MINYEAR, date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from app.domain.amortization import ImpossiblePlan, Instalment, monthly_interest, refuse_outside, refuse_rate
from app.domain.money import quotient_half_up


@dataclass(frozen=True, slots=True)
class Pause:
    """A due date without its payment: the interest of that time, in cents, waits for the last instalment.

    It is never added to the balance: interest due for less than a year bears none (art. 1343-2 of the Code civil).
    ``days`` is null for a month; a number says that the time was counted in days over 365. ``is_past`` says that the
    date was past already when a rescheduling counted from it: another one counts again from the last due date.
    """

    due_on: date
    interest_cents: int
    days: int | None = None
    is_past: bool = False


@dataclass(frozen=True, slots=True)
class Prepayment:
    """Principal repaid early on a day, and the interest paid with it, in cents; it ranks after row ``after_number``."""

    on: date
    after_number: int
    principal_cents: int
    interest_cents: int

    @property
    def total_cents(self) -> int:
        """What was paid, in cents."""
        return self.principal_cents + self.interest_cents


@dataclass(frozen=True, slots=True)
class Anchor:
    """The day of month on which dates fell up to a day, that day included, before another was chosen."""

    until: date
    day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleVersion:
    """A schedule in force; raises ImpossiblePlan on ``rows`` if the parts do not hold together.

    ``rate_percent`` is a nominal year; ``released_on`` the day the money was paid out; ``starts_on`` the day a month
    before the first due date of the contract, from which its months count; ``anchor_day`` the day of month chosen
    (1 to 31) for the dates to come, ``past_anchors`` those of the dates before. ``effective_on`` is the day of the
    event that made this version, null for the contract's first. The last row's interest includes that of the pauses.
    """

    rows: tuple[Instalment, ...]
    rate_percent: Decimal
    released_on: date
    starts_on: date
    anchor_day: int
    past_anchors: tuple[Anchor, ...] = ()
    pauses: tuple[Pause, ...] = ()
    prepayments: tuple[Prepayment, ...] = ()
    effective_on: date | None = None

    def __post_init__(self) -> None:
        refuse_rate(self.rate_percent)
        for day in (self.anchor_day, *(anchor.day for anchor in self.past_anchors)):
            refuse_outside("anchor_day", day, 1, 31)
        found = [text for text, is_found in _faults(self).items() if is_found]
        if found:
            raise ImpossiblePlan("rows", None, f"These rows are not a schedule: {', '.join(found)}.")

    @property
    def principal_cents(self) -> int:
        """The money lent, in cents."""
        early = sum(early.principal_cents for early in self.prepayments)
        return early + sum(row.principal_cents for row in self.rows)

    @property
    def interest_cents(self) -> int:
        """All the interest of the loan, paid and to come, in cents."""
        early = sum(early.interest_cents for early in self.prepayments)
        return early + sum(row.interest_cents for row in self.rows)

    @property
    def carried_cents(self) -> int:
        """The interest of the pauses (*intérêts reportés*), in cents, due with the last instalment."""
        return sum(pause.interest_cents for pause in self.pauses)

    def prepaid(self, number: int) -> int:
        """The principal in cents repaid early right after that row; 0 is before the first."""
        return sum(early.principal_cents for early in self.prepayments if early.after_number == number)

    def balance(self, number: int) -> int:
        """The principal still owed, in cents, once that row and what was repaid early right after it are paid."""
        before = self.rows[number - 1].balance_cents if number else self.principal_cents
        return before - self.prepaid(number)

    def anchor_of(self, on: date) -> int:
        """The day of month from which the dates after a due date count: the anchor of its time, if it is on it."""
        day = next((anchor.day for anchor in self.past_anchors if on <= anchor.until), self.anchor_day)
        return _counted_from(on, day)

    def plain_rows(self) -> tuple[Instalment, ...]:
        """The rows without the interest of the pauses."""
        return with_carried(self.rows, -self.carried_cents)


@dataclass(frozen=True, slots=True)
class Position:
    """Where payments stand: how many rows are wholly paid, and the cents paid of what follows."""

    rows: int
    part_cents: int


def in_force(
    rows: Iterable[Instalment], *, rate_percent: Decimal, released_on: date, anchor_day: int | None = None
) -> ScheduleVersion:
    """The first version: the rows of the contract; without an anchor, the day of the first one.

    The rate is a nominal year, in percent. Raises ImpossiblePlan: ``rows`` (none, or not a schedule),
    ``rate_percent``, ``anchor_day``, ``due_on`` (a first date in the first month of the calendar).
    """
    rows = tuple(rows)
    if not rows:
        raise ImpossiblePlan("rows", None, "A schedule has rows.")
    first = rows[0].due_on
    anchor = first.day if anchor_day is None else anchor_day
    refuse_outside("anchor_day", anchor, 1, 31)
    start = month_shift(first, -1, _counted_from(first, anchor))
    return ScheduleVersion(
        rows=rows, rate_percent=rate_percent, released_on=released_on, starts_on=start, anchor_day=anchor
    )


def position(version: ScheduleVersion, paid_cents: int) -> Position:
    """What all payments since the start cover, oldest first. Raises ImpossiblePlan below the early repayments made."""
    settled = max((early.after_number for early in version.prepayments), default=0)
    early_cents = sum(early.total_cents for early in version.prepayments)
    refuse_outside("paid_cents", paid_cents, early_cents + sum(row.total_cents for row in version.rows[:settled]))
    left, number = paid_cents - early_cents, 0
    for row in version.rows:
        if left < row.total_cents:
            break
        left, number = left - row.total_cents, row.number
    return Position(number, left)


def due_by(version: ScheduleVersion, on: date) -> int:
    """How many rows are due on or before a day, that day included."""
    return sum(1 for row in version.rows if row.due_on <= on)


def month_start(version: ScheduleVersion, number: int, on: date, pauses: Iterable[Pause]) -> date:
    """The date from which the month after row ``number`` counts, as of ``on``: its due date, or a later pause."""
    start = version.rows[number - 1].due_on if number else version.starts_on
    return max([start, *(pause.due_on for pause in pauses if pause.due_on <= on)])


def accrual_start(version: ScheduleVersion, number: int, on: date) -> date:
    """The day from which interest runs after row ``number``, as of ``on``: its due date, or a later pause.

    Before the first row, a month before the first due date or the day the money was paid out, the later of the two:
    the first instalment bears one month, however long it was delayed.
    """
    return max(month_start(version, number, on, version.pauses), version.released_on)


def interest_of_days(balance_cents: int, rate_percent: Decimal, days: int) -> int:
    """Interest in cents of some days over 365, half up."""
    numerator, denominator = rate_percent.as_integer_ratio()
    return quotient_half_up(balance_cents * numerator * days, 36_500 * denominator)


def unrepaid(version: ScheduleVersion, rows: Iterable[Instalment], early: Iterable[Prepayment]) -> int:
    """The principal in cents of the loan that these rows and early repayments leave."""
    repaid = sum(row.principal_cents for row in rows) + sum(prepayment.principal_cents for prepayment in early)
    return version.principal_cents - repaid


def repaid_early(
    version: ScheduleVersion, *, paid_rows: int, on: date, cents: int
) -> tuple[tuple[Instalment, ...], Prepayment]:
    """The rows already paid, and the early repayment that ``cents`` make on ``on``, when no row due is unpaid.

    The principal repaid bears interest for the days since the last due date, rounded down. Instalments paid ahead
    are not due yet: they keep their date and total, and of it what the smaller balance bears is interest.
    """
    due = due_by(version, on)
    percent_days = Fraction(version.rate_percent) * max(0, (on - accrual_start(version, due, on)).days)
    interest = int(cents * percent_days // (36_500 + percent_days))
    early = Prepayment(on, due, cents - interest, interest)
    rows, balance = list(version.rows[:due]), version.balance(due) - early.principal_cents
    for row in version.rows[due:paid_rows]:
        interest = min(row.total_cents, monthly_interest(balance, version.rate_percent))
        balance -= row.total_cents - interest
        principal = row.total_cents - interest
        rows.append(replace(row, principal_cents=principal, interest_cents=interest, balance_cents=balance))
    return tuple(rows), early


def month_shift(day: date, months: int, anchor_day: int) -> date:
    """The date ``months`` later (earlier if negative), on the anchor day or the last of its month.

    Raises ImpossiblePlan on ``due_on`` outside the calendar.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not MINYEAR <= year <= MAXYEAR:
        raise ImpossiblePlan("due_on", None, f"Dates are in the years {MINYEAR} to {MAXYEAR}.")
    return date(year, month + 1, min(anchor_day, monthrange(year, month + 1)[1]))


def _counted_from(on: date, anchor_day: int) -> int:
    """The anchor where the day is on it, 28/02 on 31 too, else its own day of the month."""
    return anchor_day if month_shift(on, 0, anchor_day) == on else on.day


def with_carried(rows: Sequence[Instalment], cents: int) -> tuple[Instalment, ...]:
    """The rows with ``cents`` of interest more on the last."""
    if not rows:
        return ()
    last = rows[-1]
    return (
        *rows[:-1],
        replace(last, interest_cents=last.interest_cents + cents, total_cents=last.total_cents + cents),
    )


def following(
    version: ScheduleVersion,
    rows: Sequence[Instalment],
    *,
    on: date,
    recount_from: date,
    pauses: Iterable[Pause] | None = None,
    prepayments: tuple[Prepayment, ...] | None = None,
) -> ScheduleVersion:
    """The version from ``on`` with these rows, which have no interest of pauses yet; the rest stays unless given.

    The pauses from ``recount_from`` on are counted again on the balance of their day: an earlier payment makes them
    cheaper, a later one dearer. Those after the last row fall. Raises ArithmeticError if principal is lost: a fault
    of this module's callers.
    """
    last_on = rows[-1].due_on if rows else date.min
    candidates = sorted(version.pauses if pauses is None else pauses, key=lambda pause: pause.due_on)
    kept = [pause for pause in candidates if pause.due_on <= last_on]
    early = version.prepayments if prepayments is None else prepayments
    bare = replace(version, rows=tuple(rows), pauses=(), prepayments=early, effective_on=on)
    if bare.principal_cents != version.principal_cents:
        raise ArithmeticError(f"{version.principal_cents} cents lent would become {bare.principal_cents}.")
    counted = tuple(_recounted(bare, pause) if pause.due_on >= recount_from else pause for pause in kept)
    carried = sum(pause.interest_cents for pause in counted)
    return replace(bare, rows=with_carried(rows, carried), pauses=counted)


def _recounted(version: ScheduleVersion, pause: Pause) -> Pause:
    number = sum(1 for row in version.rows if row.due_on < pause.due_on)
    balance = version.balance(number)
    if pause.days is None:
        return replace(pause, interest_cents=monthly_interest(balance, version.rate_percent))
    return replace(pause, interest_cents=interest_of_days(balance, version.rate_percent, pause.days))


def _faults(version: ScheduleVersion) -> dict[str, bool]:
    rows, early, pauses = version.rows, version.prepayments, version.pauses
    starts = [version.principal_cents, *(row.balance_cents for row in rows)]
    return {
        "nothing is repaid": version.principal_cents < 1,
        "the numbers do not follow": [row.number for row in rows] != list(range(1, len(rows) + 1)),
        "the dates do not increase": any(one.due_on >= other.due_on for one, other in pairwise(rows)),
        "a part is negative": any(min(row.principal_cents, row.interest_cents) < 0 for row in rows),
        "a total is not its parts": any(row.total_cents != row.principal_cents + row.interest_cents for row in rows),
        "nothing is due on a date": any(row.total_cents < 1 for row in rows),
        "a balance does not follow": any(
            start - version.prepaid(row.number - 1) - row.principal_cents != row.balance_cents
            for start, row in zip(starts, rows, strict=False)
        ),
        "the balance does not end at 0": starts[-1] != version.prepaid(len(rows)),
        "an early repayment has no place": any(
            not 0 <= part.after_number <= len(rows) or part.principal_cents < 1 or part.interest_cents < 0
            for part in early
        ),
        "a pause is out of order": any(one.due_on > other.due_on for one, other in pairwise(pauses)),
        "the last row lacks the interest of the pauses": bool(rows) and rows[-1].interest_cents < version.carried_cents,
    }

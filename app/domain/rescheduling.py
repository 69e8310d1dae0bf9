"""Rescheduling (*réaménagement*): what is still owed, over a new duration or instalment, from a date."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from app.domain.amortization import ImpossiblePlan, Instalment, RemainderOn, Rounding, schedule
from app.domain.payoff import refuse_before_last_event
from app.domain.schedule_versions import (
    Pause,
    Position,
    Prepayment,
    ScheduleVersion,
    accrual_start,
    due_by,
    following,
    month_shift,
    position,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescheduling:
    """The next version and what it costs beside the one before, in cents; ``balance_cents`` is the principal spread."""

    version: ScheduleVersion
    balance_cents: int
    cost_cents: int

    @property
    def carried_cents(self) -> int:
        """The interest in cents that waits, not capitalised, for the last instalment."""
        return self.version.carried_cents

    @property
    def last_due_on(self) -> date:
        """The new last due date."""
        return self.version.rows[-1].due_on


def reschedule(
    version: ScheduleVersion,
    *,
    on: date,
    paid_cents: int,
    first_due_on: date,
    duration_months: int | None = None,
    instalment_cents: int | None = None,
    rate_percent: Decimal | None = None,
    rounding_unit_cents: int = 1,
    rounding: Rounding = Rounding.HALF_UP,
    remainder_on: RemainderOn = RemainderOn.LAST,
) -> Rescheduling:
    """The version that spreads the principal still owed on ``on`` from ``first_due_on``, whose day is the new anchor.

    Duration, instalment and rounding are as in `amortization.schedule`; a null rate is the one in force. Instalments
    paid whole stay, and of one paid in part what was paid (interest first) stays as a row on its date. The interest
    of unpaid instalments, and that of the time before the month of the first new one, waits for the last instalment:
    the Code civil (art. 1343-2) bars capitalising it. A new rate holds from the last due date on, and from that date
    overdue principal bears interest again: before, lateness costs none.
    Raises ImpossiblePlan: ``on``, ``first_due_on`` (the first possible day), ``paid_cents`` (nothing is left) and the
    fields of `amortization.schedule`.
    """
    refuse_before_last_event(version, on)
    rate = version.rate_percent if rate_percent is None else rate_percent
    done, due = position(version, paid_cents), due_by(version, on)
    since = accrual_start(version, max(done.rows, due), on)
    _refuse_early_start(version, first_due_on, since, on)
    kept, pauses, early = _paid_part(version, done, due, on)
    owed = _left_cents(version, kept, early)
    plan = schedule(
        principal_cents=owed,
        rate_percent=rate,
        first_due_on=first_due_on,
        duration_months=duration_months,
        instalment_cents=instalment_cents,
        rounding_unit_cents=rounding_unit_cents,
        rounding=rounding,
        remainder_on=remainder_on,
    )
    after = following(
        replace(version, rate_percent=rate, anchor_day=first_due_on.day),
        [*kept, *(replace(row, number=row.number + len(kept)) for row in plan)],
        recount_from=date.fromordinal(since.toordinal() + 1),
        pauses=[*pauses, *_time_before(since, first_due_on, version.anchor_day)],
        prepayments=early,
    )
    cost = after.interest_cents - version.interest_cents
    return Rescheduling(version=after, balance_cents=owed, cost_cents=cost)


def _left_cents(version: ScheduleVersion, kept: Iterable[Instalment], early: Iterable[Prepayment]) -> int:
    repaid = sum(row.principal_cents for row in kept) + sum(prepayment.principal_cents for prepayment in early)
    if repaid >= version.principal_cents:
        raise ImpossiblePlan("paid_cents", None, "No principal is left to reschedule.")
    return version.principal_cents - repaid


def _refuse_early_start(version: ScheduleVersion, first_due_on: date, since: date, on: date) -> None:
    """The first new instalment bears a month of interest: it is a month after the last date, and after the event."""
    earliest = max(month_shift(since, 1, version.anchor_day), date.fromordinal(on.toordinal() + 1))
    if first_due_on < earliest:
        raise ImpossiblePlan("first_due_on", earliest, f"The first new date is {earliest} at the soonest.")


def _paid_part(
    version: ScheduleVersion, done: Position, due: int, on: date
) -> tuple[list[Instalment], list[Pause], tuple[Prepayment, ...]]:
    """The rows paid, the interest that waits, the early repayments: what of the version stays."""
    kept = list(version.rows[: done.rows])
    # The last row, once due, holds the interest of every pause.
    pauses = [pause for pause in version.pauses if pause.due_on <= on] if due < len(version.rows) else []
    if not done.part_cents and done.rows >= due:
        return kept, pauses, version.prepayments
    if done.rows >= due:
        return kept, pauses, (*version.prepayments, Prepayment(on, done.rows, done.part_cents, 0))
    part = done.part_cents
    for row in version.rows[done.rows : due]:
        interest = min(part, row.interest_cents)
        if part:
            principal, balance = part - interest, version.balance(done.rows) - part + interest
            kept.append(Instalment(row.number, row.due_on, principal, interest, part, balance))
            part = 0
        pauses.append(Pause(row.due_on, row.interest_cents - interest))
    return kept, pauses, version.prepayments


def _time_before(since: date, first_due_on: date, anchor_day: int) -> Iterator[Pause]:
    """The whole months passed over between two due dates, then the odd days; their interest is counted later."""
    months = 1
    while month_shift(since, months + 1, anchor_day) <= first_due_on:
        yield Pause(month_shift(since, months, anchor_day), 0)
        months += 1
    passed = month_shift(since, months - 1, anchor_day) if months > 1 else since
    start = month_shift(first_due_on, -1, first_due_on.day)
    if start > passed:
        yield Pause(start, 0, (start - passed).days)

"""Rescheduling (*réaménagement*): what is still owed, over a new duration or instalment, from a date."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from app.domain.amortization import (
    DURATION_MONTHS_MAX,
    ImpossiblePlan,
    Instalment,
    RemainderOn,
    Rounding,
    schedule,
)
from app.domain.payoff import refuse_before_last_event
from app.domain.schedule_versions import (
    Anchor,
    Pause,
    Position,
    Prepayment,
    ScheduleVersion,
    due_by,
    following,
    month_shift,
    month_start,
    position,
    repaid_early,
    unrepaid,
)

_DAY = timedelta(days=1)


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
    anchor_day: int | None = None,
    duration_months: int | None = None,
    instalment_cents: int | None = None,
    rate_percent: Decimal | None = None,
    rounding_unit_cents: int = 1,
    rounding: Rounding = Rounding.HALF_UP,
    remainder_on: RemainderOn = RemainderOn.LAST,
) -> Rescheduling:
    """The version that spreads the principal still owed on ``on`` over new instalments from ``first_due_on``.

    Duration, instalment and rounding are as in `amortization.schedule`; a null rate is the one in force; a null
    anchor is the one in force too if the first date falls on it, else the day of that date. Instalments paid whole
    stay, and of one paid in part what was paid (interest first) stays as a row on its date; if it was not due yet, it
    is an early repayment. The interest of unpaid instalments, and that of the time before the month of the first new
    one, waits for the last instalment: the Code civil (art. 1343-2) bars capitalising it. A new rate holds from the
    last due date on, and from that date overdue principal bears interest again: before, lateness costs none.
    Raises ImpossiblePlan: ``on`` (before the last event, or too late), ``first_due_on`` (the first possible day, or
    the last: a pause is of DURATION_MONTHS_MAX at most), ``paid_cents`` (nothing is left), ``due_on`` (past the
    calendar) and the fields of `amortization.schedule`.
    """
    refuse_before_last_event(version, on)
    past = _past(version, position(version, paid_cents), on)
    past.refuse_start(first_due_on)
    rate = version.rate_percent if rate_percent is None else rate_percent
    anchor = _anchor(version, first_due_on) if anchor_day is None else anchor_day
    plan = schedule(
        principal_cents=past.owed_cents,
        rate_percent=rate,
        first_due_on=first_due_on,
        duration_months=duration_months,
        instalment_cents=instalment_cents,
        rounding_unit_cents=rounding_unit_cents,
        rounding=rounding,
        remainder_on=remainder_on,
        anchor_day=anchor,
    )
    after = past.followed_by(plan, rate, anchor)
    cost = after.interest_cents - version.interest_cents
    return Rescheduling(version=after, balance_cents=past.owed_cents, cost_cents=cost)


def _anchor(version: ScheduleVersion, first_due_on: date) -> int:
    is_on_it = month_shift(first_due_on, 0, version.anchor_day) == first_due_on
    return version.anchor_day if is_on_it else first_due_on.day


@dataclass(frozen=True, slots=True)
class _Past:
    """What stays of a version on a day: rows, waiting interest, early repayments. Nothing is due since ``since``."""

    version: ScheduleVersion
    on: date
    since: date
    kept: Sequence[Instalment]
    pauses: Sequence[Pause]
    early: tuple[Prepayment, ...]

    @property
    def owed_cents(self) -> int:
        return unrepaid(self.version, self.kept, self.early)

    @property
    def anchor(self) -> int:
        return self.version.anchor_of(self.since)

    def refuse_start(self, first_due_on: date) -> None:
        """The first new instalment bears a month of interest: it falls a month after the last date, after the event."""
        if self.owed_cents < 1:
            raise ImpossiblePlan("paid_cents", None, "No principal is left to reschedule.")
        latest = month_shift(self.since, DURATION_MONTHS_MAX + 1, self.anchor)
        pause = f"a pause lasts {DURATION_MONTHS_MAX} months at most"
        if self.on >= latest:
            raise ImpossiblePlan("on", latest - _DAY, f"{self.on} is too late: {pause}, until {latest}.")
        earliest = max(month_shift(self.since, 1, self.anchor), self.on + _DAY)
        if first_due_on < earliest:
            raise ImpossiblePlan("first_due_on", earliest, f"The first new date is {earliest} at the soonest.")
        if first_due_on > latest:
            raise ImpossiblePlan("first_due_on", latest, f"The first new date is {latest} at the latest: {pause}.")

    def followed_by(self, plan: Sequence[Instalment], rate: Decimal, anchor: int) -> ScheduleVersion:
        """The next version; the interest of the time before the plan is at its rate."""
        months = self._months_before(plan[0].due_on)
        last, start = months[-1], month_shift(plan[0].due_on, -1, anchor)
        waiting = [Pause(due_on, 0, is_past=due_on <= self.on) for due_on in months[1:]]
        days = (start - max(last, self.version.released_on)).days
        if days > 0:
            waiting.append(Pause(start, 0, days, is_past=start <= self.on))
        anchors = [past for past in self.version.past_anchors if past.until < self.since]
        if self.anchor != anchor:
            anchors.append(Anchor(last, self.anchor))
        return following(
            replace(self.version, rate_percent=rate, anchor_day=anchor, past_anchors=tuple(anchors)),
            [*self.kept, *(replace(row, number=row.number + len(self.kept)) for row in plan)],
            on=self.on,
            recount_from=self.since + _DAY,
            pauses=[*self.pauses, *waiting],
            prepayments=self.early,
        )

    def _months_before(self, first_due_on: date) -> list[date]:
        """The date since which nothing is due, and those of the months after it, up to a month before the first."""
        dates, months = [self.since], 1
        while month_shift(self.since, months + 1, self.anchor) <= first_due_on:
            dates.append(month_shift(self.since, months, self.anchor))
            months += 1
        return dates


def _past(version: ScheduleVersion, done: Position, on: date) -> _Past:
    due = due_by(version, on)
    since = month_start(version, max(done.rows, due), on, (pause for pause in version.pauses if not pause.is_past))
    # The last row, once due, holds the interest of every pause.
    waiting = version.pauses if due < len(version.rows) else ()
    pauses = [pause for pause in waiting if pause.due_on <= (since if pause.is_past else max(on, since))]
    if done.part_cents and done.rows >= due:
        rows, ahead = repaid_early(version, paid_rows=done.rows, on=on, cents=done.part_cents)
        return _Past(version, on, since, rows, pauses, (*version.prepayments, ahead))
    kept, part = [*version.rows[: done.rows]], done.part_cents
    for row in version.rows[done.rows : due]:
        interest = min(part, row.interest_cents)
        if part:
            principal, balance = part - interest, version.balance(done.rows) - part + interest
            kept.append(Instalment(row.number, row.due_on, principal, interest, part, balance))
            part = 0
        pauses.append(Pause(row.due_on, row.interest_cents - interest))
    return _Past(version, on, since, kept, pauses, version.prepayments)

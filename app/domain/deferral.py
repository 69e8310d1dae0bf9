"""Deferral of instalments (*report d'échéance*): a month without its payment, which comes later."""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from app.domain.amortization import (
    DURATION_MONTHS_MAX,
    ImpossiblePlan,
    Instalment,
    chosen,
    monthly_interest,
    refuse_outside,
)
from app.domain.payoff import refuse_before_last_event
from app.domain.schedule_versions import Pause, ScheduleVersion, following, month_shift, position


class DeferralMode(StrEnum):
    """What is due in the month of the pause: nothing, or its interest."""

    SHIFT = "shift"
    INTEREST_ONLY = "interest_only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferral:
    """What a deferral does: the next version, its cost in cents, the due dates passed over, the new last due date."""

    version: ScheduleVersion
    cost_cents: int
    paused_on: tuple[date, ...]
    last_due_on: date


def defer(
    version: ScheduleVersion,
    *,
    on: date,
    number: int,
    paid_cents: int,
    months: int = 1,
    mode: DeferralMode = DeferralMode.SHIFT,
) -> Deferral:
    """The version from ``on``, the day of the deferral, in which instalment ``number`` is put off for ``months``.

    At 0 % each deferred instalment moves after the last one with its amount, and the others keep their date; numbers
    follow the dates. With interest every instalment from that one on falls a month later with its number and amount.
    The interest of the pause, a month on the balance, half up, is not capitalised: with SHIFT it waits for the last
    instalment; with INTEREST_ONLY it is due on the date of the pause, in a row of its own that takes the number.
    ``paid_cents`` is all that was paid: an instalment wholly paid is not deferred. How many and how often is for the
    caller's rules to say. Project reference, § 2.4. Raises ImpossiblePlan: ``on`` (before the last event),
    ``number``, ``months``, ``mode``, ``paid_cents`` (nothing is left), ``due_on`` (past the calendar).
    """
    mode = chosen(DeferralMode, mode, "mode")
    refuse_outside("months", months, 1, DURATION_MONTHS_MAX)
    refuse_before_last_event(version, on)
    paid_rows = position(version, paid_cents).rows
    if paid_rows == len(version.rows):
        raise ImpossiblePlan("paid_cents", None, "No instalment is left to defer.")
    refuse_outside("number", number, paid_rows + 1, len(version.rows))
    after, paused = version, []
    for _ in range(months):
        paused.append(after.rows[number - 1].due_on)
        if not version.rate_percent:
            after = _moved_to_the_end(after, number, on)
        else:
            longer = _shifted(after, number, mode, on)
            # A month of interest alone is a row: the next one deferred is the one behind it.
            number += len(longer.rows) - len(after.rows)
            after = longer
    return Deferral(
        version=after,
        cost_cents=after.interest_cents - version.interest_cents,
        paused_on=tuple(paused),
        last_due_on=after.rows[-1].due_on,
    )


def _moved_to_the_end(version: ScheduleVersion, number: int, on: date) -> ScheduleVersion:
    rows, dates = version.rows, [row.due_on for row in version.rows]
    order = [*rows[number:], rows[number - 1]]
    free = [*dates[number:], month_shift(dates[-1], 1, version.anchor_day)]
    balance, moved = version.balance(number - 1), []
    for place, (row, due_on) in enumerate(zip(order, free, strict=True), start=number):
        balance -= row.principal_cents
        moved.append(replace(row, number=place, due_on=due_on, balance_cents=balance))
    after, pauses = [*rows[: number - 1], *moved], [*version.pauses, Pause(dates[number - 1], 0)]
    return following(version, after, on=on, recount_from=date.max, pauses=pauses)


def _shifted(version: ScheduleVersion, number: int, mode: DeferralMode, on: date) -> ScheduleVersion:
    rows, dates = version.plain_rows(), [row.due_on for row in version.rows]
    balance, paused_on = version.balance(number - 1), dates[number - 1]
    interest = monthly_interest(balance, version.rate_percent)
    alone = [Instalment(number, paused_on, 0, interest, interest, balance)] if interest else []
    alone = alone if mode is DeferralMode.INTEREST_ONLY else []
    later = [*dates[number:], month_shift(dates[-1], 1, version.anchor_day)]
    moved = [
        replace(row, number=row.number + len(alone), due_on=due_on)
        for row, due_on in zip(rows[number - 1 :], later, strict=True)
    ]
    pauses = [*version.pauses, *([] if alone else [Pause(paused_on, interest)])]
    after = [*rows[: number - 1], *alone, *moved]
    return following(version, after, on=on, recount_from=paused_on, pauses=pauses)

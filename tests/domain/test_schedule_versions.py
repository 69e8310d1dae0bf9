"""Versions of a schedule: the dates and balances they answer with, and what the next version keeps."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from app.domain.amortization import ImpossiblePlan, schedule
from app.domain.early_repayment import Choice, repay_early
from app.domain.rescheduling import reschedule
from app.domain.schedule_versions import (
    Pause,
    Position,
    ScheduleVersion,
    following,
    in_force,
    interest_of_days,
    month_shift,
    position,
)
from tests.domain.loan_histories import contract, paid

AMIENS = contract("amiens")


def reduced(version: ScheduleVersion, count: int, amount_cents: int) -> ScheduleVersion:
    """The version after an early repayment on the date of that row."""
    on = version.rows[count - 1].due_on
    return repay_early(
        version, on=on, amount_cents=amount_cents, choice=Choice.REDUCE, paid_cents=paid(version, count)
    ).version


@pytest.mark.parametrize(
    ("day", "months", "anchor_day", "shifted"),
    [
        (date(2026, 1, 31), 1, 31, date(2026, 2, 28)),
        (date(2026, 2, 28), 1, 31, date(2026, 3, 31)),
        (date(2026, 1, 5), -1, 5, date(2025, 12, 5)),
        (date(1, 2, 5), -1, 5, date(1, 1, 5)),
        (date(9999, 11, 5), 1, 5, date(9999, 12, 5)),
    ],
)
def test_a_month_later_is_on_the_anchor_or_the_last_of_the_month(
    day: date, months: int, anchor_day: int, shifted: date
) -> None:
    assert month_shift(day, months, anchor_day) == shifted


@pytest.mark.parametrize(("day", "months"), [(date(1, 1, 5), -1), (date(9999, 12, 5), 1)])
def test_a_month_outside_the_calendar_is_refused(day: date, months: int) -> None:
    with pytest.raises(ImpossiblePlan) as caught:
        month_shift(day, months, 5)
    assert (caught.value.field, caught.value.bound) == ("due_on", None)


@pytest.mark.parametrize(
    ("balance_cents", "days", "cents"),
    [
        (3_650, 10, 1),  # half a cent
        (3_649, 10, 0),
        (7_299_999, 365, 36_500),  # 36 499.995
        (7_300_099, 365, 36_500),  # 36 500.495: over 364.99 days it would be a cent more
    ],
)
def test_interest_of_days_is_over_365_to_the_cent_half_up(balance_cents: int, days: int, cents: int) -> None:
    assert interest_of_days(balance_cents, Decimal("0.5"), days) == cents


def test_no_payment_is_below_what_the_last_early_repayment_took() -> None:
    assert position(AMIENS, 0) == Position(0, 0)
    twice = reduced(reduced(AMIENS, 6, 20_000), 12, 20_000)
    assert [early.after_number for early in twice.prepayments] == [6, 12]
    assert position(twice, paid(twice, 12) + 5) == Position(12, 5)
    with pytest.raises(ImpossiblePlan) as caught:
        position(twice, paid(twice, 12) - 1)
    assert (caught.value.field, caught.value.bound) == ("paid_cents", paid(twice, 12))


def test_a_loan_settled_before_its_first_date_has_nothing_to_reschedule() -> None:
    on = AMIENS.released_on
    settled = repay_early(AMIENS, on=on, amount_cents=200_000, choice=Choice.SETTLE, paid_cents=0).version
    assert settled.rows == ()
    with pytest.raises(ImpossiblePlan) as caught:
        reschedule(settled, on=on, paid_cents=200_000, first_due_on=date(2026, 3, 5), duration_months=12)
    assert (caught.value.field, caught.value.bound) == ("paid_cents", None)


def test_a_pause_stays_up_to_the_last_date_and_falls_after_it() -> None:
    last = AMIENS.rows[-1].due_on
    pauses = [Pause(last.replace(day=6), 7), Pause(last, 46)]
    after = following(AMIENS, AMIENS.rows, on=AMIENS.released_on, recount_from=date.max, pauses=pauses)
    assert after.pauses == (Pause(last, 46),)
    assert after.rows[-1].interest_cents == AMIENS.rows[-1].interest_cents + 46
    assert after.plain_rows() == AMIENS.rows


def test_a_pause_on_the_date_of_a_row_bears_the_month_before_it() -> None:
    on = AMIENS.rows[11].due_on
    pauses = [Pause(on, 0), Pause(date(2027, 1, 15), 0, 10)]
    after = following(AMIENS, AMIENS.rows, on=on, recount_from=on, pauses=pauses)
    # A month on the 1 113.99 owed before the twelfth instalment, then ten days on the 1 030.93 after it.
    assert [pause.interest_cents for pause in after.pauses] == [576, 175]


def test_two_pauses_may_share_a_day() -> None:
    on = AMIENS.rows[11].due_on
    assert replace(AMIENS, pauses=(Pause(on, 0), Pause(on, 0))).carried_cents == 0


def test_rows_that_repay_another_amount_are_no_next_version() -> None:
    other = schedule(
        principal_cents=199_999, rate_percent=Decimal("6.20"), first_due_on=date(2026, 2, 5), duration_months=24
    )
    with pytest.raises(ArithmeticError, match="200000 cents lent would become 199999"):
        following(AMIENS, other, on=AMIENS.released_on, recount_from=date.max)


def test_without_rows_there_is_no_first_version() -> None:
    with pytest.raises(ImpossiblePlan) as caught:
        in_force([], rate_percent=Decimal(0), released_on=date(2026, 1, 5))
    assert (caught.value.field, caught.value.bound) == ("rows", None)

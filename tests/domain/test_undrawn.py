"""A loan of which a part is never paid out."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.amortization import ImpossiblePlan, schedule
from app.domain.schedule_versions import ScheduleVersion, in_force
from app.domain.undrawn import over_paid_out
from app.domain.withdrawals import owed_back
from tests.domain.loan_histories import any_rate, refused

PAID_OUT_ON = date(2011, 1, 30)


def lent(principal_cents: int, rate: str = "0", **terms: Any) -> ScheduleVersion:
    """A loan first due on 5 February 2011."""
    terms = {"first_due_on": date(2011, 2, 5), "rate_percent": Decimal(rate), **terms}
    rows = schedule(principal_cents=principal_cents, **terms)
    return in_force(rows, rate_percent=Decimal(rate), released_on=PAID_OUT_ON)


def totals(version: ScheduleVersion) -> list[tuple[str, int]]:
    """The dates and totals of the rows."""
    return [(row.due_on.isoformat(), row.total_cents) for row in version.rows]


def test_before_anything_is_due_the_rows_are_over_what_was_paid_out() -> None:
    version = lent(120_000, duration_months=12)
    after = over_paid_out(version, on=date(2011, 2, 1), drawn_cents=25_000, paid_cents=0, instalment_cents=10_000)
    assert totals(after) == [("2011-02-05", 10_000), ("2011-03-05", 10_000), ("2011-04-05", 5_000)]
    assert (after.principal_cents, after.effective_on) == (25_000, date(2011, 2, 1))


def test_what_was_due_stays_and_the_rest_is_spread_on_the_same_dates() -> None:
    version = lent(120_000, duration_months=12)
    after = over_paid_out(version, on=date(2011, 3, 5), drawn_cents=80_000, paid_cents=20_000, duration_months=10)
    assert totals(after)[:3] == [("2011-02-05", 10_000), ("2011-03-05", 10_000), ("2011-04-05", 6_000)]
    assert [row.number for row in after.rows] == list(range(1, 13))
    assert after.rows[-1].due_on == date(2012, 1, 5)


def test_instalments_paid_ahead_stay_too() -> None:
    version = lent(120_000, duration_months=12)
    after = over_paid_out(version, on=date(2011, 2, 1), drawn_cents=60_000, paid_cents=30_000, duration_months=3)
    assert totals(after)[2:] == [
        ("2011-04-05", 10_000), ("2011-05-05", 10_000), ("2011-06-05", 10_000), ("2011-07-05", 10_000),
    ]  # fmt: skip


def test_where_more_was_due_than_paid_out_the_rows_end_with_what_was() -> None:
    version = lent(120_000, duration_months=12)
    after = over_paid_out(version, on=date(2011, 5, 5), drawn_cents=25_000, paid_cents=0, duration_months=1)
    assert totals(after) == [("2011-02-05", 10_000), ("2011-03-05", 10_000), ("2011-04-05", 5_000)]


def test_interest_runs_on_what_is_left_alone() -> None:
    version = lent(200_000, "6.20", duration_months=24)
    after = over_paid_out(version, on=date(2011, 2, 1), drawn_cents=100_000, paid_cents=0, duration_months=12)
    assert after.rows[0].interest_cents == 517
    assert after.principal_cents == 100_000


def test_before_the_last_event_there_is_nothing_to_change() -> None:
    with pytest.raises(ImpossiblePlan):
        over_paid_out(lent(100_000, duration_months=10), on=date(2011, 1, 1), drawn_cents=1, paid_cents=0)


@given(
    rate=any_rate, drawn=st.integers(1, 119_999), on=st.dates(PAID_OUT_ON, date(2012, 6, 1)), months=st.integers(1, 24)
)
def test_whatever_was_paid_out_is_what_the_rows_repay(rate: Decimal, drawn: int, on: date, months: int) -> None:
    version = lent(120_000, str(rate), duration_months=12)
    try:
        after = over_paid_out(version, on=on, drawn_cents=drawn, paid_cents=0, duration_months=months)
    except ImpossiblePlan as fault:
        refused(fault)
        return
    assert after.principal_cents == drawn
    due = [row for row in version.rows if row.due_on <= on]
    assert [row.due_on for row in after.rows[: len(due)]] == [row.due_on for row in due][: len(after.rows)]


def test_a_borrower_who_withdrew_owes_the_parts_back_in_one_row() -> None:
    parts = [(date(2011, 5, 9), 60_000), (date(2011, 5, 12), 40_000)]
    version = owed_back(parts, rate_percent=Decimal(0), on=date(2011, 5, 14), due_on=date(2011, 6, 13))
    assert totals(version) == [("2011-06-13", 100_000)]


def test_each_part_bears_interest_from_its_day_to_that_of_the_withdrawal() -> None:
    parts = [(date(2011, 5, 4), 73_000), (date(2011, 5, 9), 73_000)]
    version = owed_back(parts, rate_percent=Decimal(5), on=date(2011, 5, 14), due_on=date(2011, 6, 13))
    # 730 € at 5 % bear 0.10 € a day.
    assert totals(version) == [("2011-06-13", 146_000 + 100 + 50)]
    assert version.effective_on == date(2011, 5, 14)

"""Up to which day the statements of a lender let an instalment be called unpaid."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.amortization import Instalment
from app.domain.statements import overdue_known_on
from tests.domain.test_loan_lifecycle import overdue_cents

DUE = date(2018, 5, 5)
ROWS = (Instalment(1, DUE, 1_000, 0, 1_000, 1_000), Instalment(2, date(2018, 6, 5), 1_000, 0, 1_000, 0))
days = st.dates(date(2018, 1, 1), date(2018, 12, 31))


@pytest.mark.parametrize(
    ("as_of", "position_on", "known_on"),
    [
        (DUE, None, None),
        (date(2018, 4, 1), DUE, date(2018, 4, 1)),
        (DUE, DUE, DUE),
        (date(2018, 5, 6), DUE, date(2018, 5, 6)),
        (date(2018, 5, 7), DUE, date(2018, 5, 6)),
        (date(2019, 1, 1), DUE, date(2018, 5, 6)),
    ],
)
def test_lateness_is_known_no_later_than_the_morning_after_the_position(
    as_of: date, position_on: date | None, known_on: date | None
) -> None:
    assert overdue_known_on(as_of, position_on) == known_on


@given(days, days)
def test_what_is_due_by_the_position_is_late_from_the_next_day_and_nothing_later_is(
    as_of: date, position_on: date
) -> None:
    known_on = overdue_known_on(as_of, position_on)
    assert known_on is not None
    told = [row for row in ROWS if row.due_on <= position_on and row.due_on < as_of]
    assert overdue_cents(ROWS, 0, known_on) == sum(row.total_cents for row in told)
    assert known_on <= min(as_of, position_on + timedelta(days=1))

"""The versions that a lender's rows make of its schedule, and what the books take of its losses."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.amortization import Instalment, schedule
from app.domain.lender_reports import (
    Laid,
    ReportKind,
    accelerated,
    called_due_since,
    is_overtaken,
    laid,
    lost_in_books,
)
from app.domain.schedule_versions import Prepayment

ROWS = schedule(principal_cents=30_000, rate_percent=Decimal("6.20"), first_due_on=date(2018, 5, 5), duration_months=6)
CONTRACT = Laid(tuple(ROWS), ((),) * 6)
JUNE = date(2018, 6, 15)


def told(*principals: int) -> list[tuple[Instalment, tuple[()]]]:
    """Rows from July on, without interest."""
    return [
        (Instalment(number, date(2018, 6 + number, 5), cents, 0, cents, 0), ())
        for number, cents in enumerate(principals, start=1)
    ]


@pytest.mark.parametrize(
    ("decided", "effective", "is_late"),
    [(9, 20, True), (10, 20, False), (11, 20, False), (9, 10, False), (9, 9, False), (5, 11, True)],
)
def test_rows_are_overtaken_where_the_whole_was_called_due_after_they_were_decided_and_before_they_held(
    *, decided: int, effective: int, is_late: bool
) -> None:
    days = (date(2018, 6, decided), date(2018, 6, effective))
    assert is_overtaken(*days, [date(2018, 6, 30), date(2018, 6, 10)]) is is_late
    assert not is_overtaken(*days, [])


def test_the_whole_is_due_since_the_first_acceleration_that_no_rows_ended() -> None:
    first, second, third = (date(2018, month, 1) for month in (6, 7, 8))
    acceleration, rows = ReportKind.ACCELERATION, ReportKind.SCHEDULE
    assert called_due_since([]) is None
    assert called_due_since([(first, acceleration), (second, acceleration)]) == first
    assert called_due_since([(first, acceleration), (second, rows)]) is None
    assert called_due_since([(first, acceleration), (second, rows), (third, acceleration)]) == third


def test_rows_that_repay_what_is_owed_follow_those_that_fell_due() -> None:
    found = laid(CONTRACT, told(10_000, 10_102), on=JUNE, lent_cents=30_000)
    assert [(row.number, row.principal_cents, row.balance_cents) for row in found.rows] == [
        (1, 4_936, 25_064), (2, 4_962, 20_102), (3, 10_000, 10_102), (4, 10_102, 0),
    ]  # fmt: skip
    assert found.prepayments == ()


def test_what_the_new_rows_repay_again_leaves_the_latest_rows_of_before() -> None:
    found = laid(CONTRACT, told(10_000, 12_564), on=JUNE, lent_cents=30_000)
    # 2 500 c of the second instalment were repaid, with its interest.
    assert [(row.principal_cents, row.interest_cents) for row in found.rows[:2]] == [(4_936, 155), (2_500, 129)]
    assert len(laid(CONTRACT, told(30_000), on=JUNE, lent_cents=30_000).rows) == 1


def test_what_no_row_repays_was_repaid_early() -> None:
    found = laid(CONTRACT, told(5_000), on=JUNE, lent_cents=30_000)
    assert found.prepayments == (Prepayment(JUNE, 2, 15_102, 0),)
    assert [row.balance_cents for row in found.rows] == [25_064, 20_102, 0]


def test_what_is_called_due_is_one_row_without_the_interest_to_come() -> None:
    found = accelerated(CONTRACT, on=JUNE)
    assert [(row.due_on, row.principal_cents, row.interest_cents, row.balance_cents) for row in found.rows][2:] == [
        (JUNE, 20_102, 0, 0),
    ]  # fmt: skip
    assert accelerated(CONTRACT, on=date(2018, 10, 5)) == CONTRACT
    assert accelerated(found, on=JUNE) == found


@given(
    st.lists(st.integers(1, 20_000), min_size=1, max_size=6),
    st.dates(date(2018, 4, 1), date(2018, 12, 1)),
)
def test_rows_and_early_repayments_are_always_what_was_lent_or_what_the_lender_asks(
    principals: list[int], on: date
) -> None:
    found = laid(CONTRACT, told(*principals), on=on, lent_cents=30_000)
    early = sum(one.principal_cents for one in found.prepayments)
    assert early + sum(row.principal_cents for row in found.rows) == max(30_000, sum(principals))
    assert [row.number for row in found.rows] == list(range(1, len(found.rows) + 1))
    assert all(row.balance_cents >= 0 and row.total_cents > 0 for row in found.rows)
    assert found.rows[-1].balance_cents == 0


@given(st.lists(st.integers(1, 20_000), max_size=5), st.integers(0, 40_000))
def test_the_books_never_lose_more_than_was_lent(losses: list[int], lent_cents: int) -> None:
    taken = lost_in_books(losses, lent_cents=lent_cents)
    assert sum(taken) == min(sum(losses), lent_cents)
    assert all(0 <= cents <= told for told, cents in zip(losses, taken, strict=True))

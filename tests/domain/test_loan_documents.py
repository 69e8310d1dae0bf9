"""What the papers of a loan tell beside the loan: instalments in runs, and what is left of the late ones."""

from datetime import date
from decimal import Decimal

import pytest

from app.domain.amortization import Instalment, schedule
from app.domain.loan_documents import InstalmentRun, runs
from tests.domain.test_loan_lifecycle import state_of


def row(number: int, cents: int) -> Instalment:
    return Instalment(number, date(2011, number, 5), cents, 0, cents, 0)


@pytest.mark.parametrize(
    ("amounts", "told"),
    [
        ([4_500, 8_500, 8_500], [(1, 4_500), (2, 8_500)]),
        ([8_500, 8_500, 4_500], [(2, 8_500), (1, 4_500)]),
        ([8_500, 4_500, 8_500], [(1, 8_500), (1, 4_500), (1, 8_500)]),
        ([], []),
    ],
)
def test_instalments_of_one_amount_that_follow_one_another_are_told_together(
    amounts: list[int], told: list[tuple[int, int]]
) -> None:
    rows = [row(number, cents) for number, cents in enumerate(amounts, start=1)]
    assert runs(rows) == [InstalmentRun(*run) for run in told]


@pytest.mark.parametrize("day", [date(2011, 1, 5), date(2011, 3, 6), date(2030, 1, 1)])
@pytest.mark.parametrize("repaid_cents", [0, 1, 8_499, 8_500, 20_000, 300_000])
def test_what_is_left_of_the_late_instalments_is_what_is_overdue(day: date, repaid_cents: int) -> None:
    rows = schedule(principal_cents=200_000, rate_percent=Decimal(0), first_due_on=date(2011, 1, 5), duration_months=24)
    state = state_of(rows, repaid_cents)
    found = state.unpaid(day)
    assert sum(row.left_cents for row in found) == state.overdue_cents(day)
    assert all(0 < row.left_cents <= row.total_cents and row.due_on < day for row in found)
    assert [row.number for row in found] == sorted(row.number for row in found)

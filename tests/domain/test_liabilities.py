"""Who owes a loan once a borrower has died."""

from datetime import date

import pytest

from app.domain.liabilities import Liable, liable

DAY, LATER = date(2011, 5, 1), date(2011, 5, 2)
BORROWER, CO_BORROWER, ESTATE = Liable


@pytest.mark.parametrize(
    ("deceased_on", "owing"),
    [
        ([None], [BORROWER]),
        ([LATER], [BORROWER]),
        ([DAY], [ESTATE]),
        ([None, None], [BORROWER, CO_BORROWER]),
        ([DAY, None], [CO_BORROWER, ESTATE]),
        ([None, DAY], [BORROWER, ESTATE]),
        ([DAY, DAY], [ESTATE]),
    ],
)
def test_the_debt_stays_on_who_lives_and_on_the_estate(deceased_on: list[date | None], owing: list[Liable]) -> None:
    assert liable(deceased_on, on=DAY) == owing

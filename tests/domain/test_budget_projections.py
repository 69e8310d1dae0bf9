"""The month of a household over the term of a loan: figures worked out by hand."""

from datetime import date
from decimal import Decimal

import pytest

from app.domain.amortization import schedule
from app.domain.budget_projections import Debt, Period, lowest, project
from app.domain.financing import BudgetSide, Month, debt_ratio_percent, month
from app.domain.means import left_to_live_per_unit
from app.domain.products import HouseholdScale, LeftToLive, PerUnit

ROWS = schedule(principal_cents=60_000, rate_percent=Decimal(0), first_due_on=date(2018, 2, 5), duration_months=6)
HOUSEHOLD = Month(resources_cents=100_000, left_to_live_cents=30_000, debt_instalments_cents=20_000)
CAR, PHONE = Debt(15_000, date(2018, 3, 10)), Debt(5_000, None)
FEBRUARY = Period(
    from_on=date(2018, 2, 1),
    to_on=date(2018, 3, 31),
    months=2,
    instalment_cents=10_000,
    debt_instalments_cents=20_000,
    left_to_live_before_cents=30_000,
    left_to_live_after_cents=20_000,
    debt_ratio_before_percent=Decimal("20.00"),
    debt_ratio_after_percent=Decimal("30.00"),
)
APRIL = Period(
    from_on=date(2018, 4, 1),
    to_on=date(2018, 7, 31),
    months=4,
    instalment_cents=10_000,
    debt_instalments_cents=5_000,
    left_to_live_before_cents=45_000,
    left_to_live_after_cents=35_000,
    debt_ratio_before_percent=Decimal("5.00"),
    debt_ratio_after_percent=Decimal("15.00"),
)


def test_a_debt_is_paid_until_the_month_in_which_it_ends() -> None:
    assert project(HOUSEHOLD, [CAR, PHONE], ROWS) == [FEBRUARY, APRIL]


def test_without_an_end_nothing_changes_over_the_whole_term() -> None:
    (period,) = project(HOUSEHOLD, [Debt(15_000, None), PHONE], ROWS)
    assert (period.from_on, period.to_on, period.months) == (date(2018, 2, 1), date(2018, 7, 31), 6)


@pytest.mark.parametrize(("ends_on", "paid_in_february"), [("2018-01-31", 5_000), ("2018-02-01", 20_000)])
def test_a_debt_that_ended_the_month_before_is_paid_no_more(ends_on: str, paid_in_february: int) -> None:
    debts = [Debt(15_000, date.fromisoformat(ends_on)), PHONE]
    assert project(HOUSEHOLD, debts, ROWS)[0].debt_instalments_cents == paid_in_february


def test_the_odd_instalment_is_a_period_of_its_own() -> None:
    rows = schedule(
        principal_cents=60_000,
        rate_percent=Decimal(0),
        first_due_on=date(2018, 2, 5),
        instalment_cents=25_000,
    )
    periods = project(HOUSEHOLD, [], rows)
    assert [(period.months, period.instalment_cents, period.left_to_live_after_cents) for period in periods] == [
        (2, 25_000, 5_000),
        (1, 10_000, 20_000),
    ]


def test_the_lowest_month_is_the_first_that_leaves_the_least() -> None:
    assert lowest([FEBRUARY, APRIL]) is FEBRUARY
    assert lowest([APRIL, FEBRUARY]) is FEBRUARY


@pytest.mark.parametrize(
    ("debts", "resources", "ratio"),
    [(0, 100, "0.00"), (1, 3, "33.33"), (2, 3, "66.67"), (1, 20_000, "0.01"), (1, 20_001, "0.00"), (3, 2, "150.00")],
)
def test_a_debt_ratio_is_told_to_the_hundredth_half_up(debts: int, resources: int, ratio: str) -> None:
    assert str(debt_ratio_percent(debts, resources)) == ratio


def test_there_is_no_ratio_where_nothing_comes_in() -> None:
    assert debt_ratio_percent(5_000, 0) is None


def test_what_is_left_to_live_on_is_before_food_and_the_housing_aid_comes_off_the_rent() -> None:
    lines = [
        (BudgetSide.RESOURCE, "wage", 120_000),
        (BudgetSide.RESOURCE, "housing_aid", 20_000),
        (BudgetSide.CHARGE, "rent", 55_000),
        (BudgetSide.CHARGE, "energy", 8_000),
        (BudgetSide.CHARGE, "debt_instalments", 12_000),
    ]
    assert month(lines) == Month(resources_cents=120_000, left_to_live_cents=65_000, debt_instalments_cents=12_000)


@pytest.mark.parametrize(
    ("per", "cents"), [(PerUnit.HOUSEHOLD, 50_000), (PerUnit.PERSON, 12_500), (PerUnit.UNIT, 23_810)]
)
def test_what_is_left_is_counted_as_the_rules_count_it(per: PerUnit, cents: int) -> None:
    """Two adults and two children: four people, or 1 + 0.5 + 2 × 0.3 = 2.1 units; 500 € / 2.1 = 238.095 €."""
    scale = HouseholdScale(other_adult=Decimal("0.5"), minor_child=Decimal("0.3"))
    rule = LeftToLive(cents_min=0, per=per, scale=scale)
    assert left_to_live_per_unit(rule, 50_000, adults=2, minor_children=2) == cents

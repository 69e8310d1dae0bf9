"""Days that banks and offices keep: sourced vectors, the shape of the rules, and a package as the oracle."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.amortization import ImpossiblePlan
from app.domain.business_days import (
    days_after,
    easter_sunday,
    is_target_day,
    is_working_day,
    next_target_day,
    next_working_day,
    public_holidays,
    target_closing_days,
    target_day_before,
)
from app.parameters.yaml_file import load_yaml

CASES = load_yaml(Path(__file__).parents[1] / "cases" / "business_days.yaml")
SOURCED = [content for content in CASES.values() if isinstance(content, dict)]
DAY = timedelta(days=1)
SINCE = 2002  # TARGET keeps these days since then

days = st.dates(date(SINCE, 1, 1), date(2200, 12, 31))


def name_of(case: dict[str, Any]) -> str:
    name: str = case["name"]
    return name


# Sourced cases.


def test_every_case_has_a_source() -> None:
    assert len(SOURCED) == len(CASES)
    assert all(content["source"] for content in SOURCED)


@pytest.mark.parametrize("year", CASES["easter"]["years"], ids=lambda year: str(year["easter"].year))
def test_the_days_that_follow_easter(year: dict[str, date]) -> None:
    assert easter_sunday(year["easter"].year) == year["easter"]
    assert {year["easter_monday"], year["ascension"], year["whit_monday"]} <= public_holidays(year["easter"].year)


@pytest.mark.parametrize("sunday", CASES["extremes"]["sundays"], ids=str)
def test_easter_in_the_years_where_simpler_formulas_fail(sunday: date) -> None:
    assert easter_sunday(sunday.year) == sunday


def easter_of_knuth(year: int) -> date:
    """The same feast by another algorithm: D. E. Knuth, The Art of Computer Programming, 1.3.2, exercise 14."""
    golden, century = year % 19 + 1, year // 100 + 1
    skipped, moon = 3 * century // 4 - 12, (8 * century + 5) // 25 - 5
    sunday = 5 * year // 4 - skipped - 10
    epact = (11 * golden + 20 + moon - skipped) % 30
    if epact == 24 or (epact == 25 and golden > 11):
        epact += 1
    full_moon = 44 - epact + (30 if epact > 23 else 0)
    return date(year, 3, 1) + (full_moon + 6 - (sunday + full_moon) % 7) * DAY


def test_two_algorithms_agree_on_easter_in_every_year_of_the_calendar() -> None:
    assert [year for year in range(1, 10_000) if easter_sunday(year) != easter_of_knuth(year)] == []


@pytest.mark.parametrize("case", CASES["vectors"]["days"], ids=name_of)
def test_where_a_day_moves(case: dict[str, Any]) -> None:
    assert next_target_day(case["day"]) == case["target"]
    assert next_working_day(case["day"]) == case["working"]


def test_a_direct_debit_arrives_one_target_day_before() -> None:
    case = CASES["presentation"]
    assert target_day_before(case["due_on"]) == case["before"]


@pytest.mark.parametrize("case", CASES["alsace_moselle"]["days"], ids=name_of)
def test_alsace_and_moselle_keep_two_days_more(case: dict[str, Any]) -> None:
    assert next_working_day(case["day"]) == case["elsewhere"]
    assert next_working_day(case["day"], alsace_moselle=True) == case["there"]


# The shape of the rules.


def test_there_are_eleven_holidays_thirteen_in_alsace_and_six_closing_days() -> None:
    assert len(public_holidays(2026)) == 11
    assert public_holidays(2026, alsace_moselle=True) - public_holidays(2026) == {date(2026, 4, 3), date(2026, 12, 26)}
    assert len(target_closing_days(2026)) == 6


def test_good_friday_is_a_working_day_unless_alsace_or_moselle_is_meant() -> None:
    good_friday = date(2026, 4, 3)
    assert is_working_day(good_friday)
    assert not is_working_day(good_friday, alsace_moselle=True)


def test_target_is_open_on_the_holidays_of_france_alone() -> None:
    alone = [date(2026, 5, 8), date(2026, 5, 14), date(2026, 5, 25), date(2026, 7, 14), date(2026, 11, 11)]
    assert [is_target_day(day) for day in alone] == [True] * 5
    assert [is_working_day(day) for day in alone] == [False] * 5


def test_the_end_of_the_week_is_saturday_and_sunday() -> None:
    week = [date(2026, 6, 1) + n * DAY for n in range(7)]
    assert [is_working_day(day) for day in week] == [True] * 5 + [False] * 2
    assert [is_target_day(day) for day in week] == [True] * 5 + [False] * 2


@given(days)
def test_the_next_day_is_the_first_that_is_open(day: date) -> None:
    for found, is_open in (
        (next_target_day(day), is_target_day),
        (next_working_day(day), is_working_day),
    ):
        assert is_open(found)
        assert found >= day
        assert not any(is_open(day + n * DAY) for n in range((found - day).days))


@given(days)
def test_the_day_before_is_the_last_that_is_open_and_never_the_day_itself(day: date) -> None:
    found = target_day_before(day)
    assert is_target_day(found)
    assert found < day
    assert not any(is_target_day(found + n * DAY) for n in range(1, (day - found).days))


@given(st.integers(1583, 9999))
def test_easter_is_a_sunday_between_22_march_and_25_april(year: int) -> None:
    easter = easter_sunday(year)
    assert easter.weekday() == 6
    assert date(year, 3, 22) <= easter <= date(year, 4, 25)


def test_days_outside_the_calendar_are_refused_by_name() -> None:
    with pytest.raises(ImpossiblePlan) as late:
        days_after(date.max, 1, field="accepted_on")
    assert (late.value.field, late.value.bound) == ("accepted_on", None)
    with pytest.raises(ImpossiblePlan) as early:
        target_day_before(date.min)
    assert (early.value.field, early.value.bound) == ("day", None)
    assert days_after(date.max, 0) == date.max


@pytest.mark.parametrize(("year", "bound"), [(0, 1), (-1, 1), (10_000, 9_999), (2026.5, None)])
@pytest.mark.parametrize("of_year", [easter_sunday, public_holidays, target_closing_days])
def test_years_outside_the_calendar_are_refused_by_name(of_year: Any, year: Any, bound: int | None) -> None:
    with pytest.raises(ImpossiblePlan) as caught:
        of_year(year)
    assert (caught.value.field, caught.value.bound) == ("year", bound)


# The oracle: the package `holidays`, over a century.


def day_of_solidarity(year: int) -> set[date]:
    """Whit Monday from 2005 to 2007: the package leaves it out as a day worked, the Code du travail kept it listed."""
    return {easter_sunday(year) + 50 * DAY} if year in (2005, 2006, 2007) else set()


@pytest.mark.parametrize("year", range(SINCE, 2101))
def test_the_package_holidays_agrees_on_france(year: int) -> None:
    import holidays

    listed = set(holidays.country_holidays("FR", years=year))
    assert public_holidays(year) == listed | day_of_solidarity(year)


@pytest.mark.parametrize("year", range(SINCE, 2101))
@pytest.mark.parametrize("part", ["57", "6AE"])
def test_the_package_holidays_agrees_on_alsace_and_moselle(part: str, year: int) -> None:
    import holidays

    listed = set(holidays.country_holidays("FR", subdiv=part, years=year))
    assert public_holidays(year, alsace_moselle=True) == listed | day_of_solidarity(year)


@pytest.mark.parametrize("year", range(SINCE, 2101))
def test_the_package_holidays_agrees_on_target(year: int) -> None:
    import holidays

    assert target_closing_days(year) == set(holidays.financial_holidays("XECB", years=year))

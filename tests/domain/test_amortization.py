"""Schedules: sourced cases, refusals, and what holds over the whole range."""

from dataclasses import replace
from datetime import date
from decimal import ROUND_DOWN, Decimal, Inexact, InvalidOperation, localcontext
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import event, given
from hypothesis import strategies as st

from app.domain import amortization
from app.domain.amortization import ImpossiblePlan, Instalment, RemainderOn, Rounding, due_dates, schedule

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases" / "schedules.yaml").read_text("utf-8"))
SOURCED = [*CASES["exact"], *CASES["whole_euros"]]
PRINTED = [case for case in SOURCED if "printed" in case]
LEVEL = CASES["level_cents"]["loans"]
START = date(2026, 1, 5)


def plan(**ask: Any) -> tuple[Instalment, ...]:
    """A schedule with the defaults of the cases: no interest, a first date that does not matter."""
    ask = {"rate_percent": "0", "first_due_on": START} | ask
    ask["rate_percent"] = Decimal(ask["rate_percent"])
    return schedule(**ask)


def attempt(**ask: Any) -> tuple[Instalment, ...] | ImpossiblePlan:
    """The schedule, or the refusal; any other exception is a failure."""
    try:
        return schedule(**ask)
    except ImpossiblePlan as refused:
        return refused


def refusal(**ask: Any) -> tuple[str, int | date | None]:
    with pytest.raises(ImpossiblePlan) as caught:
        plan(**ask)
    assert str(caught.value).endswith(".")
    return caught.value.field, caught.value.bound


# Sourced cases


@pytest.mark.parametrize("case", SOURCED, ids=lambda case: case["name"])
def test_sourced_case(case: dict[str, Any]) -> None:
    assert case["source"]
    rows = plan(**case["ask"], first_due_on=case.get("first_due_on", START))
    first = case["ask"].get("remainder_on") == "first"
    odd, level = (rows[0], rows[1:]) if first else (rows[-1], rows[:-1])
    assert len(rows) == case.get("rows", case["ask"].get("duration_months"))
    assert {row.total_cents for row in level} == {case["instalment"]}
    assert odd.total_cents == case["odd"]
    assert {number: rows[number - 1].balance_cents for number in case["balances"]} == case["balances"]
    interests = case.get("interests", {})
    assert {number: rows[number - 1].interest_cents for number in interests} == interests
    assert sum(row.total_cents for row in rows) == case.get("total", case["ask"]["principal_cents"])
    assert sum(row.interest_cents for row in rows) == case.get("interest", 0)


@pytest.mark.parametrize("case", PRINTED, ids=lambda case: case["name"])
def test_balance_printed_by_the_source(case: dict[str, Any]) -> None:
    assert case["assumed"]  # the day of the month
    rows = plan(**case["ask"], first_due_on=case["first_due_on"])
    paid = [row for row in rows if row.due_on <= case["printed"]["date"]]
    assert paid[-1].balance_cents == case["printed"]["balance"]


@pytest.mark.parametrize("loan", LEVEL, ids=lambda loan: loan["name"])
def test_level_cents_do_not_give_the_printed_balance(loan: dict[str, Any]) -> None:
    rows = plan(principal_cents=loan["principal_cents"], duration_months=loan["duration_months"])
    assert rows[0].total_cents == loan["instalment"]
    assert loan.get("printed_balance") not in {row.balance_cents for row in rows}


@pytest.mark.parametrize("first_due_on", [date(2026, 2, 5), date(2026, 4, 5), date(2026, 12, 31)])
def test_a_delayed_first_instalment_moves_the_dates_and_no_amount(first_due_on: date) -> None:
    ask = {"principal_cents": 200000, "rate_percent": "6.20", "duration_months": 24}
    delayed, usual = plan(**ask, first_due_on=first_due_on), plan(**ask)
    assert [row.due_on for row in delayed] == due_dates(first_due_on, 24)
    assert [replace(row, due_on=START) for row in delayed] == [replace(row, due_on=START) for row in usual]


# Rounding


def test_half_a_cent_of_interest_makes_a_cent() -> None:
    # 187.50 € at 3.04 % is 47.5 cents a month exactly; a rate divided first would give 47.4999… and lose it.
    assert plan(principal_cents=18750, rate_percent="3.04", duration_months=12)[0].interest_cents == 48


def test_an_exact_annuity_is_not_rounded_up() -> None:
    # 300 cents at 100 % over 2 months: 300·(13/12)²·(1/12)/((13/12)² − 1) = 169 exactly.
    rows = plan(principal_cents=300, rate_percent="100", duration_months=2, rounding="up")
    assert rows[0].total_cents == 169


def test_the_rounding_and_the_place_of_the_remainder_may_be_given_as_text() -> None:
    ask = {"principal_cents": 110_500, "duration_months": 16, "rounding_unit_cents": 100}
    rows = plan(**ask, rounding="up", remainder_on="first")
    assert rows == plan(**ask, rounding=Rounding.UP, remainder_on=RemainderOn.FIRST)
    assert [row.total_cents for row in rows] == [5_500] + [7_000] * 15


def test_no_figure_depends_on_the_decimal_context() -> None:
    ask = {"principal_cents": 7_500_000, "rate_percent": "6.204321", "duration_months": 120}
    rows = plan(**ask)
    with localcontext(prec=1, rounding=ROUND_DOWN, traps=[Inexact, InvalidOperation]):
        assert plan(**ask) == rows


def test_with_interest_a_whole_euro_instalment_keeps_interest_in_cents() -> None:
    whole_euros = {"rounding_unit_cents": 100, "rounding": "up"}
    rows = plan(principal_cents=200000, rate_percent="6.20", duration_months=24, **whole_euros)
    assert {row.total_cents for row in rows[:-1]} == {8900}
    assert (rows[0].interest_cents, rows[0].principal_cents) == (1033, 7867)
    assert 0 < rows[-1].total_cents < 8900


def test_the_last_row_may_exceed_the_chosen_instalment() -> None:
    rows = plan(principal_cents=100000, duration_months=10, instalment_cents=5000)
    assert [row.total_cents for row in rows] == [5000] * 9 + [55000]


def test_a_single_row_is_all_remainder() -> None:
    rows = plan(principal_cents=12000, rate_percent="6", duration_months=1)
    assert rows == (Instalment(1, START, 12000, 60, 12060, 0),)


# Refusals


@pytest.mark.parametrize(
    ("changed", "field", "bound"),
    [
        ({"principal_cents": 0}, "principal_cents", 1),
        ({"principal_cents": 7_500_001}, "principal_cents", 7_500_000),
        ({"duration_months": 0}, "duration_months", 1),
        ({"duration_months": 121}, "duration_months", 120),
        ({"instalment_cents": 0}, "instalment_cents", 1),
        ({"rounding_unit_cents": 0}, "rounding_unit_cents", 1),
        ({"rate_percent": "-0.01"}, "rate_percent", 0),
        ({"rate_percent": "100.01"}, "rate_percent", 100),
        ({"rate_percent": "1E+999999"}, "rate_percent", 100),
        ({"rate_percent": "1E-999999"}, "rate_percent", None),
        ({"rate_percent": "1E-99999999"}, "rate_percent", None),
        ({"rate_percent": "3.0400001"}, "rate_percent", None),
        ({"rate_percent": "NaN"}, "rate_percent", None),
        ({"rate_percent": "sNaN"}, "rate_percent", None),
        ({"rate_percent": "Infinity"}, "rate_percent", None),
        ({"principal_cents": Decimal("NaN")}, "principal_cents", None),
        ({"principal_cents": Decimal("1000.5")}, "principal_cents", None),
        ({"principal_cents": True}, "principal_cents", None),
        ({"instalment_cents": float("nan")}, "instalment_cents", None),
        ({"duration_months": None}, "duration_months", None),
        ({"rounding": "down"}, "rounding", None),
        ({"remainder_on": "middle"}, "remainder_on", None),
        ({"rate_percent": "0.01", "remainder_on": "first"}, "remainder_on", None),
        ({"first_due_on": date(9999, 1, 31)}, "first_due_on", None),
    ],
)
def test_out_of_bounds(changed: dict[str, Any], field: str, bound: int | None) -> None:
    assert refusal(**({"principal_cents": 100000, "duration_months": 24} | changed)) == (field, bound)


@pytest.mark.parametrize("principal_cents", [1, 7_500_000])
@pytest.mark.parametrize("rate_percent", ["0", "0.0000010", "1E+2"])
def test_the_bounds_themselves_hold(principal_cents: int, rate_percent: str) -> None:
    assert plan(principal_cents=principal_cents, rate_percent=rate_percent, duration_months=1)


@pytest.mark.parametrize("remainder_on", ["first", "last"])
def test_whole_euros_may_not_fill_the_duration(remainder_on: str) -> None:
    ask = {"principal_cents": 300, "rounding_unit_cents": 100, "rounding": "up", "remainder_on": remainder_on}
    assert refusal(duration_months=6, **ask) == ("duration_months", 3)
    assert len(plan(duration_months=3, **ask)) == 3


def test_the_duration_named_is_the_longest_below_the_one_asked() -> None:
    ask = {"principal_cents": 1000, "rounding_unit_cents": 100, "rounding": "up"}
    assert refusal(duration_months=9, **ask) == ("duration_months", 5)  # 2 € a month
    assert len(plan(duration_months=10, **ask)) == 10  # 1 € a month


def test_fewer_cents_than_months() -> None:
    assert refusal(principal_cents=5, duration_months=6) == ("duration_months", 5)


def test_a_chosen_instalment_that_ends_before_the_chosen_duration() -> None:
    ask = {"principal_cents": 200000, "instalment_cents": 10000}
    assert refusal(duration_months=24, **ask) == ("duration_months", 20)
    assert len(plan(duration_months=20, **ask)) == 20


def test_an_instalment_that_never_repays() -> None:
    ask = {"principal_cents": 200000, "rate_percent": "6.20"}  # first interest 10.33 €
    field, least = refusal(instalment_cents=1033, **ask)
    assert (field, least) == ("instalment_cents", 2241)
    assert len(plan(instalment_cents=least, **ask)) == 120
    assert refusal(instalment_cents=2240, **ask) == ("instalment_cents", least)


def test_an_instalment_below_the_interest_of_a_chosen_duration() -> None:
    ask = {"principal_cents": 200000, "rate_percent": "6.20", "duration_months": 24}
    assert refusal(instalment_cents=1033, **ask) == ("instalment_cents", 1034)
    assert len(plan(instalment_cents=1034, **ask)) == 24


def test_an_instalment_that_is_too_slow_without_interest() -> None:
    assert refusal(principal_cents=300000, instalment_cents=2499) == ("instalment_cents", 2500)
    assert refusal(principal_cents=300000, instalment_cents=0) == ("instalment_cents", 1)


# Dates


@pytest.mark.parametrize("case", CASES["due_dates"], ids=lambda case: case["name"])
def test_sourced_case_of_due_dates(case: dict[str, Any]) -> None:
    assert case["source"]
    assert due_dates(case["dates"][0], 5) == case["dates"]


def test_due_dates_go_back_to_the_anchor_after_a_short_month() -> None:
    dates = due_dates(date(2026, 2, 28), 4, anchor_day=31)
    assert dates == [date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30), date(2026, 5, 31)]
    assert due_dates(date(2026, 4, 30), 2, anchor_day=30) == [date(2026, 4, 30), date(2026, 5, 30)]
    rows = plan(principal_cents=100_000, duration_months=4, first_due_on=date(2026, 2, 28), anchor_day=31)
    assert [row.due_on for row in rows] == dates


@pytest.mark.parametrize(
    ("first", "anchor", "bound"),
    [
        (date(2026, 2, 15), 10, 15),
        (date(2026, 2, 27), 31, 27),
        (date(2028, 2, 28), 31, 28),
        (date(2026, 1, 30), 31, 30),
        (date(2026, 1, 31), 0, 1),
        (date(2026, 1, 31), 32, 31),
    ],
)
def test_a_first_date_off_its_anchor_is_refused(first: date, anchor: int, bound: int) -> None:
    with pytest.raises(ImpossiblePlan) as caught:
        due_dates(first, 3, anchor_day=anchor)
    assert (caught.value.field, caught.value.bound) == ("anchor_day", bound)


def test_due_dates_at_the_edges() -> None:
    assert due_dates(START, 0) == []
    assert due_dates(date(9999, 12, 31), 1) == [date(9999, 12, 31)]
    with pytest.raises(ImpossiblePlan):
        due_dates(date(9999, 12, 31), 2)


@given(st.dates(max_value=date(9989, 12, 31)), st.integers(1, 120))
def test_due_dates_keep_the_anchor(first: date, count: int) -> None:
    dates = due_dates(first, count)
    months = [day.year * 12 + day.month for day in dates]
    assert months == list(range(months[0], months[0] + count))
    for day in dates:
        next_day = date.fromordinal(day.toordinal() + 1)
        assert day.day == first.day or (day.day < first.day and next_day.month != day.month)


def test_a_rate_that_is_no_decimal_is_refused() -> None:
    with pytest.raises(ImpossiblePlan, match="decimal number") as caught:
        schedule(principal_cents=1, rate_percent=float("nan"), first_due_on=START, duration_months=1)  # type: ignore[arg-type]
    assert caught.value.field == "rate_percent"


# Properties over the whole range

principals = st.integers(1, 7_500_000) | st.integers(1, 5_000)
rates = st.just(Decimal(0)) | st.decimals(0, 100, places=2) | st.decimals(0, 100, places=6)
durations = st.integers(1, 120)
asks = st.fixed_dictionaries(
    {
        "principal_cents": principals,
        "rate_percent": rates,
        "first_due_on": st.dates(),
        "duration_months": st.none() | durations,
        "instalment_cents": st.none() | st.integers(1, 10_000) | st.integers(1, 20_000_000),
        "rounding_unit_cents": st.sampled_from([1, 5, 10, 50, 100, 500]) | st.integers(1, 10_000_000),
        "rounding": st.sampled_from(Rounding),
        "remainder_on": st.sampled_from(RemainderOn),
    }
)


@given(asks)
def test_a_schedule_or_a_named_refusal(ask: dict[str, Any]) -> None:
    rows = attempt(**ask)
    if isinstance(rows, ImpossiblePlan):
        event(f"refused: {rows.field}")
        assert rows.field in ask
        return
    event("schedule")
    assert sum(row.principal_cents for row in rows) == ask["principal_cents"]
    assert all(row.principal_cents > 0 and row.interest_cents >= 0 for row in rows)
    assert all(row.total_cents == row.principal_cents + row.interest_cents for row in rows)
    assert all(one.due_on < other.due_on for one, other in pairwise(rows))
    assert all(one.balance_cents > other.balance_cents for one, other in pairwise(rows))
    assert rows[-1].balance_cents == 0
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    assert ask["duration_months"] in {None, len(rows)}
    assert ask["rate_percent"] or all(row.interest_cents == 0 for row in rows)
    level = rows[1:] if ask["remainder_on"] is RemainderOn.FIRST else rows[:-1]
    assert len({row.total_cents for row in level}) <= 1
    if level and ask["instalment_cents"] is None:
        assert level[0].total_cents % ask["rounding_unit_cents"] == 0
    elif level:
        assert level[0].total_cents == ask["instalment_cents"]


@given(asks)
def test_the_bound_of_a_refusal_is_possible(ask: dict[str, Any]) -> None:
    ask |= {"first_due_on": START}
    if ask["rate_percent"]:
        ask["remainder_on"] = RemainderOn.LAST
    refused = attempt(**ask)
    if isinstance(refused, ImpossiblePlan) and refused.bound is not None:
        asked = ask[refused.field]
        # At the bound that field is at peace; a few cents at a usurer's rate may then show a fault elsewhere.
        assert getattr(attempt(**ask | {refused.field: refused.bound}), "field", None) != refused.field
        # The bound is the nearest: one step back towards what was asked is still refused.
        back = refused.bound + (1 if asked > refused.bound else -1)
        assert isinstance(attempt(**ask | {refused.field: back}), ImpossiblePlan)


@given(principals, rates, st.integers(1, 7_500_000))
def test_an_instalment_takes_the_fewest_months(principal: int, rate: Decimal, instalment: int) -> None:
    ask: dict[str, Any] = {"principal_cents": principal, "rate_percent": rate, "first_due_on": START}
    rows = attempt(**ask, instalment_cents=instalment)
    if isinstance(rows, ImpossiblePlan):
        assert rows.field == "instalment_cents"
        return
    assert rows[-1].total_cents <= instalment
    assert schedule(**ask, instalment_cents=instalment, duration_months=len(rows)) == rows
    if len(rows) > 1:
        shorter = schedule(**ask, instalment_cents=instalment, duration_months=len(rows) - 1)
        assert shorter[-1].total_cents > instalment


@given(principals, rates, st.integers(2, 120), st.sampled_from(Rounding), st.sampled_from([1, 100]))
def test_the_instalment_of_a_duration_gives_the_schedule_back(
    principal: int, rate: Decimal, months: int, rounding: Rounding, unit: int
) -> None:
    ask: dict[str, Any] = {"principal_cents": principal, "rate_percent": rate, "first_due_on": START}
    rows = attempt(**ask, duration_months=months, rounding=rounding, rounding_unit_cents=unit)
    if isinstance(rows, ImpossiblePlan):
        return
    instalment = rows[0].total_cents
    assert schedule(**ask, duration_months=months, instalment_cents=instalment) == rows
    if rows[-1].total_cents <= instalment:
        assert schedule(**ask, instalment_cents=instalment) == rows


@given(st.integers(30_000, 7_500_000), st.decimals(0, 20, places=2), durations)
def test_the_remainder_of_a_cent_plan_is_small(principal: int, rate: Decimal, months: int) -> None:
    rows = plan(principal_cents=principal, rate_percent=rate, duration_months=months)
    # Half a cent for the instalment and half a cent of interest a row, each carried to the end with interest.
    growth = (1 + rate / 1200) ** months
    assert abs(rows[-1].total_cents - rows[0].total_cents) <= months * growth + 1


# The calculation checks itself


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"principal_cents": 1}, "principal is not repaid"),
        ({"principal_cents": 0}, "row is not positive"),
        ({"interest_cents": -1}, "row is not positive"),
        ({"total_cents": 1}, "total is not its parts"),
        ({"due_on": date(2020, 1, 1)}, "dates do not increase"),
        ({"due_on": due_dates(START, 5)[-1]}, "dates do not increase"),
        ({"balance_cents": 1}, "balance does not end at 0"),
        ({"balance_cents": 1}, "balance does not follow"),
    ],
)
def test_a_broken_schedule_is_caught(change: dict[str, Any], fault: str) -> None:
    rows = plan(principal_cents=30000, duration_months=6)
    with pytest.raises(ArithmeticError, match=fault):
        amortization._check([*rows[:-1], replace(rows[-1], **change)], 30000)


def test_a_broken_schedule_is_never_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = plan(principal_cents=30000, duration_months=3)
    monkeypatch.setattr(amortization._Loan, "rows", lambda *_: iter(sound[:2]))
    with pytest.raises(ArithmeticError, match="not repaid to the cent"):
        plan(principal_cents=30000, duration_months=3)


def test_the_codes_of_rounding_are_those_of_rules_and_requests() -> None:
    assert [*Rounding, *RemainderOn] == ["half_up", "up", "first", "last"]

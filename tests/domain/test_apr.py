"""APR: published and recomputed figures, the rule of intervals, refusals, and the proof of what is rounded."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from fractions import Fraction
from math import exp
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import apr as module
from app.domain.amortization import ImpossiblePlan, Instalment, due_dates, schedule
from app.domain.apr import FLOW_CENTS_MAX, Apr, Flow, apr, interval, monthly_flows
from app.domain.interest_subsidies import borrower_rows, shares
from app.domain.lenders import Payer
from app.parameters.yaml_file import load_yaml

CASES = load_yaml(Path(__file__).parents[1] / "cases" / "apr.yaml")
DRAWN = date(2026, 1, 5)
FREE = Apr(Decimal("0.000000"), Decimal("0.00"), negative=False)
UNIT = Decimal("0.000001")


def flow(at: str | int, cents: int) -> Flow:
    return Flow(Fraction(at), cents)


def written(flows: Iterable[dict[str, Any]]) -> list[Flow]:
    """The flows of a case."""
    return [
        Flow(Fraction(line["at"]) + number * Fraction(line.get("every", "0")), line["cents"])
        for line in flows
        for number in range(line.get("times", 1))
    ]


def rows_of(case: dict[str, Any]) -> tuple[Instalment, ...]:
    ask = case["ask"] | {"rate_percent": Decimal(case["ask"]["rate_percent"])}
    return schedule(**ask, first_due_on=case.get("first_due_on", date(2026, 2, 5)))


def loan_flows(case: dict[str, Any]) -> list[Flow]:
    """The flows of a loan whose dates a case gives, or from the 5th to the 5th."""
    return monthly_flows(
        disbursements=[(case.get("drawn_on", DRAWN), case["ask"]["principal_cents"])],
        fee_cents=case.get("fee_cents", 0),
        instalments=[(row.due_on, row.total_cents) for row in rows_of(case)],
    )


def rounded(percent: Decimal, like: str) -> Decimal:
    return percent.quantize(Decimal(like), ROUND_HALF_UP)


def worth(flows: Iterable[Flow], percent: Decimal) -> Decimal:
    """The discounted sum of the flows, by the plainest reading of the equation."""
    with localcontext(Context(prec=60)):
        base = 1 + percent / 100
        return sum(
            (one.cents * base ** (Decimal(-one.years.numerator) / one.years.denominator) for one in flows), Decimal(0)
        )


def refusal(flows: Iterable[Flow]) -> tuple[str, int | date | None]:
    with pytest.raises(ImpossiblePlan) as caught:
        apr(flows)
    assert str(caught.value).endswith(".")
    return caught.value.field, caught.value.bound


# Sourced cases


@pytest.mark.parametrize("case", CASES["published"], ids=lambda case: case["name"])
def test_published_example(case: dict[str, Any]) -> None:
    assert case["source"] in CASES["sources"]
    found = apr(written(case["flows"]))
    if "within" in case:
        assert abs(found.exact_percent - Decimal(case["published"])) <= Decimal(case["within"])
    else:
        assert rounded(found.exact_percent, case["published"]) == Decimal(case["published"])
    assert rounded(found.exact_percent, case["rounded"]) == Decimal(case["rounded"])
    assert str(found.exact_percent) == case["exact"]
    assert str(found.percent) == str(rounded(found.exact_percent, "0.01"))
    assert not found.negative


@pytest.mark.parametrize("case", CASES["loans"], ids=lambda case: case["name"])
def test_loan_of_the_project(case: dict[str, Any]) -> None:
    assert case["source"] in CASES["sources"]
    found = apr(loan_flows(case))
    assert (str(found.exact_percent), str(found.percent)) == (case["exact"], case["shown"])
    assert not found.negative


@pytest.mark.parametrize("case", CASES["wrong_times"], ids=lambda case: case["name"])
def test_another_convention_of_time_gives_another_rate(case: dict[str, Any]) -> None:
    drawn_on, months = case["drawn_on"], case["ask"]["duration_months"]
    dates = due_dates(case.get("first_due_on", drawn_on), months + 1)
    dates = dates[:-1] if "first_due_on" in case else dates[1:]
    amounts = [row.total_cents for row in rows_of(case)]
    lent = (drawn_on, case["ask"]["principal_cents"])
    flows = monthly_flows(disbursements=[lent], fee_cents=0, instalments=list(zip(dates, amounts, strict=True)))
    assert str(apr(flows).exact_percent) == case["exact_of_the_rule"]
    if case["times"] == "days":
        times = [Fraction((day - drawn_on).days, 365) for day in dates]
    else:
        times = [
            Fraction(number + 1, 12) if day.day == 31 else Fraction(number, 12) + Fraction(day.day, 365)
            for number, day in enumerate(dates)
        ]
    wrong = [flows[0], *(replace(one, years=years) for one, years in zip(flows[1:], times, strict=True))]
    assert str(apr(wrong).exact_percent) == case["exact"]
    assert apr(wrong).percent != apr(flows).percent


@pytest.mark.parametrize("case", CASES["not_to_be_copied"], ids=lambda case: case["name"])
def test_a_published_figure_that_is_not_the_directive_s(case: dict[str, Any]) -> None:
    assert case["source"] in CASES["sources"]
    found = apr(written(case["flows"])).exact_percent
    assert rounded(found, "0.1") == Decimal(case["rounded"]) != Decimal(case["published"])
    quarter = [replace(one, years=one.years * 365 / Fraction("365.25")) for one in written(case["flows"])]
    assert rounded(apr(quarter).exact_percent, "0.1") == Decimal(case["published"])


def test_the_rate_of_the_contract_is_not_that_of_a_borrower_whose_interest_the_city_pays() -> None:
    # Toulouse, 3 000 € over 36 months at 3.04 %: the rate shown is the contract's.
    rows = schedule(
        principal_cents=300000, rate_percent=Decimal("3.04"), first_due_on=date(2026, 2, 5), duration_months=36
    )
    paid = borrower_rows(rows, shares(rows, Payer.CITY))
    contract, borrower = (
        apr(
            monthly_flows(
                disbursements=[(DRAWN, 300000)],
                fee_cents=0,
                instalments=[(one.due_on, one.total_cents) for one in whose],
            )
        )
        for whose in (rows, paid)
    )
    assert (str(contract.exact_percent), str(contract.percent)) == ("3.083355", "3.08")
    assert borrower == FREE


# Choice of the solution


def test_of_two_solutions_the_rate_is_the_one_near_zero() -> None:
    flows = written(next(case for case in CASES["published"] if case["name"].startswith("EC15-43"))["flows"])
    # The fee paid a year before has a second solution, where a year multiplies it by what was lent.
    assert worth(flows, Decimal(19_000)) > 0 > worth(flows, Decimal(20_000))
    assert apr(flows).percent == Decimal("8.27")


def test_a_fee_before_the_drawdown_counts_when_the_flows_come_in_any_order() -> None:
    flows = [flow("-1", -15000), flow(0, 3000000), flow("1", -3100000)]
    assert apr(flows) == apr(reversed(flows)) == apr(flows[1:] + flows[:1])
    assert apr(flows).percent > apr(flows[1:]).percent


def test_a_gift_to_the_borrower_is_a_negative_rate() -> None:
    assert apr([flow(0, 100000), flow("1", -90000)]) == Apr(Decimal("-10.000000"), Decimal("-10.00"), negative=True)
    assert apr([flow(0, 100000), flow("1/12", -99000)]).percent == Decimal("-11.36")  # 0.99 ** 12 is 0.88638…


def test_a_fee_on_a_loan_without_interest_is_its_whole_rate() -> None:
    rows = schedule(principal_cents=300000, rate_percent=Decimal(0), first_due_on=date(2026, 2, 5), duration_months=36)
    ask: dict[str, Any] = {
        "disbursements": [(DRAWN, 300000)],
        "instalments": [(row.due_on, row.total_cents) for row in rows],
    }
    assert apr(monthly_flows(**ask, fee_cents=0)) == FREE
    assert apr(monthly_flows(**ask, fee_cents=1)).exact_percent > 0


@pytest.mark.parametrize("drawn_on", [date(2026, 1, 5), date(2026, 1, 1), date(2025, 11, 30)])
def test_a_loan_without_interest_is_free_whatever_its_dates(drawn_on: date) -> None:
    instalments = [(day, 5000) for day in due_dates(date(2026, 2, 5), 6)]
    assert apr(monthly_flows(disbursements=[(drawn_on, 30000)], fee_cents=0, instalments=instalments)) == FREE


@pytest.mark.parametrize(
    ("lent", "repaid", "years", "exact"),
    [
        (1000, 10_000, "1/6", "99999900.000000"),  # 10 ** 6 - 1
        (1000, 1_000_999, "1/2", None),  # 1000.999 ** 2 - 1
        (1, 10**6, "1", "99999900.000000"),
        (200, 200_000_199, "1", "99999999.500000"),
        (1, 10**6 + 1, "1", None),  # the bounds themselves are out
        (1, 10**6 + 2, "1", None),
        (1000, 101, "1/2", "-98.979900"),  # 0.101 ** 2 - 1
        (1000, 100, "1/2", None),
        (1000, 99, "1/2", None),
    ],
)
def test_rates_are_sought_between_two_bounds(lent: int, repaid: int, years: str, exact: str | None) -> None:
    flows = [flow(0, lent), flow(years, -repaid)]
    if exact is None:
        assert refusal(flows) == ("flows", None)
    else:
        assert str(apr(flows).exact_percent) == exact


# Rounding


@pytest.mark.parametrize(
    ("lent", "repaid", "years", "exact", "percent"),
    [
        (200_000_000, 200_000_001, "1", "0.000001", "0.00"),  # 0.0000005 % exactly
        (200_000_000, 199_999_999, "1", "-0.000001", "0.00"),
        (200_000_001, 200_000_002, "1", "0.000000", "0.00"),  # a hair less
        (1000, 1005, "1/3", "1.507513", "1.51"),  # 1.005 ** 3 is 1.015075125: half of the sixth decimal, irrational t
        (20000, 20001, "1", "0.005000", "0.01"),
        (20000, 19999, "1", "-0.005000", "-0.01"),
        (10**10, 10**10 + 499_997, "1", "0.005000", "0.00"),  # 0.00499997 %: the six decimals would round to 0.01
        (10**10, 10**10 - 499_997, "1", "-0.005000", "0.00"),
        (10**10, 10**10 + 500_003, "1", "0.005000", "0.01"),
        (10**10, 10**10 + 499_900, "1", "0.004999", "0.00"),
        (10**10, 10**10 + 500_100, "1", "0.005001", "0.01"),
        (10000, 13456, "2", "16.000000", "16.00"),
    ],
)
def test_both_figures_are_rounded_half_up_from_the_true_value(
    lent: int, repaid: int, years: str, exact: str, percent: str
) -> None:
    found = apr([flow(0, lent), flow(years, -repaid)])
    assert (str(found.exact_percent), str(found.percent)) == (exact, percent)
    assert found.negative == (repaid < lent)


@pytest.mark.parametrize("guess", [0, 1, 637_970, 637_971, 637_972, 637_973, 637_990, 98_999_999, 98_999_998, 10**15])
@pytest.mark.parametrize("side", [1, -1])
def test_a_wrong_guess_takes_longer_to_the_same_units(guess: int, side: int) -> None:
    # The solution is at 637 971.5 units, on the boundary, then a hair before it.
    assert module._nearest(guess, side, lambda half_units: half_units > 2 * 637_971 + 1) == 637_972
    assert module._nearest(guess, side, lambda half_units: half_units > 2 * 637_971) == 637_971
    assert module._nearest(guess, side, lambda half_units: half_units > 0) == 0


@pytest.mark.parametrize("case", CASES["published"], ids=lambda case: case["name"])
def test_the_guess_needs_no_second_try(case: dict[str, Any]) -> None:
    flows = written(case["flows"])
    units = int(apr(flows).exact_percent / UNIT)
    assert module._guess(module._terms(flows), 1) == units


@pytest.mark.parametrize(
    ("repaid", "years", "side", "units"),
    [
        (100_001, "1", 1, 1_000),
        (1_000_000, "1", 1, 900_000_000),
        (100_000_000, "1", 1, 99_900_000_000),
        (99_999, "1", -1, 1_000),
        (90_000, "1", -1, 10_000_000),
        (3_000, "1", -1, 97_000_000),
        (10_100, "1/2", -1, 98_979_900),
        (25_000, "100", -1, 1_376_730),  # 0.25 ** 0.01 is 0.98623…
    ],
)
def test_the_guess_is_right_on_both_sides_of_zero_and_soon(
    monkeypatch: pytest.MonkeyPatch, repaid: int, years: str, side: int, units: int
) -> None:
    counted = Mock(side_effect=exp)
    monkeypatch.setattr(module, "exp", counted)
    assert module._guess(module._terms([flow(0, 100_000), flow(years, -repaid)]), side) == units
    # Two flows a round: halving alone would take forty rounds.
    assert counted.call_count <= 2 * 17


@pytest.mark.parametrize(
    ("guess", "proofs"),
    [
        (637_971, [637_971, 637_972]),
        (637_970, [637_970, 637_971, 637_972]),
        (637_972, [637_972, 637_971, 637_972]),
        (637_973, [637_973, 637_972, 637_970, 637_972, 637_971]),
        (637_965, [637_965, 637_966, 637_967, 637_969, 637_973, 637_971, 637_972]),
    ],
)
def test_a_good_guess_takes_few_proofs(guess: int, proofs: list[int]) -> None:
    is_beyond = Mock(side_effect=lambda half_units: half_units > 2 * 637_971)
    assert module._nearest(guess, 1, is_beyond) == 637_971
    # Each is asked of the half unit before it.
    assert [asked.args[0] for asked in is_beyond.call_args_list] == [2 * units - 1 for units in proofs]


# Intervals


@pytest.mark.parametrize("case", CASES["intervals"], ids=lambda case: f"{case['from']} to {case['to']}")
def test_interval_of_the_directive(case: dict[str, Any]) -> None:
    assert case["source"] in CASES["sources"]
    expected = Fraction(case["months"], 12) + Fraction(case["days"], case["of"])
    assert interval(case["from"], case["to"]) == expected


@pytest.mark.parametrize(
    ("drawn_on", "due_on", "months", "days", "year"),
    [
        (date(2026, 3, 31), date(2026, 4, 30), 1, 0, 365),
        (date(2026, 1, 31), date(2026, 2, 28), 1, 0, 365),
        (date(2028, 1, 31), date(2028, 2, 29), 1, 0, 366),
        (date(2028, 1, 31), date(2028, 2, 28), 0, 28, 365),
        (date(2026, 3, 31), date(2026, 4, 29), 0, 29, 365),
        (date(2026, 3, 31), date(2026, 5, 1), 1, 1, 365),  # 1 April is reached
        (date(2026, 1, 31), date(2026, 3, 30), 1, 28, 365),  # 28 February is reached
        (date(2026, 2, 28), date(2026, 3, 31), 1, 0, 365),
        (date(2026, 11, 30), date(2027, 2, 28), 3, 0, 365),
        (date(2026, 12, 20), date(2027, 1, 5), 0, 16, 365),
        (date(2026, 10, 20), date(2027, 2, 5), 3, 16, 365),
        (date(2028, 2, 29), date(2029, 2, 28), 12, 0, 366),
        (date(2028, 2, 20), date(2028, 2, 29), 0, 9, 366),  # the year from 28/02/2027
        (date(2028, 2, 20), date(2028, 2, 28), 0, 8, 365),  # the year from 28/02/2027 has no 29th
        (date(2028, 2, 20), date(2028, 3, 1), 0, 10, 366),
        (date(2029, 2, 20), date(2029, 2, 28), 0, 8, 366),  # the year from 28/02/2028
        (date(2029, 2, 20), date(2029, 3, 1), 0, 9, 365),
        (date(2099, 12, 20), date(2100, 3, 10), 2, 21, 365),  # 2100 is no leap year; 10 January is reached
        (date(2026, 1, 5), date(2026, 1, 5), 0, 0, 365),
        (date(2026, 1, 5), date(2036, 1, 5), 120, 0, 365),
        (date(1, 1, 2), date(1, 1, 20), 0, 18, 366),
        (date(9999, 12, 20), date(9999, 12, 31), 0, 11, 365),
    ],
)
def test_intervals_at_the_ends_of_months_and_in_leap_years(
    drawn_on: date, due_on: date, months: int, days: int, year: int
) -> None:
    assert interval(drawn_on, due_on) == Fraction(months, 12) + Fraction(days, year)


def test_an_instalment_before_the_drawdown_has_no_interval() -> None:
    with pytest.raises(ImpossiblePlan, match=r"2026-01-04, comes before the drawdown, on 2026-01-05") as caught:
        interval(DRAWN, date(2026, 1, 4))
    assert (caught.value.field, caught.value.bound) == ("first_due_on", DRAWN)


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.integers(0, 4000))
def test_a_later_payment_is_never_nearer(drawn_on: date, days: int) -> None:
    due_on = drawn_on + timedelta(days)
    assert interval(drawn_on, due_on) <= interval(drawn_on, due_on + timedelta(1))
    assert abs(interval(drawn_on, due_on) - Fraction(days) / Fraction("365.25")) < Fraction(4, 365)


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.integers(1, 120))
def test_the_same_day_of_a_later_month_is_whole_months_away(drawn_on: date, months: int) -> None:
    assert interval(drawn_on, due_dates(drawn_on, months + 1)[-1]) == Fraction(months, 12)


# Flows of a loan


def test_instalments_after_the_first_are_a_twelfth_apart_whatever_the_days() -> None:
    instalments = [(day, 100) for day in due_dates(date(2027, 12, 15), 4)]
    found = monthly_flows(disbursements=[(date(2027, 11, 12), 390)], fee_cents=7, instalments=instalments)
    first = Fraction(1, 12) + Fraction(3, 365)
    assert found == [
        flow(0, 390),
        flow(0, -7),
        *(Flow(first + Fraction(number, 12), -100) for number in range(4)),
    ]


@pytest.mark.parametrize(
    "dates",
    [
        due_dates(date(2026, 1, 31), 5),
        [date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)],  # the 31st of a loan of 31 January
        [date(2026, 4, 30), date(2026, 5, 31)],
        [date(2026, 11, 30), date(2026, 12, 30), date(2027, 1, 30), date(2027, 2, 28)],
        [date(2026, 5, 10)],
    ],
)
def test_the_ends_of_months_are_monthly(dates: list[date]) -> None:
    drawn_on = dates[0] - timedelta(10)
    found = monthly_flows(
        disbursements=[(drawn_on, 1000)],
        fee_cents=0,
        instalments=[(day, number) for number, day in enumerate(dates, 1)],
    )
    assert found[1:] == [Flow(Fraction(10, 365) + Fraction(number, 12), -number - 1) for number in range(len(dates))]


@pytest.mark.parametrize(
    "dates",
    [
        [date(2026, 2, 15), date(2026, 4, 15)],  # a month of pause
        [date(2026, 2, 15), date(2026, 3, 16), date(2026, 4, 15)],  # a working day later
        [date(2026, 2, 15), date(2026, 2, 15)],
        [date(2026, 2, 27), date(2026, 3, 31)],
        [date(2026, 1, 31), date(2026, 2, 27)],
    ],
)
def test_instalments_that_are_not_monthly_are_as_far_as_their_dates(dates: list[date]) -> None:
    found = monthly_flows(disbursements=[(DRAWN, 1000)], fee_cents=0, instalments=[(day, 500) for day in dates])
    assert [one.years for one in found[1:]] == [interval(DRAWN, day) for day in dates]


def test_dates_that_are_not_monthly_each_count_the_days_of_their_own_year() -> None:
    drawn_on = date(2023, 1, 12)
    dates = [date(2023, 2, 15), date(2025, 2, 15), date(2025, 3, 16)]
    found = monthly_flows(disbursements=[(drawn_on, 900)], fee_cents=0, instalments=[(day, 300) for day in dates])
    assert [one.years for one in found[1:]] == [
        Fraction(1, 12) + Fraction(3, 365),
        Fraction(25, 12) + Fraction(3, 365),
        Fraction(26, 12) + Fraction(4, 365),
    ]


def test_the_first_of_several_drawdowns_is_the_origin() -> None:
    found = monthly_flows(
        disbursements=[(DRAWN, 100000), (DRAWN, 50000), (date(2026, 3, 8), 70000)],
        fee_cents=1500,
        instalments=[(date(2026, 2, 5), 111000), (date(2026, 3, 5), 111000)],
    )
    assert found == [
        flow(0, 100000),
        flow(0, 50000),
        Flow(Fraction(2, 12) + Fraction(3, 365), 70000),
        flow(0, -1500),
        flow("1/12", -111000),
        flow("2/12", -111000),
    ]
    assert worth(found, apr(found).exact_percent + UNIT / 2) * worth(found, apr(found).exact_percent - UNIT / 2) < 0


def test_money_drawn_later_costs_a_higher_rate_for_the_same_instalments() -> None:
    instalments = [(day, 10000) for day in due_dates(date(2026, 2, 5), 11)]
    at_once, in_two = (
        apr(monthly_flows(disbursements=drawn, fee_cents=0, instalments=instalments))
        for drawn in ([(DRAWN, 100000)], [(DRAWN, 50000), (date(2026, 3, 5), 50000)])
    )
    assert in_two.percent > at_once.percent > 0


# Refusals


@pytest.mark.parametrize(
    ("flows", "field", "bound"),
    [
        ([], "flows", None),
        ([flow(0, 100)], "flows", None),
        ([flow(0, -100), flow("1", -100)], "flows", None),
        ([flow(0, 100), flow(0, -100)], "flows", None),
        ([flow(0, 100), flow(0, -99)], "flows", None),
        ([flow(0, 100), flow(0, -101)], "flows", None),
        ([flow("-1", -100), flow("1", 200)], "flows", None),  # the borrower lends
        ([flow(0, -100), flow("1", 90)], "flows", None),
        ([flow(0, 100), flow("1", -110), flow("2", 0)], "cents", 1),
        ([flow(0, FLOW_CENTS_MAX + 1), flow("1", -110)], "cents", 10**12),
        ([flow(0, 100), flow("1", -FLOW_CENTS_MAX - 1)], "cents", 10**12),
        ([flow(0, 100), flow("1201/12", -110)], "years", 100),
        ([flow("-121/12", -1), flow(0, 100), flow("1", -110)], "years", -10),
        ([flow(0, 100), flow("1/365", -110)], "flows", None),  # 1.1 ** 365
        ([flow(0, 11000), flow("1/12", -1)], "flows", None),
    ],
)
def test_flows_that_have_no_rate(flows: list[Flow], field: str, bound: int | None) -> None:
    assert refusal(flows) == (field, bound)


@pytest.mark.parametrize(
    ("flows", "says"),
    [
        ([flow(0, 100), flow("1", 100)], "Nothing is repaid."),
        ([flow(0, -100), flow("1", -100)], "Nothing is lent."),
        ([flow(0, 100), flow(0, -100)], "All that is lent is repaid at once."),
    ],
)
def test_a_refusal_says_why_there_is_no_rate(flows: list[Flow], says: str) -> None:
    with pytest.raises(ImpossiblePlan, match=says):
        apr(flows)


def test_what_is_lent_and_repaid_on_one_day_changes_no_rate() -> None:
    assert apr([flow(0, 100), flow("1", 50), flow("1", -50), flow("2", -121)]).exact_percent == 10


def test_flows_at_their_bounds_have_a_rate() -> None:
    huge = [flow(0, FLOW_CENTS_MAX), flow("100", -FLOW_CENTS_MAX), flow("100", -1)]
    assert apr(huge) == FREE
    assert apr([flow("-10", -1), flow(0, 1000), flow("1", -1100)]).percent > 10
    assert apr([flow("-19/2", -1), flow(0, 1000), flow("1", -1100)]).percent > 10


@pytest.mark.parametrize(
    ("changed", "field", "bound"),
    [
        ({"disbursements": []}, "disbursements", None),
        ({"instalments": []}, "instalments", None),
        ({"disbursements": [(DRAWN, 0)]}, "disbursements", 1),
        ({"disbursements": [(DRAWN, 1000), (DRAWN, -5)]}, "disbursements", 1),
        ({"instalments": [(date(2026, 2, 5), 0)]}, "instalments", 1),
        ({"instalments": [(date(2026, 2, 5), 10**12 + 1)]}, "instalments", 10**12),
        ({"fee_cents": Decimal("NaN")}, "fee_cents", None),
        ({"fee_cents": -1}, "fee_cents", 0),
        ({"fee_cents": 1000}, "fee_cents", 999),
        ({"disbursements": [(DRAWN, 600), (DRAWN, 500), (date(2026, 1, 6), 9)], "fee_cents": 1100}, "fee_cents", 1099),
        ({"disbursements": [(DRAWN, 500), (date(2026, 1, 4), 500)]}, "disbursements", DRAWN),
        ({"instalments": [(date(2026, 3, 5), 500), (date(2026, 2, 5), 500)]}, "instalments", date(2026, 3, 5)),
        ({"instalments": [(date(2026, 1, 4), 500), (date(2026, 2, 4), 500)]}, "first_due_on", DRAWN),
    ],
)
def test_loans_that_have_no_flows(changed: dict[str, Any], field: str, bound: int | date | None) -> None:
    ask: dict[str, Any] = {
        "disbursements": [(DRAWN, 1000)],
        "fee_cents": 0,
        "instalments": [(date(2026, 2, 5), 1010)],
    }
    assert monthly_flows(**ask)
    with pytest.raises(ImpossiblePlan) as caught:
        monthly_flows(**ask | changed)
    assert str(caught.value).endswith(".")
    assert (caught.value.field, caught.value.bound) == (field, bound)


def test_a_fee_that_leaves_one_cent_of_the_first_drawdown_is_kept() -> None:
    found = monthly_flows(disbursements=[(DRAWN, 1000)], fee_cents=999, instalments=[(date(2026, 2, 5), 1010)])
    assert found[:2] == [flow(0, 1000), flow(0, -999)]


# Properties


@st.composite
def loans(draw: st.DrawFn) -> list[Flow]:
    """One drawdown, instalments at any dates, repaying from half to twice what was lent."""
    lent = draw(st.integers(100, 7_500_000))
    repaid = draw(st.integers(lent // 2, 2 * lent))
    drawn_on = draw(st.dates(date(2000, 1, 1), date(2060, 1, 1)))
    count = draw(st.integers(1, min(60, repaid)))
    first = drawn_on + timedelta(draw(st.integers(25, 100)))
    if draw(st.booleans()):
        dates = due_dates(first, count)
    else:
        dates = sorted(first + timedelta(draw(st.integers(0, 1500))) for _ in range(count))
    share, rest = divmod(repaid, count)
    instalments = [(day, share + (rest if number == 0 else 0)) for number, day in enumerate(dates)]
    fee = draw(st.sampled_from([0, 0, lent // 50]))
    return monthly_flows(disbursements=[(drawn_on, lent)], fee_cents=fee, instalments=instalments)


def found_or_none(flows: Iterable[Flow]) -> Apr | None:
    try:
        return apr(flows)
    except ImpossiblePlan:
        return None


@given(loans())
def test_the_solution_lies_between_the_values_that_are_rounded_to_it(flows: list[Flow]) -> None:
    found = found_or_none(flows)
    if found is None:
        assert worth(flows, Decimal(-99)) * worth(flows, Decimal(10**8)) > 0
        return
    assert found.exact_percent.as_tuple().exponent == -6
    assert found.percent.as_tuple().exponent == -2
    assert found.negative == (sum(one.cents for one in flows) > 0)
    assert (worth(flows, Decimal(0)) == 0) <= (found == FREE)
    for percent, half in ((found.exact_percent, UNIT / 2), (found.percent, Decimal("0.005"))):
        assert worth(flows, percent - half) < 0 < worth(flows, percent + half)


@given(loans(), st.integers(2, 1000))
def test_the_size_of_a_loan_does_not_change_its_rate(flows: list[Flow], factor: int) -> None:
    larger = [replace(one, cents=one.cents * factor) for one in flows]
    assert found_or_none(larger) == found_or_none(flows)


@given(loans(), st.data())
def test_a_fee_raises_the_rate(flows: list[Flow], data: st.DataObject) -> None:
    lent = sum(one.cents for one in flows if one.years == 0)
    fee = data.draw(st.integers(lent // 1000 + 1, lent // 2))
    without, with_fee = found_or_none(flows), found_or_none([*flows, flow(0, -fee)])
    if without and with_fee:
        assert with_fee.exact_percent > without.exact_percent


@given(
    st.integers(30_000, 7_500_000),
    st.decimals("0.5", 20, places=2),
    st.integers(1, 84),
)
def test_a_monthly_loan_costs_its_nominal_rate_compounded(principal: int, rate: Decimal, months: int) -> None:
    rows = schedule(principal_cents=principal, rate_percent=rate, first_due_on=date(2026, 2, 5), duration_months=months)
    instalments = [(row.due_on, row.total_cents) for row in rows]
    flows = monthly_flows(disbursements=[(DRAWN, principal)], fee_cents=0, instalments=instalments)
    compounded = ((1 + rate / 1200) ** 12 - 1) * 100
    # Half a cent a month at most, on what is owed on average half the time, as a yearly rate.
    cents = 100 * Decimal("0.5") * 12 * (1 + rate / 100) ** 2 / (principal / Decimal(2))
    assert abs(apr(flows).exact_percent - compounded) <= cents + UNIT

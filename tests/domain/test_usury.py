"""Usury: worked cases, the thresholds against a second transcription, and what holds whatever the table."""

import json
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from app.domain.amortization import ImpossiblePlan
from app.domain.usury import (
    Usury,
    UsuryBracket,
    UsuryCategory,
    UsuryClasses,
    UsuryPeriod,
    UsuryStatus,
    UsuryTable,
    UsuryThreshold,
    usury,
)
from app.parameters.law import read_usury_table, usury_table
from app.parameters.yaml_file import YamlFault, load_yaml

CASES = load_yaml(Path(__file__).parents[1] / "cases" / "usury.yaml")
PUBLISHED = CASES["published"]
TABLE = usury_table()
DAY = timedelta(days=1)

SINCE_2013 = ["up_to_3000", "from_3000_to_6000", "over_6000"]
BEFORE_2011 = ["up_to_1524", "revolving_over_1524", "personal_over_1524"]
TRANSITION = [
    "up_to_1524",
    *(
        f"{kind}_{amount}"
        for amount in ("1524_to_3000", "3000_to_6000", "over_6000")
        for kind in ("revolving", "personal")
    ),
]
COLUMNS = {"since_2013": SINCE_2013, "before_april_2011": BEFORE_2011, "transition": TRANSITION}
CELLS = [
    pytest.param(date.fromisoformat(first), category, cell, id=f"{first}-{category}")
    for table, categories in COLUMNS.items()
    for first, cells in PUBLISHED[table].items()
    for category, cell in zip(categories, cells, strict=True)
    if cell is not None
]

amounts = st.integers(1, 7_500_000)
aprs = st.decimals(0, 100, places=4)
offer_days = st.dates(date(2008, 1, 1), date(2027, 12, 31))


def verdict(apr: str, amount_cents: int, offered_on: date, table: UsuryTable = TABLE) -> Usury:
    return usury(apr_percent=Decimal(apr), amount_cents=amount_cents, offered_on=offered_on, table=table)


def threshold(percent: str, **more: Any) -> UsuryThreshold:
    return UsuryThreshold(percent=Decimal(percent), **more)


def period(first: date, last: date, *rates: UsuryThreshold) -> UsuryPeriod:
    categories = [UsuryCategory(code) for code in SINCE_2013]
    return UsuryPeriod(
        valid_from=first, valid_to=last, thresholds=dict(zip(categories, rates, strict=False)), source="x"
    )


def classes(first: date, last: date | None, *ceilings: int | None) -> UsuryClasses:
    brackets = tuple(
        UsuryBracket(category=UsuryCategory(code), amount_cents_max=ceiling)
        for code, ceiling in zip(SINCE_2013, ceilings, strict=False)
    )
    return UsuryClasses(valid_from=first, valid_to=last, brackets=brackets, source="x")


THREE = classes(date(2020, 1, 1), None, 300_000, 600_000, None)
RATES = (threshold("20.00"), threshold("15.00"), threshold("8.00"))
QUARTER = period(date(2024, 1, 1), date(2024, 3, 31), *RATES)


# Worked cases.


def test_the_cases_have_sources() -> None:
    assert CASES["tests"]["source"]
    assert PUBLISHED["source"]


@pytest.mark.parametrize("case", CASES["tests"]["cases"], ids=lambda case: case[0])
def test_worked_case(case: list[Any]) -> None:
    _, apr, amount_cents, offered_on, status, category, percent, first, derived = [*case, *[None] * (9 - len(case))]
    assert verdict(apr, amount_cents, offered_on) == Usury(
        UsuryStatus(status),
        category and UsuryCategory(category),
        percent and Decimal(percent),
        first,
        derived == "derived",
    )


# The file, against the tables typed a second time.


@pytest.mark.parametrize(("first", "category", "cell"), CELLS)
def test_a_published_threshold_is_in_the_parameters(first: date, category: str, cell: str) -> None:
    (found,) = [one for one in TABLE.periods if one.valid_from == first]
    percent, _, mark = cell.partition(" ")
    kept = found.thresholds[UsuryCategory(category)]
    assert kept.percent == Decimal(percent)
    assert (kept.derived is not None) == (mark == "d")
    assert found.source


def test_a_doubt_of_the_reference_is_settled_by_a_source_and_a_note() -> None:
    ((first, percent),) = PUBLISHED["settled"].items()
    settled = TABLE.period(date.fromisoformat(first))
    assert settled is not None
    assert settled.thresholds[UsuryCategory.UP_TO_3000].percent == Decimal(percent)
    assert "20.30" in (settled.note or "")


def test_periods_are_whole_quarters_and_in_2023_months() -> None:
    for one in TABLE.periods:
        months = 1 if one.valid_from.year == 2023 else 3
        after = one.valid_to + DAY
        assert one.valid_from.day == after.day == 1
        assert (after.year - one.valid_from.year) * 12 + after.month - one.valid_from.month == months
        assert months == 1 or one.valid_from.month in (1, 4, 7, 10)


def test_every_threshold_is_of_a_category_of_its_time() -> None:
    for one in TABLE.periods:
        of_then = [set(BEFORE_2011), set(TRANSITION), set(SINCE_2013)]
        (categories,) = [codes for codes in of_then if TABLE.category(600_001, one.valid_from) in codes]
        assert set(one.thresholds) <= categories
        assert one.thresholds


def test_classes_follow_each_other_without_a_gap() -> None:
    assert all(one.valid_to and one.valid_to + DAY == other.valid_from for one, other in pairwise(TABLE.classes))
    assert TABLE.classes[-1].valid_to is None


def test_thresholds_that_sources_dispute_are_kept_and_not_used() -> None:
    doubtful = [
        (one.valid_from, category)
        for one in TABLE.periods
        for category, kept in one.thresholds.items()
        if kept.doubtful and one.known(category) is None
    ]
    assert doubtful == [
        (date(2012, 1, 1), "personal_3000_to_6000"),
        (date(2012, 1, 1), "personal_over_6000"),
        (date(2012, 10, 1), "personal_1524_to_3000"),
    ]


# What holds whatever the loan.


@given(aprs, amounts, offer_days)
def test_the_verdict_is_that_of_the_rounded_rate(apr: Decimal, amount_cents: int, offered_on: date) -> None:
    found = usury(apr_percent=apr, amount_cents=amount_cents, offered_on=offered_on, table=TABLE)
    shown = apr.quantize(Decimal("0.01"), ROUND_HALF_UP)
    if found.threshold_percent is None:
        assert found.valid_from is None
        assert found.status is (UsuryStatus.UNKNOWN_RATE if shown else UsuryStatus.OK)
    else:
        assert found.status is (UsuryStatus.USURIOUS if shown > found.threshold_percent else UsuryStatus.OK)
        assert found.valid_from is not None
        assert found.valid_from <= offered_on <= found.valid_from + 91 * DAY


@given(amounts, amounts, offer_days)
def test_a_threshold_never_rises_with_the_amount(one: int, other: int, offered_on: date) -> None:
    small, large = sorted((one, other))
    lower, higher = (verdict("1", amount, offered_on).threshold_percent for amount in (large, small))
    assert lower is None or higher is None or lower <= higher


@pytest.mark.parametrize("long", ["1E+40", "23.5349999999999999999999999999999999999999", "1E-40"])
def test_no_rate_is_too_long(long: str) -> None:
    expected = UsuryStatus.USURIOUS if Decimal(long) > 24 else UsuryStatus.OK
    assert verdict(long, 300_000, date(2026, 7, 1)).status is expected


# Bad input.


@pytest.mark.parametrize("no_number", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_a_rate_that_is_no_number_is_refused(no_number: str) -> None:
    with pytest.raises(ImpossiblePlan) as caught:
        verdict(no_number, 300_000, date(2026, 7, 1))
    assert (caught.value.field, caught.value.bound) == ("apr_percent", None)


@pytest.mark.parametrize("no_decimal", [5.0, 5, None, "5"])
def test_a_rate_that_is_no_decimal_is_refused(no_decimal: Any) -> None:
    with pytest.raises(ImpossiblePlan) as caught:
        usury(apr_percent=no_decimal, amount_cents=300_000, offered_on=date(2026, 7, 1), table=TABLE)
    assert (caught.value.field, caught.value.bound) == ("apr_percent", None)


@pytest.mark.parametrize(("amount_cents", "bound"), [(-1, 0), (True, None), (1.5, None), ("5", None)])
def test_an_amount_that_is_negative_or_not_whole_is_refused(amount_cents: Any, bound: int | None) -> None:
    with pytest.raises(ImpossiblePlan) as caught:
        verdict("1", amount_cents, date(2026, 7, 1))
    assert (caught.value.field, caught.value.bound) == ("amount_cents", bound)


# Tables.


def test_a_table_with_nothing_in_it_knows_nothing() -> None:
    empty = UsuryTable(classes=(), periods=())
    assert verdict("1", 100, date(2024, 1, 1), empty) == Usury(UsuryStatus.UNKNOWN_RATE)
    assert empty.last_day_covered() is None
    assert list(empty.gaps(date(2024, 1, 1), date(2024, 1, 2))) == [(date(2024, 1, 1), date(2024, 1, 2))]


def test_gaps_are_the_days_between_and_the_periods_with_a_class_missing() -> None:
    incomplete = period(date(2024, 4, 1), date(2024, 6, 30), *RATES[:2])
    doubtful = period(date(2024, 7, 1), date(2024, 9, 30), *RATES[:2], threshold("8.00", doubtful="two sources"))
    table = UsuryTable(
        classes=(THREE,),
        periods=(QUARTER, incomplete, doubtful, period(date(2024, 12, 1), date(2024, 12, 31), *RATES)),
    )
    assert list(table.gaps(date(2024, 3, 1), date(2025, 1, 2))) == [
        (date(2024, 4, 1), date(2024, 11, 30)),
        (date(2025, 1, 1), date(2025, 1, 2)),
    ]
    assert list(table.gaps(date(2024, 1, 1), date(2024, 3, 31))) == []
    assert list(table.gaps(date(2023, 12, 31), date(2024, 1, 1))) == [(date(2023, 12, 31), date(2023, 12, 31))]
    assert list(table.gaps(date(2024, 4, 2), date(2024, 4, 3))) == [(date(2024, 4, 2), date(2024, 4, 3))]
    assert list(table.gaps(date(2024, 3, 31), date(2024, 4, 1))) == [(date(2024, 4, 1), date(2024, 4, 1))]
    assert list(table.gaps(date(2024, 3, 31), date(2024, 3, 31))) == []
    assert table.last_day_covered() == date(2024, 12, 31)


def test_a_period_of_a_day_and_a_threshold_of_a_hundredth_are_possible() -> None:
    day = date(2024, 1, 1)
    table = UsuryTable(classes=(THREE,), periods=(period(day, day, threshold("0.01")),))
    assert [verdict(apr, 100, day, table).status for apr in ("0.01", "0.02")] == ["ok", "usurious"]


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ({"periods": (QUARTER, period(date(2024, 3, 31), date(2024, 4, 30), *RATES))}, "begins before what precedes"),
        ({"periods": (QUARTER, QUARTER)}, "begins before what precedes"),
        ({"periods": (period(date(2024, 1, 2), date(2024, 1, 1), *RATES),)}, "ends before it begins"),
        ({"periods": (period(date(2024, 1, 1), date(2024, 1, 2), threshold("20.001")),)}, "two decimals"),
        ({"periods": (period(date(2024, 1, 1), date(2024, 1, 2), threshold("0")),)}, "two decimals"),
        ({"periods": (period(date(2024, 1, 1), date(2024, 1, 2), threshold("NaN")),)}, "two decimals"),
        ({"classes": (THREE, classes(date(2025, 1, 1), None, None))}, "begins before what precedes"),
        ({"classes": (classes(date(2025, 1, 1), None, 300_000, 300_000, None),)}, "do not grow"),
        ({"classes": (classes(date(2025, 1, 1), None, 600_000, 300_000, None),)}, "do not grow"),
        ({"classes": (classes(date(2025, 1, 1), None, 300_000, 600_000),)}, "do not grow"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(broken: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        UsuryTable(**({"classes": (THREE,), "periods": (QUARTER,)} | broken))


THRESHOLD = {"percent": "20.00"}
BRACKET = {"category": "up_to_3000", "amount_cents_max": 300_000}
SPAN = {"valid_from": "2024-01-01", "valid_to": "2024-03-31", "source": "x"}


@pytest.mark.parametrize(
    ("kind", "sound", "loose"),
    [
        (UsuryThreshold, THRESHOLD, {"derived": 5}),
        (UsuryBracket, BRACKET, {"amount_cents_max": "300000"}),
        (UsuryClasses, SPAN | {"brackets": [BRACKET]}, {"valid_from": 0}),
        (UsuryPeriod, SPAN | {"thresholds": {"up_to_3000": THRESHOLD}}, {"valid_to": 0}),
    ],
)
def test_what_is_read_has_no_unknown_key_and_no_loose_type(
    kind: type, sound: dict[str, Any], loose: dict[str, Any]
) -> None:
    reader = TypeAdapter(kind)
    reader.validate_json(json.dumps(sound))
    for change in ({"colour": "blue"}, loose):
        with pytest.raises(ValidationError):
            reader.validate_json(json.dumps(sound | change))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[]", "not a mapping"),
        ("classes: []\nperiods: [1]", "0"),
        ("classes: []\nperiods: [{valid_from: 2024-01-01}]", "0.valid_to: Field required"),
        (
            "classes: []\nperiods: [{valid_from: 2024-01-01, valid_to: 2024-03-31, source: x, thresholds: {up: '1'}}]",
            "thresholds.up",
        ),
        (
            "classes: []\nperiods: [{valid_from: 2024-02-01, valid_to: 2024-01-31, source: x, thresholds: {}}]",
            "ends before it begins",
        ),
    ],
)
def test_a_file_that_is_broken_is_refused_with_its_place(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "usury.yaml"
    path.write_text(content)
    with pytest.raises(YamlFault) as caught:
        read_usury_table(path)
    assert str(path) in str(caught.value)
    assert says in caught.value.problem

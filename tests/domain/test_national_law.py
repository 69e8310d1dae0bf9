"""National law by date: the values, whom they bind, and the deadlines they give."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from app.domain.amortization import ImpossiblePlan
from app.domain.business_days import is_working_day, next_target_day
from app.domain.national_law import (
    Law,
    LegalRegime,
    NationalLaw,
    Parameter,
    Scope,
    Unit,
    Value,
    earliest_release,
    offer_open_until,
    refund_deadline,
    withdrawal_deadline,
)
from app.parameters.law import national_law, read_national_law
from app.parameters.yaml_file import YamlFault, load_yaml

LAW = national_law()
ASSOCIATIONS, GUARANTEED, CONSUMER = Scope.ASSOCIATION_LENDERS, Scope.GUARANTEED_LOANS, Scope.CONSUMER_CREDIT
FILE = Path(__file__).parents[2] / "app" / "parameters" / "national_law.yaml"
CASES = load_yaml(Path(__file__).parents[1] / "cases" / "national_law.yaml")


def value(since: str, content: Any) -> Value:
    return Value(valid_from=date.fromisoformat(since), value=content, source="x")


def parameter(*values: Value, **more: Any) -> Parameter:
    fields = {
        "label": "x",
        "unit": Unit.DAYS,
        "scope": frozenset({CONSUMER}),
        "last_value_still_valid_on": date(2026, 1, 1),
    }
    return Parameter(values=values, **(fields | more))


def with_parameter(name: Law, changed: Parameter) -> NationalLaw:
    parameters: Mapping[Law, Parameter] = {**LAW.parameters, name: changed}
    return NationalLaw(parameters)


# Caps.


@pytest.mark.parametrize("scope", [ASSOCIATIONS, GUARANTEED])
@pytest.mark.parametrize(
    ("on", "cents", "months"),
    [
        ("2004-12-31", None, None),
        ("2005-01-01", 300_000, 36),
        ("2011-04-01", 300_000, 36),
        ("2016-01-16", 300_000, 36),
        ("2016-01-17", 500_000, 60),
        ("2022-02-06", 500_000, 60),
        ("2022-02-07", 800_000, 84),
        ("2026-11-21", 800_000, 84),
    ],
)
def test_the_caps_by_date(scope: Scope, on: str, cents: int | None, months: int | None) -> None:
    day = date.fromisoformat(on)
    assert LAW.whole(Law.AMOUNT_CENTS_MAX, scope=scope, on=day) == cents
    assert LAW.whole(Law.DURATION_MONTHS_MAX, scope=scope, on=day) == months


def test_the_caps_do_not_bind_what_a_ccas_lends_of_its_own() -> None:
    for name in (Law.AMOUNT_CENTS_MAX, Law.DURATION_MONTHS_MAX):
        assert LAW.at(name, scope=CONSUMER, on=date(2026, 11, 21)) is None


def test_the_protections_of_the_borrower_are_not_those_of_a_guarantee() -> None:
    assert LAW.whole(Law.WITHDRAWAL_DAYS, scope=CONSUMER, on=date(2026, 11, 21)) == 14
    assert LAW.whole(Law.WITHDRAWAL_DAYS, scope=GUARANTEED, on=date(2026, 11, 21)) is None


# Regimes.


@pytest.mark.parametrize(
    ("offered_on", "is_excluded", "regime"),
    [
        ("2004-12-31", False, None),
        ("2026-11-19", False, LegalRegime.CONSO_PRE_2026_11_20),
        ("2026-11-19", True, LegalRegime.CONSO_PRE_2026_11_20),
        ("2026-11-20", False, LegalRegime.CONSO_CCD2),
        ("2026-11-20", True, LegalRegime.EXCLUDED_SOCIAL),
    ],
)
def test_the_regime_of_an_offer(*, offered_on: str, is_excluded: bool, regime: LegalRegime | None) -> None:
    assert LAW.regime(offered_on=date.fromisoformat(offered_on), is_excluded=is_excluded) is regime


@pytest.mark.parametrize(
    ("on", "least", "most"),
    [("2011-04-30", None, None), ("2026-11-19", 20_000, 7_500_000), ("2026-11-20", 0, 10_000_000)],
)
def test_the_amounts_of_consumer_credit(on: str, least: int | None, most: int | None) -> None:
    day = date.fromisoformat(on)
    assert LAW.whole(Law.CONSUMER_CREDIT_CENTS_MIN, scope=CONSUMER, on=day) == least
    assert LAW.whole(Law.CONSUMER_CREDIT_CENTS_MAX, scope=CONSUMER, on=day) == most


def test_a_loan_is_not_excluded_unless_the_tenant_says_so() -> None:
    assert LAW.regime(offered_on=date(2026, 11, 20)) is LegalRegime.CONSO_CCD2


# Figures of consumer credit.


@pytest.mark.parametrize(
    ("name", "figure"),
    [
        (Law.OFFER_VALIDITY_DAYS_MIN, 15),
        (Law.WITHDRAWAL_REFUND_DAYS_MAX, 30),
        (Law.NO_PAYMENT_DAYS, 7),
        (Law.LENDER_AGREEMENT_DAYS_MAX, 7),
        (Law.EARLY_REPAYMENT_FREE_CENTS, 1_000_000),
        (Law.EARLY_REPAYMENT_FREE_MONTHS, 12),
        (Law.PARTIAL_REPAYMENT_REFUSABLE_INSTALMENTS, 3),
    ],
)
def test_a_whole_figure(name: Law, figure: int) -> None:
    assert LAW.whole(name, scope=CONSUMER, on=date(2026, 11, 21)) == figure


@pytest.mark.parametrize(
    ("name", "percent"),
    [
        (Law.EARLY_REPAYMENT_PERCENT_MAX, "1"),
        (Law.EARLY_REPAYMENT_LAST_YEAR_PERCENT_MAX, "0.5"),
        (Law.ACCELERATION_INDEMNITY_PERCENT_MAX, "8"),
        (Law.OVERDUE_INDEMNITY_PERCENT_MAX, "8"),
        (Law.DEFERRAL_INDEMNITY_PERCENT_MAX, "4"),
    ],
)
def test_a_percentage(name: Law, percent: str) -> None:
    assert LAW.percent(name, scope=CONSUMER, on=date(2026, 11, 21)) == Decimal(percent)
    assert LAW.percent(name, scope=CONSUMER, on=date(2004, 12, 31)) is None


def test_a_figure_is_read_in_its_unit() -> None:
    with pytest.raises(TypeError):
        LAW.whole(Law.OVERDUE_INDEMNITY_PERCENT_MAX, scope=CONSUMER, on=date(2026, 11, 21))
    with pytest.raises(TypeError):
        LAW.percent(Law.WITHDRAWAL_DAYS, scope=CONSUMER, on=date(2026, 11, 21))


# Deadlines.


@pytest.mark.parametrize("case", CASES["deadlines"], ids=lambda case: case["name"])
def test_sourced_case_of_when_money_may_leave_and_until_when_the_borrower_may_withdraw(case: dict[str, Any]) -> None:
    assert case["source"]
    released_on = earliest_release(LAW, accepted_on=case["accepted_on"])
    assert released_on == case["release"]
    assert next_target_day(released_on) == case["target"]
    assert withdrawal_deadline(LAW, accepted_on=case["accepted_on"]) == case["withdrawal"]


def test_the_law_is_that_of_the_offer() -> None:
    accepted_on = date(2011, 5, 2)
    assert withdrawal_deadline(LAW, accepted_on=accepted_on, offered_on=date(2011, 4, 29)) == date(2011, 5, 9)
    assert withdrawal_deadline(LAW, accepted_on=accepted_on, offered_on=date(2011, 5, 1)) == date(2011, 5, 16)
    assert earliest_release(LAW, accepted_on=accepted_on, offered_on=date(2004, 1, 1)) is None
    assert withdrawal_deadline(LAW, accepted_on=accepted_on, offered_on=date(2004, 1, 1)) is None


@pytest.mark.parametrize(
    ("offered_on", "until", "refund"),
    [
        (date(2011, 4, 30), None, None),
        (date(2011, 5, 1), date(2011, 5, 16), date(2011, 5, 31)),
        (date(2026, 3, 2), date(2026, 3, 17), date(2026, 4, 1)),
    ],
)
def test_an_offer_is_open_for_fifteen_days_and_what_was_lent_comes_back_within_thirty(
    offered_on: date, until: date | None, refund: date | None
) -> None:
    assert offer_open_until(LAW, offered_on=offered_on) == until
    assert refund_deadline(LAW, withdrawn_on=offered_on, offered_on=offered_on) == refund


def test_the_deadline_moves_on_the_holidays_of_alsace_too() -> None:
    accepted_on = date(2022, 12, 12)
    assert withdrawal_deadline(LAW, accepted_on=accepted_on) == date(2022, 12, 26)
    assert withdrawal_deadline(LAW, accepted_on=accepted_on, alsace_moselle=True) == date(2022, 12, 27)


@pytest.mark.parametrize("deadline", [withdrawal_deadline, earliest_release])
def test_a_deadline_past_the_calendar_is_refused_by_name(deadline: Any) -> None:
    with pytest.raises(ImpossiblePlan) as caught:
        deadline(LAW, accepted_on=date.max)
    assert caught.value.field == "accepted_on"


@given(st.dates(date(2011, 5, 1), date(2100, 12, 31)))
def test_the_borrower_always_has_fourteen_whole_days(accepted_on: date) -> None:
    last = withdrawal_deadline(LAW, accepted_on=accepted_on)
    release = earliest_release(LAW, accepted_on=accepted_on)
    assert last is not None
    assert release == accepted_on + timedelta(days=8)
    assert is_working_day(last)
    assert 14 <= (last - accepted_on).days <= 18
    assert not any(is_working_day(accepted_on + timedelta(days=n)) for n in range(14, (last - accepted_on).days))


# The file and the types.


@pytest.mark.parametrize("name", list(Law))
def test_every_value_has_a_source_and_every_parameter_a_day_of_checking(name: Law) -> None:
    found = LAW.parameters[name]
    assert found.label
    assert all(row.source for row in found.values)
    assert found.last_value_still_valid_on >= date(2026, 11, 19)
    assert found.at(found.values[0].valid_from - timedelta(days=1)) is None
    assert found.at(date.max) == found.values[-1]


def test_a_year_stands_for_its_first_day() -> None:
    rows = [row for name in Law for row in LAW.parameters[name].values if row.valid_from_precision != "day"]
    assert rows
    assert all((row.valid_from.month, row.valid_from.day) == (1, 1) for row in rows)


def test_the_file_has_no_key_that_is_not_a_parameter() -> None:
    assert set(load_yaml(FILE)) == {name.value for name in Law}


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"values": ()}, "a value and a scope"),
        ({"scope": frozenset()}, "a value and a scope"),
        ({"values": (value("2011-05-01", 14), value("2005-01-01", 7))}, "order of date"),
        ({"values": (value("2011-05-01", 14), value("2011-05-01", 7))}, "order of date"),
        ({"unit": Unit.PERCENT}, "not in percent"),
        ({"unit": Unit.CODE}, "not in code"),
        ({"values": (value("2011-05-01", Decimal(14)),)}, "not in days"),
    ],
)
def test_a_parameter_that_contradicts_itself_is_refused(fields: dict[str, Any], says: str) -> None:
    sound = parameter(value("2011-05-01", 14))
    with pytest.raises(ValueError, match=says):
        replace(sound, **fields)


def test_the_latest_value_that_has_begun_is_in_force() -> None:
    law = with_parameter(Law.WITHDRAWAL_DAYS, parameter(value("2011-05-01", 14), value("2030-01-01", 20)))
    days = [date(2011, 4, 30), date(2011, 5, 1), date(2029, 12, 31), date(2030, 1, 1)]
    assert [law.whole(Law.WITHDRAWAL_DAYS, scope=CONSUMER, on=day) for day in days] == [None, 14, 14, 20]


def test_law_that_lacks_a_parameter_is_refused() -> None:
    some = {name: found for name, found in LAW.parameters.items() if name is not Law.WITHDRAWAL_DAYS}
    with pytest.raises(ValueError, match="withdrawal_days"):
        NationalLaw(some)


def test_all_that_is_lacking_is_named_in_order() -> None:
    with pytest.raises(ValueError, match=f"lacks {', '.join(sorted(Law))}"):
        NationalLaw({})


@pytest.mark.parametrize("kind", [Value, Parameter])
@pytest.mark.parametrize("change", [{"colour": "blue"}, {"valid_from": 0, "last_value_still_valid_on": 0}])
def test_what_is_read_has_no_unknown_key_and_no_loose_type(kind: type, change: dict[str, Any]) -> None:
    # 0 would be 1 January 1970 to a lenient reader.
    one = {"valid_from": "2011-05-01", "value": 14, "source": "x"}
    many = {"label": "x", "unit": "days", "scope": ["consumer_credit"], "values": [one]}
    sound: dict[str, Any] = one if kind is Value else many | {"last_value_still_valid_on": "2026-01-01"}
    reader = TypeAdapter(kind)
    reader.validate_json(json.dumps(sound))
    known = {name: content for name, content in change.items() if name in sound or name == "colour"}
    with pytest.raises(ValidationError):
        reader.validate_json(json.dumps(sound | known))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("unit: months", "unit: weeks", "duration_months_max.unit"),
        ("value: 84", 'value: "84.5"', "duration_months_max: Value error, A value is not in months"),
        ("withdrawal_days:", "withdrawal_day:", "withdrawal_day"),
        ("      source: Ordonnance 2025-880 du 3 septembre 2025\n", "", "source: Field required"),
        ("scope: [consumer_credit]", "scope: [everybody]", "scope"),
    ],
)
def test_a_file_that_is_broken_is_refused_with_its_place(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = tmp_path / "national_law.yaml"
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(YamlFault) as caught:
        read_national_law(path)
    assert says in caught.value.problem


def test_a_file_that_lacks_a_parameter_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "national_law.yaml"
    path.write_text("{}")
    with pytest.raises(YamlFault, match="lacks"):
        read_national_law(path)

"""The rules of a CCAS applied to an aid: every breach, each with its limit and what was found."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from pydantic import TypeAdapter

from app.domain.aids import Aid, Capacity, age_on
from app.domain.amortization import RemainderOn, Rounding
from app.domain.breaches import Breach, Severity
from app.domain.eligibility import breaches
from app.domain.products import GrantRule, Product
from app.domain.rules import TenantRules
from app.parameters.yaml_file import load_yaml
from app.tenants import seed_files

RULES = {
    path.stem: TypeAdapter(TenantRules).validate_json(json.dumps(load_yaml(path), default=date.isoformat))
    for path in seed_files()
}
V2009, V2011_01, V2011_05, V2011_10 = (version.products[0] for version in RULES["besancon"].versions)
TOULOUSE = RULES["toulouse"].versions[0].products[0]
TEXT = "Délibération de septembre 2009"

LOAN = Aid(
    loan_amount_cents=200_000,
    duration_months=24,
    rounding_unit_cents=100,
    remainder_on=RemainderOn.FIRST,
    grant_cents=0,
    purpose="vehicle_purchase",
    applicant_age=22,
    minor_children=0,
    lives_in_served_commune=True,
)
GRANT_ALONE = replace(
    LOAN, loan_amount_cents=None, duration_months=None, rounding_unit_cents=None, remainder_on=None, grant_cents=30_000
)


def told(product: Product, aid: Aid) -> dict[str, tuple[Any, Any, str]]:
    """Limit, finding and severity of each breach by rule."""
    found = breaches(product, aid, reference=TEXT)
    assert len({breach.rule for breach in found}) == len(found)
    assert all(breach.reference for breach in found)
    return {breach.rule: (breach.limit, breach.actual, breach.severity.value) for breach in found}


def test_a_breach_cites_the_sentence_of_its_rule_or_else_the_text_that_adopted_the_version() -> None:
    aid = replace(LOAN, loan_amount_cents=300_001, lives_in_served_commune=False, grant_cents=30_001)
    texts = {breach.rule: breach.reference for breach in breaches(V2011_01, aid, reference=TEXT)}
    assert "« 3 000 € maximum" in texts["amount_cents_max"]
    assert "300 €" in texts["grant.usual_cents"]
    assert "« habitants la ville de Besançon »" in texts["residence"]
    silent = replace(V2011_01, sources={})
    assert {breach.reference for breach in breaches(silent, aid, reference=TEXT)} == {TEXT}


@pytest.mark.parametrize(
    ("changes", "rule", "limit", "actual"),
    [
        ({"rounding": Rounding.HALF_UP}, "rounding.mode", "up", "half_up"),
        ({"instalment_cents": 8_334}, "rounding.instalment_cents", 100, 8_334),
        ({"rounding_unit_cents": 1, "instalment_cents": 8_334}, "rounding.unit_cents", 100, 1),
    ],
)
def test_terms_that_stray_from_the_rounding_of_the_rules_are_noted(
    changes: dict[str, Any], rule: str, limit: object, actual: object
) -> None:
    assert told(V2009, replace(LOAN, **changes)) == {rule: (limit, actual, "warn")}


@pytest.mark.parametrize("product", [V2009, V2011_01, V2011_05, V2011_10])
def test_an_ordinary_loan_breaks_no_rule(product: Product) -> None:
    assert told(product, LOAN) == {}


@pytest.mark.parametrize(
    ("changes", "rule", "limit", "actual"),
    [
        ({"loan_amount_cents": 300_001}, "amount_cents_max", 300_000, 300_001),
        ({"duration_months": 37}, "duration_months_max", 36, 37),
        ({"applicant_age": 15, "capacity": Capacity.EMANCIPATED}, "applicant_age_min", 16, 15),
        ({"minor_children": 1}, "minor_children_max", 0, 1),
        ({"lives_in_served_commune": False}, "residence", None, None),
        ({"grant_cents": 1}, "grant.with_loan", None, 1),
    ],
)
def test_one_step_beyond_a_limit_is_a_breach_that_refuses(
    changes: dict[str, Any], rule: str, limit: object, actual: object
) -> None:
    assert told(V2009, replace(LOAN, **changes)) == {rule: (limit, actual, "refuse")}


@pytest.mark.parametrize("changes", [{"loan_amount_cents": 300_000}, {"duration_months": 36}, {"applicant_age": 18}])
def test_the_limit_itself_is_allowed(changes: dict[str, Any]) -> None:
    assert told(V2009, replace(LOAN, **changes)) == {}


def test_all_breaches_are_told_and_not_the_first() -> None:
    aid = replace(
        LOAN,
        loan_amount_cents=400_000,
        duration_months=48,
        grant_cents=50_000,
        applicant_age=14,
        minor_children=2,
        lives_in_served_commune=False,
    )
    assert set(told(V2009, aid)) == {
        "applicant_age_min",
        "minor_children_max",
        "residence",
        "grant.with_loan",
        "capacity",
        "amount_cents_max",
        "duration_months_max",
    }


@pytest.mark.parametrize(("product", "refused"), [(V2011_05, True), (V2011_10, False)])
def test_families_are_let_in_by_the_rules_of_13_october_2011(product: Product, refused: bool) -> None:  # noqa: FBT001
    assert ("minor_children_max" in told(product, replace(LOAN, minor_children=3))) == refused


@pytest.mark.parametrize(
    ("product", "aid", "expected"),
    [
        (V2009, GRANT_ALONE, {"grant.alone": (None, 30_000, "refuse")}),
        (V2009, replace(LOAN, grant_cents=30_000), {"grant.with_loan": (None, 30_000, "refuse")}),
        (V2011_01, GRANT_ALONE, {}),
        (V2011_01, replace(LOAN, grant_cents=30_000), {}),
        (V2011_01, replace(LOAN, grant_cents=30_001), {"grant.usual_cents": (30_000, 30_001, "warn")}),
    ],
)
def test_grants_exist_from_2011_on_and_their_usual_amount_only_warns(
    product: Product, aid: Aid, expected: object
) -> None:
    assert told(product, aid) == expected


def test_a_grant_alone_is_measured_by_no_rule_of_loans() -> None:
    small = replace(V2011_01, amount_cents_min=999_999)
    assert told(small, GRANT_ALONE) == {}


def test_a_grant_with_a_loan_may_be_allowed_where_a_grant_alone_is_not() -> None:
    beside = replace(V2009, grant=GrantRule(with_loan=True, alone=False))
    assert told(beside, replace(LOAN, grant_cents=100)) == {}
    assert set(told(beside, GRANT_ALONE)) == {"grant.alone"}


def test_null_limits_do_not_limit() -> None:
    free = replace(
        V2009,
        amount_cents_min=None,
        amount_cents_max=None,
        duration_months_max=None,
        applicant_age_min=None,
        minor_children_max=None,
        purposes=None,
        rounding=None,
    )
    aid = replace(LOAN, loan_amount_cents=1, duration_months=120, applicant_age=18, minor_children=30, purpose="debts")
    assert told(free, aid) == {}


@pytest.mark.parametrize(
    ("amount", "expected"), [(29_999, {"amount_cents_min": (30_000, 29_999, "refuse")}), (30_000, {})]
)
def test_a_minimum_that_is_stated_limits(amount: int, expected: object) -> None:
    asked = replace(LOAN, loan_amount_cents=amount, duration_months=6, remainder_on=RemainderOn.LAST)
    assert told(TOULOUSE, asked) == expected


def test_a_purpose_outside_a_stated_list_is_a_breach_that_shows_the_list() -> None:
    few = replace(V2009, purposes=("health", "training"))
    assert told(few, LOAN) == {"purposes": (["health", "training"], "vehicle_purchase", "refuse")}


def test_a_rounding_unit_other_than_the_usual_one_only_warns() -> None:
    assert told(V2009, replace(LOAN, rounding_unit_cents=1)) == {"rounding.unit_cents": (100, 1, "warn")}


def test_a_remainder_on_a_side_that_the_rules_do_not_foresee_is_refused() -> None:
    assert V2009.rounding is not None
    last_only = replace(V2009, rounding=replace(V2009.rounding, remainder_on=(RemainderOn.LAST,)))
    assert told(last_only, LOAN) == {"rounding.remainder_on": (["last"], "first", "refuse")}


@pytest.mark.parametrize(
    ("birth_on", "on", "age"),
    [
        (date(1995, 3, 2), date(2011, 3, 1), 15),
        (date(1995, 3, 2), date(2011, 3, 2), 16),
        (date(1992, 2, 29), date(2010, 2, 28), 17),
        (date(1992, 2, 29), date(2010, 3, 1), 18),
        (date(1992, 2, 29), date(2012, 2, 29), 20),
        (date(2011, 1, 1), date(2011, 1, 1), 0),
    ],
)
def test_ages_are_whole_years_and_a_leap_day_birthday_falls_on_1_march(birth_on: date, on: date, age: int) -> None:
    assert age_on(birth_on, on) == age


def test_the_facts_of_an_aid_are_all_that_the_rules_were_applied_to() -> None:
    assert LOAN.facts() == {
        "loan_amount_cents": 200_000,
        "duration_months": 24,
        "rounding_unit_cents": 100,
        "remainder_on": "first",
        "grant_cents": 0,
        "purpose": "vehicle_purchase",
        "applicant_age": 22,
        "minor_children": 0,
        "lives_in_served_commune": True,
    }


def test_a_breach_is_stored_as_plain_values() -> None:
    breach = Breach("amount_cents_max", 300_000, 400_000, Severity.REFUSE, TEXT)
    assert json.loads(json.dumps(breach.facts())) == {
        "rule": "amount_cents_max",
        "limit": 300_000,
        "actual": 400_000,
        "severity": "refuse",
        "reference": TEXT,
    }

"""Evaluation is total: any rules, any facts, every breach told in two languages and kept as plain values."""

import json
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from app import messages
from app.commands.tenants import read_rules
from app.domain.aids import Aid, Capacity
from app.domain.amortization import RemainderOn, Rounding
from app.domain.breaches import Breach, Severity
from app.domain.channels import Source
from app.domain.eligibility import LEGAL_TEXTS, breaches
from app.domain.errors import MicrocreditError, RuleNotStated, UnknownLender
from app.domain.ficp import CheckEffect, CheckGate
from app.domain.lenders import IndexedRate, Lender, Lending, RateBand
from app.domain.permissions import Role
from app.domain.products import (
    ASKED_FOR,
    Attested,
    GrantRule,
    HouseholdScale,
    IncomeCeiling,
    LeftToLive,
    ListingPolicy,
    Period,
    PerUnit,
    Product,
    RoundingRule,
    Tier,
)
from app.domain.rule_errors import BirthDateMissing
from app.domain.rules import Index, IndexUnit, IndexValue
from app.domain.settled_rules import settle, stated_rate
from app.parameters.codes import codes
from app.tenants import seed_files

BESANCON = replace(
    next(read_rules(path) for path in seed_files() if path.stem == "besancon").versions[-1].products[0],
    bank_ban=None,
    attestations=(),
    instalment_within_capacity=None,
    severities={},
)
AIDS = TypeAdapter(Aid)
TEXT = "Délibération"

whole = st.none() | st.integers(0, 8_000_000)
months = st.none() | st.integers(0, 130)
years = st.none() | st.integers(0, 130)
percents = st.decimals(0, 100, places=2)
days = st.dates(date(1900, 1, 1), date(2199, 12, 31))
coded = {section: st.sampled_from(sorted(codes(section))) for section in ("purposes", "papers", "exceptions")}
scales = st.builds(HouseholdScale, first_adult=percents, other_adult=percents, minor_child=st.decimals(0, 1, places=1))
lenders = st.builds(
    Lender,
    code=st.sampled_from(["one", "two", "three"]),
    name=st.just("x"),
    lending=st.none() | st.sampled_from(Lending),
    amount_cents_min=whole,
    amount_cents_max=whole,
    duration_months_min=months,
    duration_months_max=months,
    rate_percent=st.none() | percents,
)
indexes = st.lists(
    st.builds(
        Index,
        code=st.sampled_from(["rsa", "livret_a"]),
        name=st.just("x"),
        unit=st.sampled_from(IndexUnit),
        values=st.lists(
            st.builds(
                IndexValue,
                valid_from=st.none() | days,
                valid_to=st.none() | days,
                value=st.decimals(-5, 3_000, places=3),
                source=st.just("x"),
            ),
            max_size=3,
        ).map(tuple),
    ),
    max_size=2,
)
paths = st.sampled_from([field.name for field in fields(Product)] + ["attestations.no_other_aid", "residence"])
gates = st.none() | st.builds(
    CheckGate,
    effect=st.sampled_from(CheckEffect),
    told_by=st.none() | st.lists(st.sampled_from(Source), unique=True).map(tuple),
)
products = st.builds(
    replace,
    st.just(BESANCON),
    lender=lenders,
    other_lenders=st.lists(lenders, max_size=2).map(tuple),
    tiers=st.lists(
        st.builds(
            Tier,
            code=st.just("x"),
            name=st.just("x"),
            reasons=st.lists(coded["exceptions"], max_size=2).map(tuple),
            amount_cents_max=whole,
            duration_months_max=months,
        ),
        max_size=2,
    ).map(tuple),
    amount_cents_min=whole,
    amount_cents_max=whole,
    duration_months_min=months,
    duration_months_max=months,
    instalment_cents_max=whole,
    rate_percent=st.none() | percents,
    rate_bands=st.lists(st.builds(RateBand, age_min=years, age_max=years, rate_percent=percents), max_size=2).map(
        tuple
    ),
    indexed_rate=st.none()
    | st.builds(IndexedRate, index=st.sampled_from(["rsa", "livret_a", "none"]), margin_percent=percents),
    ficp=st.none() | st.sampled_from(ListingPolicy),
    bank_ban=st.none() | st.sampled_from(ListingPolicy),
    over_indebtedness=st.none() | st.sampled_from(ListingPolicy),
    rounding=st.none()
    | st.builds(
        RoundingRule,
        unit_cents=st.sampled_from([1, 100]),
        mode=st.sampled_from(Rounding),
        remainder_on=st.lists(st.sampled_from(RemainderOn), min_size=1, max_size=2, unique=True).map(tuple),
    ),
    grant=st.none()
    | st.builds(GrantRule, with_loan=st.booleans(), alone=st.booleans(), usual_cents=whole, cents_max=whole),
    purposes=st.none() | st.lists(coded["purposes"], max_size=3).map(tuple),
    purposes_excluded=st.lists(coded["purposes"], max_size=3).map(tuple),
    applicant_age_min=years,
    applicant_age_max=years,
    adults_max=years,
    minor_children_min=years,
    minor_children_max=years,
    residence_communes=st.none() | st.just(("25056", "59153")),
    residence_months_min=months,
    income_ceiling=st.none()
    | st.builds(
        IncomeCeiling,
        amount_cents=whole,
        index=st.none() | st.sampled_from(["rsa", "none"]),
        coefficient=percents,
        scale=scales,
        per=st.sampled_from(Period),
    ),
    left_to_live=st.none()
    | st.builds(LeftToLive, cents_min=st.integers(0, 300_000), per=st.sampled_from(PerUnit), scale=scales),
    debt_ratio_percent_max=st.none() | percents,
    instalment_within_capacity=st.none() | st.booleans(),
    attestations=st.lists(st.sampled_from(sorted(ASKED_FOR)), unique=True).map(tuple),
    documents=st.lists(coded["papers"], max_size=3).map(tuple),
    running_loans_max=st.none() | st.integers(0, 3),
    months_since_last_loan_min=months,
    precheck=gates,
    grant_check=gates,
    severities=st.dictionaries(paths, st.sampled_from(Severity), max_size=4),
    overridable_by=st.dictionaries(paths, st.just((Role.MANAGER,)), max_size=2),
)
told_aids = st.builds(
    Aid,
    purpose=st.none() | coded["purposes"],
    applicant_age=years,
    minor_children=st.none() | st.integers(0, 30),
    lives_in_served_commune=st.booleans(),
    loan_amount_cents=whole,
    duration_months=months,
    instalment_cents=whole,
    rounding_unit_cents=st.none() | st.sampled_from([1, 100]),
    rounding=st.none() | st.sampled_from(Rounding),
    remainder_on=st.none() | st.sampled_from(RemainderOn),
    grant_cents=st.integers(0, 100_000),
    on=st.none() | days,
    exceptional_reason=st.none() | coded["exceptions"],
    capacity=st.none() | st.sampled_from(Capacity),
    co_applicant_age=years,
    co_applicant_capacity=st.none() | st.sampled_from(Capacity),
    adults=st.none() | st.integers(1, 20),
    commune_insee_code=st.none() | st.sampled_from(["25056", "2A004"]),
    resident_since_on=st.none() | days,
    resources_cents=st.none() | st.integers(-1_000, 1_000_000),
    left_to_live_cents=st.none() | st.integers(-500_000, 1_000_000),
    debt_instalments_cents=whole,
    assessed_capacity_cents=whole,
    running_loans=st.none() | st.integers(0, 5),
    last_loan_ended_on=st.none() | days,
    attested=st.dictionaries(st.sampled_from(Attested), st.booleans()),
    documents=st.none() | st.frozensets(coded["papers"], max_size=4),
    is_complete=st.booleans(),
)


@given(products, told_aids, indexes, days, st.none() | st.sampled_from(["one", "two", "elsewhere"]), years)
def test_evaluation_is_total_told_and_repeatable(
    product: Product, aid: Aid, found: list[Index], on: date, lender: str | None, age: int | None
) -> None:
    try:
        settled = settle(product, on=on, indexes=found, lender=lender, age=age)
    except UnknownLender:
        assert lender not in {one.code for one in product.lenders} | {None}
        return
    first = breaches(settled, aid, reference=TEXT)
    for breach in first:
        assert breach.reference
        assert "{" not in messages.of_breach(breach, "fr") + messages.of_breach(breach, "en")
        kept = json.loads(json.dumps(breach.facts()))
        assert (kept["rule"], kept["severity"]) == (breach.rule, breach.severity)
    again = AIDS.validate_json(json.dumps(aid.facts()))
    assert breaches(settled, again, reference=TEXT) == first


FREE = replace(
    BESANCON,
    amount_cents_max=None,
    duration_months_max=None,
    rate_percent=None,
    ficp=None,
    rounding=None,
    grant=None,
    applicant_age_min=None,
)


@given(told_aids)
def test_what_is_not_stated_limits_nothing(aid: Aid) -> None:
    usual = replace(aid, exceptional_reason=None)
    assert _rules(FREE, usual) <= {"residence", *LEGAL_TEXTS}


@given(products, told_aids, st.sampled_from(["amount_cents_max", "duration_months_max", "applicant_age_max"]))
def test_a_wider_limit_never_adds_a_breach(product: Product, aid: Aid, rule: str) -> None:
    limit = getattr(product, rule)
    wider = replace(product, **{rule: None if limit is None else limit + 1})
    assert _rules(wider, aid) <= _rules(product, aid)


@given(products, told_aids)
def test_the_law_is_never_lowered_by_rules(product: Product, aid: Aid) -> None:
    indebted = replace(aid, loan_amount_cents=100_000, attested={Attested.OVER_INDEBTED: True}, exceptional_reason=None)
    told = {breach.rule: breach for breach in breaches(product, indebted, reference=TEXT)}
    assert told["over_indebtedness"].severity is Severity.REFUSE


def _rules(product: Product, aid: Aid) -> set[str]:
    return {breach.rule for breach in breaches(product, aid, reference=TEXT)}


# One fact against one rule, with its limit to the day or the cent.
LIVED = {"residence_months_min": 6}
SCALE = HouseholdScale(other_adult=Decimal("0.5"), minor_child=Decimal("0.3"))
LOAN = Aid(
    purpose="health", applicant_age=30, minor_children=0, lives_in_served_commune=True, adults=1,
    loan_amount_cents=100_000, duration_months=12, instalment_cents=8_400, on=date(2026, 7, 15),
)  # fmt: skip


@pytest.mark.parametrize(
    ("rules", "facts", "expected"),
    [
        (LIVED, {"resident_since_on": date(2026, 1, 15)}, {}),
        (LIVED, {"resident_since_on": date(2026, 1, 16)}, {"residence_months_min": (6, "2026-01-16", "refuse")}),
        (LIVED, {}, {}),
        (LIVED, {"is_complete": True}, {"residence_months_min": (6, None, "refuse")}),
        ({"residence_months_min": 1}, {"resident_since_on": date(2026, 1, 31), "on": date(2026, 2, 28)}, {}),
        (
            {"residence_communes": ("59153",)},
            {"commune_insee_code": "59253"},
            {"residence_communes": (["59153"], "59253", "refuse")},
        ),
        # 1 500 € a month for one person; half more for a second adult, three tenths for a child.
        ({"income_ceiling": IncomeCeiling(amount_cents=150_000, scale=SCALE)}, {"resources_cents": 150_000}, {}),
        (
            {"income_ceiling": IncomeCeiling(amount_cents=150_000, scale=SCALE)},
            {"resources_cents": 270_001, "adults": 2, "minor_children": 1},
            {"income_ceiling": (270_000, 270_001, "refuse")},
        ),
        (
            {"income_ceiling": IncomeCeiling(amount_cents=1_000_000, per=Period.YEAR)},
            {"resources_cents": 83_334},
            {"income_ceiling": (83_333, 83_334, "refuse")},
        ),
        (
            {"income_ceiling": IncomeCeiling(index="smic", coefficient=Decimal("1.5"))},
            {"resources_cents": 1},
            {"income_ceiling": (None, 1, "warn")},
        ),
        ({"left_to_live": LeftToLive(cents_min=20_000)}, {"left_to_live_cents": 28_400}, {}),
        (
            {"left_to_live": LeftToLive(cents_min=20_000)},
            {"left_to_live_cents": 28_399},
            {"left_to_live": (20_000, 19_999, "refuse")},
        ),
        (
            {"left_to_live": LeftToLive(cents_min=10_000, per=PerUnit.PERSON)},
            {"left_to_live_cents": 28_399, "minor_children": 1},
            {"left_to_live": (20_000, 19_999, "refuse")},
        ),
        (
            {"debt_ratio_percent_max": Decimal(33)},
            {"resources_cents": 100_000, "debt_instalments_cents": 24_600},
            {},
        ),
        (
            {"debt_ratio_percent_max": Decimal(33)},
            {"resources_cents": 100_000, "debt_instalments_cents": 24_601},
            {"debt_ratio_percent_max": ("33", "33.00", "refuse")},
        ),
        (
            {"debt_ratio_percent_max": Decimal(33)},
            {"resources_cents": 0, "debt_instalments_cents": 0},
            {"debt_ratio_percent_max": ("33", None, "refuse")},
        ),
        ({"instalment_within_capacity": True}, {"assessed_capacity_cents": 8_400}, {}),
        (
            {"instalment_within_capacity": True},
            {"assessed_capacity_cents": 8_399},
            {"instalment_within_capacity": (8_399, 8_400, "refuse")},
        ),
        (
            {"instalment_within_capacity": True},
            {"is_complete": True},
            {"instalment_within_capacity": (None, 8_400, "refuse")},
        ),
        ({"instalment_cents_max": 8_400}, {}, {}),
        ({"instalment_cents_max": 8_399}, {}, {"instalment_cents_max": (8_399, 8_400, "refuse")}),
        ({"duration_months_min": 13}, {}, {"duration_months_min": (13, 12, "refuse")}),
        ({"applicant_age_max": 25}, {}, {"applicant_age_max": (25, 30, "refuse")}),
        ({"purposes_excluded": ("health",)}, {}, {"purposes_excluded": (["health"], "health", "refuse")}),
        ({"running_loans_max": 0}, {"running_loans": 1}, {"running_loans_max": (0, 1, "refuse")}),
        ({"months_since_last_loan_min": 6}, {"last_loan_ended_on": date(2026, 1, 15)}, {}),
        (
            {"months_since_last_loan_min": 6},
            {"last_loan_ended_on": date(2026, 1, 16)},
            {"months_since_last_loan_min": (6, "2026-01-16", "refuse")},
        ),
        (
            {"documents": ("identity", "quote")},
            {"documents": frozenset({"quote"})},
            {"documents": (["identity"], None, "refuse")},
        ),
        (
            {"attestations": (Attested.NO_OTHER_AID,)},
            {"attested": {Attested.NO_OTHER_AID: False}},
            {"attestations.no_other_aid": (None, "no", "refuse")},
        ),
        ({"attestations": (Attested.NO_OTHER_AID,)}, {}, {}),
        (
            {"attestations": (Attested.NO_OTHER_AID,), "severities": {"attestations": Severity.WARN}},
            {"is_complete": True},
            {"attestations.no_other_aid": (None, None, "warn")},
        ),
        (
            {"ficp": ListingPolicy.REFUSED},
            {"attested": {Attested.FICP_LISTED: True}},
            {"ficp": ("refused", None, "refuse")},
        ),
        (
            {"bank_ban": ListingPolicy.ACCEPTED_UNDER_CONDITIONS},
            {"attested": {Attested.BANK_BANNED: True}},
            {"bank_ban": ("accepted_under_conditions", None, "warn")},
        ),
        ({"bank_ban": ListingPolicy.ACCEPTED}, {"attested": {Attested.BANK_BANNED: True}}, {}),
        ({}, {"attested": {Attested.OVER_INDEBTED: True}}, {"over_indebtedness": (None, None, "refuse")}),
        (
            {},
            {"attested": {Attested.OVER_INDEBTED: True, Attested.OVER_INDEBTEDNESS_AGREEMENT: True}},
            {},
        ),
        (
            {"over_indebtedness": ListingPolicy.REFUSED},
            {"attested": {Attested.OVER_INDEBTED: True, Attested.OVER_INDEBTEDNESS_AGREEMENT: True}},
            {"over_indebtedness": ("refused", "over_indebted", "refuse")},
        ),
        ({}, {"attested": {Attested.OVER_INDEBTED: True}, "loan_amount_cents": None, "grant_cents": 20_000}, {}),
        ({}, {"applicant_age": 17}, {"capacity": (None, "minor", "warn")}),
        ({}, {"applicant_age": 17, "capacity": Capacity.EMANCIPATED}, {}),
        ({}, {"applicant_age": 17, "capacity": Capacity.FULL}, {"capacity": (None, "minor", "warn")}),
        ({}, {"capacity": Capacity.CURATORSHIP}, {"capacity": (None, "curatorship", "warn")}),
        ({"amount_cents_max": 99_999, "severities": {"amount_cents_max": Severity.WARN}}, {},
         {"amount_cents_max": (99_999, 100_000, "warn")}),
    ],
)  # fmt: skip
def test_one_rule_and_its_limit(rules: dict[str, Any], facts: dict[str, Any], expected: object) -> None:
    plain = replace(BESANCON, ficp=None, rounding=None)
    found = breaches(replace(plain, **rules), replace(LOAN, **facts), reference=TEXT)
    assert {each.rule: (each.limit, each.actual, each.severity.value) for each in found} == expected


AUTHORISED = {"attested": {Attested.CAPACITY_AUTHORISED: True}}


@pytest.mark.parametrize("capacity", [Capacity.GUARDIANSHIP, Capacity.FAMILY_AUTHORISATION])
@pytest.mark.parametrize(
    ("facts", "severity"),
    [
        ({}, "warn"),
        ({"attested": {Attested.CAPACITY_AUTHORISED: False}}, "refuse"),
        ({"is_complete": True}, "refuse"),
        ({"is_complete": True, **AUTHORISED}, None),
        ({"is_complete": True, "loan_amount_cents": None, "grant_cents": 20_000}, None),
    ],
)
@pytest.mark.parametrize(
    ("whose", "rule"), [("capacity", "capacity"), ("co_applicant_capacity", "capacity.co_applicant")]
)
def test_who_is_under_guardianship_borrows_once_the_authorisation_is_recorded(
    capacity: Capacity, facts: dict[str, Any], severity: str | None, whose: str, rule: str
) -> None:
    found = breaches(BESANCON, replace(LOAN, **facts, **{whose: capacity}), reference=TEXT)
    told = [(each.rule, each.limit, each.actual, each.severity) for each in found if "capacity" in each.rule]
    assert told == ([] if severity is None else [(rule, "capacity_authorised", capacity, severity)])


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"co_applicant_age": 17}, {"capacity.co_applicant": (None, "minor")}),
        ({"co_applicant_age": 18}, {}),
        ({"co_applicant_age": 17, "co_applicant_capacity": Capacity.EMANCIPATED}, {}),
        ({"co_applicant_capacity": Capacity.MINOR}, {"capacity.co_applicant": (None, "minor")}),
        ({"co_applicant_capacity": Capacity.CURATORSHIP}, {"capacity.co_applicant": (None, "curatorship")}),
        (
            {"applicant_age": 17, "co_applicant_age": 16},
            {"capacity": (None, "minor"), "capacity.co_applicant": (None, "minor")},
        ),
        ({"applicant_age": 17, "capacity": Capacity.GUARDIANSHIP, **AUTHORISED}, {"capacity": (None, "minor")}),
    ],
)
def test_each_borrower_is_told_and_may_come_of_age_before_signing(facts: dict[str, Any], told: object) -> None:
    found = breaches(BESANCON, replace(LOAN, is_complete=True, **facts), reference=TEXT)
    assert {each.rule: (each.limit, each.actual) for each in found if each.severity is Severity.WARN} == told


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (
            {"co_applicant_age": 17},
            "du co-demandeur : « mineur ». Le contrat de prêt demande la majorité, l’émancipation ou",
        ),
        (
            {"capacity": Capacity.GUARDIANSHIP},
            "du demandeur : « tutelle ». Le contrat de prêt demande l’autorisation, enregistrée, du juge",
        ),
    ],
)
def test_the_sentence_says_which_borrower_lacks_what(facts: dict[str, Any], sentence: str) -> None:
    [breach] = breaches(BESANCON, replace(LOAN, **facts), reference=TEXT)
    assert sentence in messages.of_breach(breach, "fr")


@pytest.mark.parametrize("whose", ["capacity", "capacity.co_applicant"])
def test_no_rule_lowers_what_the_law_says_of_capacity(whose: str) -> None:
    lowered = replace(BESANCON, severities={"capacity": Severity.WARN, whose: Severity.WARN})
    under = {"capacity": Capacity.GUARDIANSHIP, "co_applicant_capacity": Capacity.GUARDIANSHIP}
    found = breaches(lowered, replace(LOAN, is_complete=True, **under), reference=TEXT)
    assert [each.severity for each in found if each.rule == whose] == [Severity.REFUSE]


TIERS = (
    Tier(code="vehicle", name="x", reasons=("vehicle_purchase", "debt_buyout"), amount_cents_max=800_000),
    Tier(code="long", name="x", reasons=("housing",), duration_months_max=60),
)


@pytest.mark.parametrize(
    ("reason", "amount", "duration", "expected"),
    [
        (None, 800_000, 36, {"amount_cents_max"}),
        ("vehicle_purchase", 800_000, 36, set()),
        ("vehicle_purchase", 800_001, 37, {"amount_cents_max", "duration_months_max"}),
        ("housing", 300_000, 60, set()),
        ("housing", 300_001, 60, {"amount_cents_max"}),
        ("health", 300_000, 36, {"tiers"}),
    ],
)
def test_an_exceptional_tier_opens_for_its_reasons_alone(
    reason: str | None, amount: int, duration: int, expected: set[str]
) -> None:
    """Laudun-l'Ardoise: « 6 000 € (8 000 en cas de rachat de dette ou d’achat de véhicule) », here above 3 000 €."""
    product = replace(BESANCON, tiers=TIERS)
    aid = replace(LOAN, exceptional_reason=reason, loan_amount_cents=amount, duration_months=duration)
    assert _rules(product, aid) == expected


def test_a_reason_where_there_is_no_tier_is_told_in_a_sentence_that_ends() -> None:
    [breach] = breaches(BESANCON, replace(LOAN, exceptional_reason="health"), reference=TEXT)
    assert messages.of_breach(breach, "fr") == (
        "La raison « Soins » n’ouvre aucune dérogation : ces règles n’en connaissent pas."
    )


def index(*values: tuple[date | None, date | None, str], unit: IndexUnit = IndexUnit.PERCENT) -> Index:
    rows = tuple(IndexValue(valid_from=a, valid_to=b, value=Decimal(v), source="x") for a, b, v in values)
    return Index(code="livret_a", name="Livret A", unit=unit, values=rows)


LIVRET_A = index((None, date(2026, 1, 31), "1.70"), (date(2026, 2, 1), date(2026, 7, 31), "1.50"))


@pytest.mark.parametrize(
    ("on", "rate"),
    [
        (date(2026, 1, 31), Decimal("3.95")),
        (date(2026, 2, 1), Decimal("3.75")),
        (date(2026, 8, 1), None),
    ],
)
def test_an_indexed_rate_is_that_of_the_day_and_never_carried_forward(on: date, rate: Decimal | None) -> None:
    """Sainte-Luce-sur-Loire: « le taux du Livret A + 2,25 % »; the values here are the test's own."""
    product = replace(BESANCON, indexed_rate=IndexedRate(index="livret_a", margin_percent=Decimal("2.25")))
    assert settle(product, on=on, indexes=[LIVRET_A]).rate_percent == rate
    assert settle(product, on=on, indexes=[]).rate_percent is None


@pytest.mark.parametrize(("age", "rate"), [(17, None), (18, "2"), (25, "2"), (26, "4"), (90, "4"), (None, None)])
def test_a_rate_by_age_band(age: int | None, rate: str | None) -> None:
    bands = (
        RateBand(age_min=18, age_max=25, rate_percent=Decimal(2)),
        RateBand(age_min=26, age_max=None, rate_percent=Decimal(4)),
    )
    found = settle(replace(BESANCON, rate_bands=bands), on=date(2026, 1, 1), indexes=[], age=age).rate_percent
    assert found == (None if rate is None else Decimal(rate))


BANDS = (RateBand(age_min=18, age_max=25, rate_percent=Decimal(2)),)


@pytest.mark.parametrize(
    ("rules", "age", "error", "facts"),
    [
        ({"rate_bands": BANDS}, None, BirthDateMissing, {}),
        ({"rate_bands": BANDS}, 26, RuleNotStated, {"path": "rate_percent"}),
        ({}, None, RuleNotStated, {"path": "rate_percent"}),
        ({"rate_bands": BANDS, "not_stated": ("lender.rate_percent",)}, None, RuleNotStated, {"path": "rate_percent"}),
    ],
)
def test_a_rate_that_waits_for_the_age_asks_for_the_birth_date_and_not_for_the_rule(
    rules: dict[str, Any], age: int | None, error: type[MicrocreditError], facts: dict[str, str]
) -> None:
    product = settle(replace(BESANCON, rate_percent=None, **rules), on=date(2026, 1, 1), indexes=[], age=age)
    with pytest.raises(error) as refused:
        stated_rate(product)
    assert refused.value.facts == facts


@pytest.mark.parametrize(
    ("lender", "silences", "rate"),
    [
        ("bank", ("other_lenders.1.rate_percent",), None),
        ("bank", ("other_lenders.0.rate_percent",), "2"),
        ("bank", (), "2"),
        ("association", ("other_lenders.1.rate_percent",), "2"),
        ("association", ("other_lenders.0.rate_percent",), None),
        (None, ("other_lenders.0.rate_percent",), "2"),
        (None, ("lender.rate_percent",), None),
    ],
)
@pytest.mark.parametrize(
    "rates",
    [
        {"rate_percent": Decimal(2)},
        {"rate_percent": None, "rate_bands": BANDS},
        {"rate_percent": None, "indexed_rate": IndexedRate(index="livret_a", margin_percent=Decimal("0.3"))},
    ],
)
def test_a_lender_whose_rate_is_not_stated_has_none_whatever_the_others_rate(
    lender: str | None, silences: tuple[str, ...], rate: str | None, rates: dict[str, Any]
) -> None:
    others = tuple(Lender(code=code, name="x") for code in ("association", "bank"))
    product = replace(BESANCON, other_lenders=others, not_stated=silences, **rates)
    settled = settle(product, on=date(2026, 1, 31), indexes=[LIVRET_A], lender=lender, age=20)
    assert settled.rate_percent == (None if rate is None else Decimal(rate))


def test_the_narrower_of_the_tenant_s_and_its_lender_s_limits_holds() -> None:
    other = Lender(
        code="bank", name="Bank", lending=Lending.PARTNER, amount_cents_min=50_000, amount_cents_max=200_000,
        duration_months_max=60, rate_percent=Decimal("6.20"),
    )  # fmt: skip
    product = replace(BESANCON, other_lenders=(other,), amount_cents_min=30_000)
    first = settle(product, on=date(2026, 1, 1), indexes=[])
    second = settle(product, on=date(2026, 1, 1), indexes=[], lender="bank")
    assert (first.lender.code, first.rate_percent, first.amount_cents_min) == ("ccas_besancon", 0, 30_000)
    assert (second.lender.code, second.lending, second.rate_percent) == ("bank", Lending.PARTNER, Decimal("6.20"))
    assert (second.amount_cents_min, second.amount_cents_max, second.duration_months_max) == (50_000, 200_000, 36)
    with pytest.raises(UnknownLender):
        settle(product, on=date(2026, 1, 1), indexes=[], lender="elsewhere")


def test_an_index_of_cents_makes_a_ceiling() -> None:
    smic = replace(index((None, None, "142667"), unit=IndexUnit.CENTS), code="smic")
    product = replace(BESANCON, income_ceiling=IncomeCeiling(index="smic", coefficient=Decimal("1.5")))
    settled = settle(product, on=date(2026, 1, 1), indexes=[smic])
    assert settled.income_ceiling is not None
    assert settled.income_ceiling.amount_cents == 142_667
    [breach] = breaches(settled, replace(LOAN, resources_cents=214_002), reference=TEXT)
    assert isinstance(breach, Breach)
    assert (breach.rule, breach.limit) == ("income_ceiling", 214_001)
    assert on_the_edge(settled, 214_001) == []


def test_a_narrower_limit_of_the_lender_cites_the_lender_s_sentence() -> None:
    lender = replace(BESANCON.lender, amount_cents_max=200_000, duration_months_max=60)
    texts = {**BESANCON.sources, "lender.amount_cents_max": "« 2 000 € »", "lender.duration_months_max": "« 60 mois »"}
    settled = settle(replace(BESANCON, lender=lender, sources=texts), on=date(2026, 1, 1), indexes=[])
    aid = replace(LOAN, loan_amount_cents=200_001, duration_months=37)
    told = {breach.rule: (breach.limit, breach.reference) for breach in breaches(settled, aid, reference=TEXT)}
    assert told["amount_cents_max"] == (200_000, "« 2 000 € »")
    assert told["duration_months_max"] == (36, BESANCON.sources["duration_months_max"])


def on_the_edge(product: Product, resources_cents: int) -> list[Breach]:
    return breaches(product, replace(LOAN, resources_cents=resources_cents), reference=TEXT)

"""The four shipped rule files say what the documents of the four CCAS say, and own up to the rest."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from app.domain.breaches import Severity
from app.domain.dates import Precision
from app.domain.lenders import Guarantee, Lending
from app.domain.products import Attested, GrantRule, ListingPolicy, Product
from app.domain.rule_paths import is_rule, value_at
from app.domain.rules import RuleVersion, TenantRules
from app.parameters.codes import codes
from app.parameters.yaml_file import load_yaml
from app.tenants import seed_files

CONDITIONS = ListingPolicy.ACCEPTED_UNDER_CONDITIONS
PRECHECK = ListingPolicy.LENDER_CHECKS_BEFORE_APPOINTMENT

ADAPTER = TypeAdapter(TenantRules)
LOADED: dict[str, dict[str, Any]] = {path.stem: load_yaml(path) for path in seed_files()}

# What names or shapes a product; no document has to state it.
STRUCTURAL = {"code", "name", "not_stated", "inferred", "sources", "severities"}


def as_json(content: object) -> str:
    return json.dumps(content, default=date.isoformat)


RULES = {slug: ADAPTER.validate_json(as_json(content), strict=True) for slug, content in LOADED.items()}
PRODUCTS: list[Any] = [
    pytest.param(product, id=f"{slug}-{version['version']}-{product['code']}")
    for slug, content in LOADED.items()
    for version in content["versions"]
    for product in version["products"]
]


def product_on(slug: str, day: date) -> Product:
    version = next(
        version
        for version in RULES[slug].versions
        if (version.valid_from or date.min) <= day <= (version.valid_to or date.max)
    )
    return version.products[0]


def typed(product: dict[str, Any]) -> Product:
    return TypeAdapter(Product).validate_json(as_json(product))


def leaves(content: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a product with its path; a list of plain values, or an empty one, is one value."""
    if isinstance(content, dict):
        for name, value in content.items():
            if path or name not in STRUCTURAL:
                yield from leaves(value, f"{path}.{name}".lstrip("."))
    elif isinstance(content, list) and any(isinstance(value, dict) for value in content):
        for index, value in enumerate(content):
            yield from leaves(value, f"{path}.{index}")
    else:
        yield path, content


def covers(paths: list[str], path: str) -> bool:
    return any(path == known or path.startswith(known + ".") for known in paths)


def test_the_four_tenants_are_shipped() -> None:
    assert list(LOADED) == ["amiens", "besancon", "fresnes", "toulouse"]
    assert all(rules.slug == slug and rules.time_zone == "Europe/Paris" for slug, rules in RULES.items())


def test_communes() -> None:
    named = {slug: {one.insee_code: one.name for one in rules.communes} for slug, rules in RULES.items()}
    assert named == {
        "amiens": {"80021": "Amiens"},
        "besancon": {"25056": "Besançon"},
        "fresnes": {
            "59253": "Fresnes-sur-Escaut",
            "59153": "Condé-sur-l'Escaut",
            "59207": "Escautpont",
            "59616": "Vieux-Condé",
        },
        "toulouse": {"31555": "Toulouse"},
    }
    assert {slug for slug, rules in RULES.items() if rules.kind == "intercommunal"} == {"fresnes"}


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(ValidationError, match="motto"):
        ADAPTER.validate_json(as_json(LOADED["amiens"] | {"motto": "x"}), strict=True)


@pytest.mark.parametrize("rules", RULES.values(), ids=RULES)
def test_versions_follow_one_another(rules: TenantRules) -> None:
    assert [version.version for version in rules.versions] == list(range(1, len(rules.versions) + 1))
    assert rules.versions[-1].valid_to is None
    for before, after in pairwise(rules.versions):
        assert before.valid_to is not None
        assert after.valid_from == before.valid_to + timedelta(days=1)


def test_the_versions_of_besancon() -> None:
    assert [dates(version) for version in RULES["besancon"].versions] == [
        (date(2009, 10, 1), Precision.QUARTER),
        (date(2011, 1, 1), Precision.YEAR),
        (date(2011, 5, 1), Precision.MONTH),
        (date(2011, 10, 13), Precision.DAY),
    ]


def test_the_start_of_the_others() -> None:
    assert dates(RULES["toulouse"].versions[0]) == (date(2009, 3, 1), Precision.MONTH)
    assert RULES["amiens"].versions[0].valid_from is None
    assert RULES["fresnes"].versions[0].valid_from is None


def dates(version: RuleVersion) -> tuple[date | None, Precision]:
    return version.valid_from, version.valid_from_precision


@pytest.mark.parametrize(
    ("slug", "lender", "amount_min", "amount_max", "months_max", "rate", "borne_by", "ficp"),
    [
        ("besancon", "CCAS de Besançon", None, 300_000, 36, "0", "nobody", CONDITIONS),
        ("amiens", "Crédit Mutuel", None, 200_000, 24, "6.20", "borrower", None),
        ("toulouse", "Crédit Municipal de Toulouse", 30_000, 300_000, 36, "3.04", "city", PRECHECK),
        ("fresnes", "Parcours Confiance en Nord – Pas de Calais", 30_000, 300_000, 36, None, None, None),
    ],
)
@pytest.mark.parametrize("day", [date(2009, 12, 1), date(2011, 2, 1), date(2011, 6, 1), date(2018, 1, 1)])
def test_the_four_rule_sets_side_by_side(
    slug: str,
    lender: str,
    amount_min: int | None,
    amount_max: int,
    months_max: int,
    rate: str | None,
    borne_by: str | None,
    ficp: ListingPolicy | None,
    day: date,
) -> None:
    product = product_on(slug, day)
    assert product.lender.name == lender
    assert product.lending is (Lending.OWN_FUNDS if slug == "besancon" else Lending.PARTNER)
    assert (product.amount_cents_min, product.amount_cents_max) == (amount_min, amount_max)
    assert product.duration_months_max == months_max
    assert product.rate_percent == (None if rate is None else Decimal(rate))
    assert product.interest_borne_by == borne_by
    assert product.ficp == ficp


@pytest.mark.parametrize(
    ("slug", "guarantees"),
    [
        ("besancon", ()),
        ("amiens", (Guarantee(guarantor="Fonds de garantie créé par le législateur"),)),
        ("toulouse", (Guarantee(guarantor="Ville de Toulouse", share_percent=Decimal(15)),)),
        ("fresnes", None),
    ],
)
def test_guarantees(slug: str, guarantees: tuple[Guarantee, ...] | None) -> None:
    assert product_on(slug, date(2018, 1, 1)).guarantees == guarantees


def test_amiens_announces_two_more_banks() -> None:
    assert product_on("amiens", date(2012, 1, 1)).lender.planned == ("Banque Postale", "Caisse d'Épargne")


@pytest.mark.parametrize(
    ("slug", "agreements"),
    [
        ("besancon", []),
        ("amiens", [("credit_mutuel", False), ("banque_postale", True), ("caisse_epargne", True)]),
        ("toulouse", [("credit_municipal_toulouse", False)]),
        ("fresnes", [("parcours_confiance_npdc", False)]),
    ],
)
def test_agreements_name_the_partners_and_whether_they_are_signed(
    slug: str, agreements: list[tuple[str, bool]]
) -> None:
    assert [(one.partner, one.planned) for one in RULES[slug].agreements] == agreements
    for agreement in RULES[slug].agreements:
        assert "«" in agreement.source, "a quotation says so"
        assert (agreement.valid_from is None) == (agreement.valid_from_precision is None)
        assert agreement.check_valid_days == 30


@pytest.mark.parametrize("slug", ["amiens", "toulouse", "fresnes"])
def test_whoever_lends_by_the_rules_has_a_signed_agreement(slug: str) -> None:
    signed = {one.partner: one.partner_name for one in RULES[slug].agreements if not one.planned}
    for version in RULES[slug].versions:
        assert all(signed.get(one.lender.code) == one.lender.name for one in version.products)


def test_planned_agreements_are_with_the_partners_that_the_rules_announce() -> None:
    for slug, rules in RULES.items():
        announced = {name for version in rules.versions for one in version.products for name in one.lender.planned}
        assert {one.partner_name for one in rules.agreements if one.planned} == announced, slug


def test_the_parties_sign_together_at_toulouse_alone() -> None:
    together = {slug for slug in RULES if product_on(slug, date(2018, 1, 1)).signed_together}
    assert together == {"toulouse"}


@pytest.mark.parametrize(
    ("slug", "body"),
    [
        ("besancon", "commission"),
        ("amiens", "commission_then_lender"),
        ("toulouse", "lender"),
        ("fresnes", "lender"),
    ],
)
def test_who_decides_and_who_signs(slug: str, body: str) -> None:
    product = product_on(slug, date(2018, 1, 1))
    signatures = {"besancon": ("borrower", "ccas"), "fresnes": None}
    assert product.deciding_body == body
    assert product.signed_by == signatures.get(slug, ("borrower", "ccas", "lender"))


@pytest.mark.parametrize(
    ("day", "with_grant", "usual_cents", "commitment", "fast_track", "minor_children_max"),
    [
        (date(2009, 10, 1), False, None, "written", False, 0),
        (date(2010, 12, 31), False, None, "written", False, 0),
        (date(2011, 1, 1), True, 30_000, "oral", False, 0),
        (date(2011, 4, 30), True, 30_000, "oral", False, 0),
        (date(2011, 5, 1), True, 30_000, "oral", True, 0),
        (date(2011, 10, 12), True, 30_000, "oral", True, 0),
        (date(2011, 10, 13), True, 30_000, "oral", True, None),
    ],
)
def test_what_changed_in_besancon(
    day: date,
    with_grant: bool,  # noqa: FBT001 - a column of the table above
    usual_cents: int | None,
    commitment: str,
    fast_track: bool,  # noqa: FBT001
    minor_children_max: int | None,
) -> None:
    product = product_on("besancon", day)
    assert product.grant is not None
    assert (product.grant.with_loan, product.grant.alone) == (with_grant, with_grant)
    assert product.grant.usual_cents == usual_cents
    assert product.commitment == commitment
    assert product.fast_track is fast_track
    assert product.minor_children_max == minor_children_max


def test_besancon_rounds_up_to_whole_euros() -> None:
    product = product_on("besancon", date(2011, 6, 1))
    assert product.rounding is not None
    assert (product.rounding.unit_cents, product.rounding.mode) == (100, "up")
    assert product.rounding.remainder_on == ("first", "last")
    assert "rounding" in product.inferred
    assert product.applicant_age_min == 16
    assert (product.payee, product.collected_by) == ("supplier", "public_accountant")


@pytest.mark.parametrize("product", PRODUCTS)
def test_what_is_not_stated_is_null(product: dict[str, Any]) -> None:
    assert [path for path in product["not_stated"] if value_at(typed(product), path) is not None] == []


@pytest.mark.parametrize("product", PRODUCTS)
def test_sources_and_inferences_name_fields(product: dict[str, Any]) -> None:
    named = [*product["sources"], *product["inferred"], *product["not_stated"], *product.get("severities", {})]
    assert [path for path in named if not is_rule(typed(product), path)] == []


@pytest.mark.parametrize("product", PRODUCTS)
def test_every_value_is_stated_inferred_or_owned_up_to(product: dict[str, Any]) -> None:
    accounted = [*product["sources"], *product["inferred"], *product["not_stated"]]
    assert [path for path, _ in leaves(product) if not covers(accounted, path)] == []


@pytest.mark.parametrize("product", PRODUCTS)
def test_nothing_is_both_stated_and_not(product: dict[str, Any]) -> None:
    assert set(product["not_stated"]).isdisjoint([*product["sources"], *product["inferred"]])


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_source_quotes_a_document_by_its_name(product: dict[str, Any]) -> None:
    for quotation in product["sources"].values():
        assert quotation.startswith("« ")
        assert quotation.endswith(")")
        assert " » " in quotation or " », " in quotation


@pytest.mark.parametrize("product", PRODUCTS)
def test_purposes_are_codes(product: dict[str, Any]) -> None:
    assert set(product["purposes"] or ()) <= codes("purposes")


# The rest of the rule sets side by side: who decides, signs, pays, collects, and what goes with the loan.
TABLE: dict[str, list[Any]] = {
    "deciding_body": ["commission", "commission_then_lender", "lender", "lender"],
    "fast_track": [True, False, False, False],
    "action_plan_before_start": [None, True, None, None],
    "signed_by": [("borrower", "ccas"), ("borrower", "ccas", "lender"), ("borrower", "ccas", "lender"), None],
    "signed_together": [None, None, True, None],
    "support_for_whole_loan": [None, None, True, None],
    "commitment": ["oral", "written", "written", None],
    "payee": ["supplier", None, None, None],
    "collected_by": ["public_accountant", None, None, None],
    "grant": [GrantRule(with_loan=True, alone=True, usual_cents=30_000), None, None, None],
    "minor_children_max": [None, None, None, None],
    "bank_ban": [CONDITIONS, None, None, None],
}


@pytest.mark.parametrize("rule", TABLE)
def test_the_rest_of_the_rule_sets_side_by_side(rule: str) -> None:
    products = [product_on(slug, date(2026, 1, 1)) for slug in ("besancon", "amiens", "toulouse", "fresnes")]
    assert [getattr(product, rule) for product in products] == TABLE[rule]


def test_only_toulouse_asks_that_no_other_aid_applies() -> None:
    asked = {slug for slug in RULES if Attested.NO_OTHER_AID in product_on(slug, date(2026, 1, 1)).attestations}
    assert asked == {"toulouse"}


@pytest.mark.parametrize("slug", RULES)
def test_what_all_four_share(slug: str) -> None:
    """Excluded from ordinary credit, engaged in a project, repaying within their means: each only warns so far."""
    product = product_on(slug, date(2026, 1, 1))
    assert {Attested.EXCLUDED_FROM_CREDIT, Attested.ENGAGED_IN_PROJECT} <= set(product.attestations)
    assert product.instalment_within_capacity
    assert product.severities == {"attestations": Severity.WARN, "instalment_within_capacity": Severity.WARN}

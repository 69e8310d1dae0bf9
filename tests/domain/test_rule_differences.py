"""What a version changes, and the words that people read for it."""

from dataclasses import fields, is_dataclass, replace
from datetime import date
from decimal import Decimal
from enum import EnumMeta
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints

import pytest

from app.commands.rule_words import difference_words, product_words, told
from app.commands.tenants import read_rules
from app.domain.committees import CommissionRule, VoteKeeping
from app.domain.ledger import PayeeKind
from app.domain.lenders import Guarantee, Lender
from app.domain.products import Commitment
from app.domain.rule_differences import Difference, differences
from app.domain.rule_paths import rule_paths
from app.domain.rules import Index, IndexUnit, IndexValue, RuleVersion, TenantRules
from app.parameters.rule_labels import field_label, rule_label, value_label
from app.parameters.yaml_file import load_yaml
from app.tenants import seed_files

FILES = {path.stem: read_rules(path) for path in seed_files()}
LENT = FILES["toulouse"].versions[0]
PRODUCT = LENT.products[0]
INDEX = Index(
    code="livret_a",
    name="Livret A",
    unit=IndexUnit.PERCENT,
    values=(IndexValue(valid_from=None, valid_to=None, value=Decimal(3), source="x"),),
)


def changed(**changes: Any) -> RuleVersion:
    return replace(LENT, products=(replace(PRODUCT, **changes),))


def of(before: RuleVersion, after: RuleVersion) -> dict[str, tuple[Any, Any]]:
    """What differs by path."""
    found = differences(before, after)
    assert len({one.path for one in found}) == len(found)
    return {one.path: (one.before, one.after) for one in found}


@pytest.mark.parametrize("version", [version for rules in FILES.values() for version in rules.versions])
def test_a_version_does_not_differ_from_itself_whatever_its_dates(version: RuleVersion) -> None:
    other = replace(version, version=99, valid_from=date(2030, 1, 1), valid_to=None, reference="Une autre")
    assert of(version, other) == {}


def test_besancons_versions_changed_what_its_report_tells() -> None:
    versions = FILES["besancon"].versions
    rules = [
        {
            path.removeprefix("products.parcours_projet."): change
            for path, change in of(before, after).items()
            if ".sources" not in path and ".not_stated" not in path
        }
        for before, after in pairwise(versions)
    ]
    assert rules == [
        {
            "grant.with_loan": (False, True),
            "grant.alone": (False, True),
            "grant.usual_cents": (None, 30_000),
            "commitment": (Commitment.WRITTEN, Commitment.ORAL),
        },
        {"fast_track": (False, True)},
        {"minor_children_max": (0, None)},
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"amount_cents_max": 200_000}, {"amount_cents_max": (300_000, 200_000)}),
        ({"lender": replace(PRODUCT.lender, amount_cents_max=1)}, {"lender.amount_cents_max": (None, 1)}),
        (
            {"guarantees": ()},
            {"guarantees.0.guarantor": ("Ville de Toulouse", None), "guarantees.0.share_percent": (Decimal(15), None)},
        ),
        (
            {"guarantees": (*(PRODUCT.guarantees or ()), Guarantee(guarantor="État"))},
            {"guarantees.1.guarantor": (None, "État")},
        ),
        (
            {"other_lenders": (Lender(code="b", name="B"),)},
            {"other_lenders.0.code": (None, "b"), "other_lenders.0.name": (None, "B")},
        ),
        ({"sources": {**PRODUCT.sources, "payee": "« x »"}}, {"sources.payee": (None, "« x »")}),
        ({"purposes": ("health",)}, {"purposes": (None, ("health",))}),
    ],
)
def test_each_rule_that_differs_is_told_once_with_both_values(
    changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    prefix = "products.personal_microcredit."
    assert of(LENT, changed(**changes)) == {f"{prefix}{path}": values for path, values in expected.items()}


def test_products_and_indexes_are_compared_by_code_wherever_they_stand() -> None:
    other = replace(PRODUCT, code="other", name="Autre")
    before = replace(LENT, products=(PRODUCT, other), indexes=(INDEX,))
    assert of(before, replace(before, products=(other, PRODUCT))) == {}
    assert of(before, replace(before, products=(other,), indexes=())) == {
        "products.personal_microcredit": (PRODUCT, None),
        "indexes.livret_a": (INDEX, None),
    }
    assert of(LENT, before) == {"products.other": (None, other), "indexes.livret_a": (None, INDEX)}


def test_how_the_commission_deliberates_is_compared_rule_by_rule() -> None:
    before = replace(LENT, commission=CommissionRule(quorum_members_min=3))
    after = replace(LENT, commission=CommissionRule(votes=VoteKeeping.COUNTED))
    assert of(before, after) == {
        "commission.quorum_members_min": (3, None),
        "commission.votes": (None, VoteKeeping.COUNTED),
    }
    assert of(LENT, replace(LENT, commission=CommissionRule())) == {}
    words = [difference_words(one).replace("\u00a0", " ") for one in differences(before, after)]
    assert words == ["Quorum en membres : 3 → –", "Votes consignés : – → en nombre"]


# Words.


@pytest.mark.parametrize(
    ("rule", "before", "after", "french", "english"),
    [
        (
            "amount_cents_max",
            300_000,
            200_050,
            "Prêt maximal : 3 000 € → 2 000,50 €",
            "Largest loan: €3,000 → €2,000.50",
        ),
        ("duration_months_max", 36, None, "Durée maximale : 36 mois → –", "Longest duration: 36 months → –"),
        ("rate_percent", Decimal("3.04"), Decimal("1E+1"), "Taux : 3,04 % → 10 %", "Rate: 3.04 % → 10 %"),
        ("fast_track", False, True, "Validation anticipée : non → oui", "Fast track: no → yes"),
        ("applicant_age_min", None, 18, "Âge minimal : – → 18 ans", "Youngest age: – → 18 years"),
        (
            "guarantees.0.share_percent",
            None,
            Decimal(15),
            "Garanties 1, part : – → 15 %",
            "Guarantees 1, share: – → 15 %",
        ),
        (
            "commitment",
            Commitment.WRITTEN,
            Commitment.NONE,
            "Engagement de la personne : écrit → aucun",
            "The person's commitment: written → none",
        ),
        (
            "purposes",
            ("health", "debts"),
            (),
            "Objets permis : Santé, soins non pris en charge par le système de santé, Dettes → aucun",
            "Purposes allowed: Health care not covered, Debts → none",
        ),
        (
            "payee",
            PayeeKind.SUPPLIER,
            PayeeKind.BORROWER,
            "Versement à : le prestataire → l'emprunteur",
            "Paid to: the supplier → the borrower",
        ),
        (
            "residence_communes",
            None,
            ("59153",),
            "Communes de résidence : – → Condé-sur-l'Escaut (59153)",
            "Communes of residence: – → Condé-sur-l'Escaut (59153)",
        ),
        (
            "not_stated",
            ("ficp", "payee"),
            ("payee", "grant.usual_cents"),
            "Non précisé : − Inscription au FICP, + Subvention, montant habituel",
            "Not stated: − Listed in the FICP, + Grant, usual amount",
        ),
        ("", PRODUCT, None, "x : Micro-crédit personnel accompagné → –", "x: Micro-crédit personnel accompagné → –"),
        (
            "values.0.valid_from",
            None,
            date(2024, 2, 1),
            "Valeurs 1, depuis le : – → 01/02/2024",
            "Values 1, from: – → 2024-02-01",
        ),
    ],
)
def test_a_difference_in_words(rule: str, before: Any, after: Any, french: str, english: str) -> None:
    difference = Difference("products", "x", rule, before, after)
    for language, expected in (("fr", french), ("en", english)):
        words = difference_words(difference, language)  # type: ignore[arg-type]
        assert words.replace("\u00a0", " ").replace("\u202f", " ") == expected


def test_a_product_in_words_tells_its_rules_and_what_it_leaves_open() -> None:
    words = "\n".join(product_words(PRODUCT)).replace("\u00a0", " ").replace("\u202f", " ")
    for said in (
        "Prêteur, nom : Crédit Municipal de Toulouse",
        "Prêt minimal : 300 €",
        "Taux : 3,04 %",
        "Intérêts à la charge de : la Ville",
        "Inscription au FICP : vérifiée par le prêteur avant le premier rendez-vous",
    ):
        assert said in words
    assert words.splitlines()[-1].startswith("Non précisé : Interdiction bancaire")
    assert "«" not in words


def test_a_code_that_no_list_has_stands_for_itself() -> None:
    assert told("purposes", ("rocket",)) == "rocket"
    assert told("residence_communes", ("00000",)) == "? (00000)"


def kinds(kind: Any, seen: set[Any]) -> set[Any]:
    """Every class and enumeration that rules are made of."""
    waiting = [kind]
    while waiting:
        one = waiting.pop()
        waiting += get_args(one)
        if one not in seen and (is_dataclass(one) or isinstance(one, EnumMeta)):
            seen.add(one)
            waiting += get_type_hints(one).values() if is_dataclass(one) else ()
    return seen


LANGUAGES: tuple[Literal["fr", "en"], ...] = ("fr", "en")
OF_TENANTS_ALONE = {"TenantKind", "Precision"}


def test_every_field_of_the_rules_has_a_french_and_an_english_name_and_no_other_has() -> None:
    names = {field.name for kind in kinds(TenantRules, set()) if is_dataclass(kind) for field in fields(kind)}
    for name in names:
        assert all(field_label(name, language).strip() for language in LANGUAGES)
    known = load_yaml(Path(__file__).parents[2] / "app/parameters/rule_labels.yaml")["rules"]
    beside = {path.rpartition(".")[2] for path in rule_paths()}
    assert {name for name in known if "." not in name} <= names | beside


def test_every_value_that_rules_choose_from_has_its_words() -> None:
    chosen = [kind for kind in kinds(TenantRules, set()) if isinstance(kind, EnumMeta)]
    known = load_yaml(Path(__file__).parents[2] / "app/parameters/rule_labels.yaml")["values"]
    values = {str(one.value) for kind in chosen if kind.__name__ not in OF_TENANTS_ALONE for one in list(kind)}
    assert values - set(known) == set()
    assert value_label("Un texte libre", "fr") == "Un texte libre"


def test_every_path_of_a_rule_can_be_told() -> None:
    for path in rule_paths():
        for language in LANGUAGES:
            words = rule_label(path.replace("*", "0"), language)
            assert words[0].isupper()
            assert "_" not in words

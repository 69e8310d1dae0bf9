"""What rules may not say together, and what the law forbids: every fault, with its path."""

import ast
import json
from dataclasses import fields, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from string import Formatter
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from app.domain.amortization import RemainderOn, Rounding
from app.domain.channels import Source
from app.domain.committees import CommissionRule
from app.domain.dates import Precision
from app.domain.errors import FieldFault
from app.domain.ficp import CheckEffect, CheckGate
from app.domain.lenders import (
    CapOf,
    Guarantee,
    IndexedRate,
    InterestAid,
    Lender,
    Lending,
    PaidWhen,
    Payer,
    RateBand,
    RefundCondition,
)
from app.domain.national_law import Scope
from app.domain.notices import FastTrackNotice
from app.domain.permissions import Role
from app.domain.products import (
    Attested,
    Collector,
    DecidingBody,
    DeferralRule,
    GrantRule,
    HouseholdScale,
    IncomeCeiling,
    LeftToLive,
    ListingPolicy,
    Party,
    PerUnit,
    Product,
    RoundingRule,
    Tier,
)
from app.domain.rule_checks import RuleCodes, RuleFault, faults
from app.domain.rule_paths import rule_paths
from app.domain.rules import Index, IndexUnit, IndexValue, RuleVersion, TenantRules
from app.domain.tenant_checks import remarks, tenant_faults
from app.messages import of_fault
from app.parameters.codes import codes
from app.parameters.communes import communes
from app.parameters.law import national_law, usury_table
from app.parameters.yaml_file import load_yaml
from app.tenants import seed_files
from tests.domain.any_rules import anything

CODES = RuleCodes(purposes=codes("purposes"), papers=codes("papers"), exceptions=codes("exceptions"))
FILES = {
    path.stem: TypeAdapter(TenantRules).validate_json(json.dumps(load_yaml(path), default=date.isoformat))
    for path in seed_files()
}
BESANCON, TOULOUSE = FILES["besancon"], FILES["toulouse"]
OWN, LENT = BESANCON.versions[3], TOULOUSE.versions[0]
ON = date(2024, 1, 1)
PARTNER = Lender(code="bank", name="Bank")
PERCENT = IndexUnit.PERCENT
DAY = timedelta(days=1)


def found(version: RuleVersion) -> list[RuleFault]:
    return faults(version, law=national_law(), usury=usury_table(), codes=CODES, communes=frozenset({"31555"}))


def told(version: RuleVersion) -> set[tuple[str, str]]:
    """Path and code of each fault; each has a French and an English sentence with all that it names."""
    told_once = [(fault.path, fault.code) for fault in found(version)]
    assert len(set(told_once)) == len(told_once)
    for fault in found(version):
        assert_sentences(fault)
    return set(told_once)


def assert_sentences(fault: RuleFault) -> None:
    for language in ("fr", "en"):
        sentence = of_fault(FieldFault(fault.path, fault.code, dict(fault.facts)), language)
        assert sentence != of_fault(FieldFault("", "invalid", {}), language), fault.code


def lent(**changes: Any) -> RuleVersion:
    """Toulouse's version from 2024 on, its only product changed."""
    changed = replace(LENT.products[0], not_stated=(), sources={}, inferred=(), severities={}) if changes else None
    products = (replace(changed or LENT.products[0], **changes),)
    return replace(LENT, valid_from=ON, valid_from_precision=Precision.DAY, products=products)


def index(*values: tuple[date | None, date | None, str], unit: IndexUnit = PERCENT, code: str = "livret_a") -> Index:
    rows = (IndexValue(valid_from=a, valid_to=b, value=Decimal(c), source="x") for a, b, c in values)
    return Index(code=code, name="Livret A", unit=unit, values=tuple(rows))


STEADY = index((None, None, "3"))
INDEXED: dict[str, Any] = {
    "rate_percent": None,
    "indexed_rate": IndexedRate(index="livret_a", margin_percent=Decimal(1)),
}


OWN_FUNDS: dict[str, Any] = {
    "lending": Lending.OWN_FUNDS,
    "ficp": None,
    "precheck": None,
    "deciding_body": DecidingBody.COMMISSION,
    "signed_by": None,
}


def band(age_min: int | None, age_max: int | None, rate: str = "1") -> RateBand:
    return RateBand(age_min=age_min, age_max=age_max, rate_percent=Decimal(rate))


def guarantee(share: str | None, **given: Any) -> Guarantee:
    return Guarantee(guarantor="Ville", share_percent=None if share is None else Decimal(share), **given)


def aid(**given: Any) -> InterestAid:
    return InterestAid(**{"payer": Payer.CCAS, **given})


def borne(*aids: InterestAid, **changes: Any) -> dict[str, Any]:
    return {"interest_borne_by": Payer.BORROWER, "interest_aids": aids, **changes}


def tier(**given: Any) -> Tier:
    return Tier(**{"code": "car", "name": "Voiture", "reasons": ("vehicle_purchase",), **given})


def ceiling(**given: Any) -> IncomeCeiling:
    return IncomeCeiling(**given)


@pytest.mark.parametrize("version", [version for rules in FILES.values() for version in rules.versions])
def test_the_seeds_have_no_fault(version: RuleVersion) -> None:
    assert told(version) == set()


@pytest.mark.parametrize("rules", FILES.values(), ids=FILES)
def test_the_files_of_the_seeds_have_no_fault_and_name_their_communes_as_the_state_does(rules: TenantRules) -> None:
    assert of_file(rules) == set()
    assert {remark.code for remark in remarked(rules)} <= {"no_national_cap"}


def test_a_version_with_neither_date_nor_rate_has_no_fault() -> None:
    assert told(replace(FILES["fresnes"].versions[0])) == set()


# One product.


@pytest.mark.parametrize(
    ("changes", "path", "code"),
    [
        # limits
        ({"amount_cents_min": 300_001}, "amount_cents_min", "minimum_above_maximum"),
        ({"duration_months_min": 37}, "duration_months_min", "minimum_above_maximum"),
        ({"applicant_age_min": 26, "applicant_age_max": 25}, "applicant_age_min", "minimum_above_maximum"),
        ({"minor_children_min": 2, "minor_children_max": 1}, "minor_children_min", "minimum_above_maximum"),
        ({"amount_cents_max": 7_500_001}, "amount_cents_max", "too_large"),
        ({"amount_cents_max": 0, "amount_cents_min": None}, "amount_cents_max", "too_small"),
        ({"amount_cents_min": -1}, "amount_cents_min", "too_small"),
        ({"duration_months_max": 121}, "duration_months_max", "too_large"),
        ({"duration_months_max": 0}, "duration_months_max", "too_small"),
        ({"instalment_cents_max": 0}, "instalment_cents_max", "too_small"),
        ({"instalment_cents_max": 7_500_001}, "instalment_cents_max", "too_large"),
        ({"adults_max": 0}, "adults_max", "too_small"),
        ({"applicant_age_min": -1}, "applicant_age_min", "too_small"),
        ({"running_loans_max": -1}, "running_loans_max", "too_small"),
        ({"debt_ratio_percent_max": Decimal("100.5")}, "debt_ratio_percent_max", "too_large"),
        (
            {"grant": GrantRule(with_loan=True, alone=True, usual_cents=2, cents_max=1)},
            "grant.usual_cents",
            "minimum_above_maximum",
        ),
        ({"grant": GrantRule(with_loan=True, alone=True, cents_max=-1)}, "grant.cents_max", "too_small"),
        (
            {"deferrals": DeferralRule(count_max=1, consecutive_max=2)},
            "deferrals.consecutive_max",
            "minimum_above_maximum",
        ),
        ({"left_to_live": LeftToLive(cents_min=-1)}, "left_to_live.cents_min", "too_small"),
        (
            {
                "left_to_live": LeftToLive(
                    cents_min=1, per=PerUnit.UNIT, scale=HouseholdScale(minor_child=Decimal("-0.3"))
                )
            },
            "left_to_live.scale.minor_child",
            "too_small",
        ),
        # lenders
        (
            {"other_lenders": (replace(PARTNER, amount_cents_min=300_001),)},
            "other_lenders.0.amount_cents_min",
            "minimum_above_maximum",
        ),
        ({"lender": replace(PARTNER, amount_cents_max=29_999)}, "lender.amount_cents_max", "minimum_above_maximum"),
        ({"lender": replace(PARTNER, duration_months_min=37)}, "lender.duration_months_min", "minimum_above_maximum"),
        ({"lender": replace(PARTNER, duration_months_max=121)}, "lender.duration_months_max", "too_large"),
        ({"lender": replace(PARTNER, rate_percent=Decimal(101))}, "lender.rate_percent", "too_large"),
        ({"other_lenders": (LENT.products[0].lender,)}, "other_lenders.0.code", "same_code"),
        (
            {
                "lender": replace(PARTNER, code="ccas", lending=Lending.OWN_FUNDS, scopes=(Scope.GUARANTEED_LOANS,)),
                "other_lenders": (PARTNER,),
            },
            "lender.scopes",
            "own_funds_in_scope",
        ),
        (
            {"lending": Lending.OWN_FUNDS, "ficp": None, "precheck": None, "signed_by": None},
            "deciding_body",
            "no_lender_to_decide",
        ),
        (
            {**OWN_FUNDS, "deciding_body": DecidingBody.COMMISSION_THEN_LENDER},
            "deciding_body",
            "no_lender_to_decide",
        ),
        # tiers
        ({"tiers": (tier(amount_cents_max=300_000),)}, "tiers.0", "tier_not_wider"),
        ({"tiers": (tier(),)}, "tiers.0", "tier_not_wider"),
        ({"tiers": (tier(amount_cents_max=1),), "amount_cents_max": None}, "tiers.0", "tier_not_wider"),
        ({"tiers": (tier(amount_cents_max=500_000, reasons=()),)}, "tiers.0.reasons", "too_short"),
        ({"tiers": (tier(amount_cents_max=500_000, reasons=("whim",)),)}, "tiers.0.reasons.0", "unknown_code"),
        ({"tiers": (tier(duration_months_max=121),)}, "tiers.0.duration_months_max", "too_large"),
        ({"tiers": (tier(amount_cents_max=500_000),) * 2}, "tiers.1.code", "same_code"),
        # lists
        ({"purposes": ("health", "rocket")}, "purposes.1", "unknown_code"),
        ({"purposes_excluded": ("rocket",)}, "purposes_excluded.0", "unknown_code"),
        ({"purposes": ("health",), "purposes_excluded": ("health",)}, "purposes_excluded.0", "allowed_and_excluded"),
        ({"documents": ("quote", "diary")}, "documents.1", "unknown_code"),
        ({"attestations": (Attested.FICP_LISTED,)}, "attestations.0", "not_attestable"),
        ({"residence_communes": ("31555", "25056")}, "residence_communes.1", "commune_of_another"),
        ({"purposes": ()}, "purposes", "too_short"),
        ({"residence_communes": ()}, "residence_communes", "too_short"),
        ({"signed_by": ()}, "signed_by", "too_short"),
        ({"signed_by": (Party.CCAS, Party.LENDER)}, "signed_by", "borrower_signs_not"),
        ({**OWN_FUNDS, "ficp": LENT.products[0].ficp}, "ficp", "no_lender_to_check"),
        ({**OWN_FUNDS, "grant_check": CheckGate(effect=CheckEffect.IGNORE)}, "grant_check", "no_lender_to_check"),
        ({"ficp": ListingPolicy.REFUSED}, "precheck", "precheck_not_asked"),
        ({"precheck": CheckGate(effect=CheckEffect.BLOCK, told_by=())}, "precheck.told_by", "too_short"),
        ({"grant_check": CheckGate(effect=CheckEffect.BLOCK, told_by=())}, "grant_check.told_by", "too_short"),
        ({"excluded_from_consumer_credit": True}, "excluded_from_consumer_credit", "partner_not_excluded"),
        ({"code": "Prêt"}, "code", "bad_code"),
        ({"code": "p" * 64}, "code", "bad_code"),
        ({"lender": replace(PARTNER, code="the-bank")}, "lender.code", "bad_code"),
        # income
        (
            {"income_ceiling": ceiling(amount_cents=1, coefficient=Decimal("1E-999999999"))},
            "income_ceiling.coefficient",
            "too_many_decimals",
        ),
        ({"income_ceiling": ceiling(amount_cents=10**12 + 1)}, "income_ceiling.amount_cents", "too_large"),
        ({"income_ceiling": ceiling()}, "income_ceiling", "one_of_two"),
        ({"income_ceiling": ceiling(amount_cents=-1)}, "income_ceiling.amount_cents", "too_small"),
        (
            {"income_ceiling": ceiling(amount_cents=1, coefficient=Decimal(0))},
            "income_ceiling.coefficient",
            "not_positive",
        ),
        (
            {"income_ceiling": ceiling(amount_cents=1, coefficient=Decimal("1E+9"))},
            "income_ceiling.coefficient",
            "too_large",
        ),
        ({"income_ceiling": ceiling(index="rsa")}, "income_ceiling.index", "unknown_index"),
        # rounding
        (
            {"rounding": RoundingRule(unit_cents=50, mode=Rounding.UP, remainder_on=(RemainderOn.LAST,))},
            "rounding.unit_cents",
            "not_one_of",
        ),
        (
            {"rounding": RoundingRule(unit_cents=1, mode=Rounding.UP, remainder_on=())},
            "rounding.remainder_on",
            "too_short",
        ),
        (
            {"rounding": RoundingRule(unit_cents=1, mode=Rounding.UP, remainder_on=(RemainderOn.FIRST,))},
            "rounding.remainder_on",
            "remainder_first_bears_interest",
        ),
        # guarantees
        ({"guarantees": (guarantee("60"), guarantee("40.5"))}, "guarantees", "shares_over_100"),
        ({"guarantees": (guarantee("100.01"),)}, "guarantees.0.share_percent", "too_large"),
        ({"guarantees": (guarantee("-1"),)}, "guarantees.0.share_percent", "too_small"),
        ({"guarantees": (guarantee("1", cap_cents=1),)}, "guarantees.0.cap_of", "cap_half_told"),
        ({"guarantees": (guarantee("1", cap_of=CapOf.LOSS),)}, "guarantees.0.cap_cents", "cap_half_told"),
        ({"guarantees": (guarantee("1", cap_cents=-1, cap_of=CapOf.LOSS),)}, "guarantees.0.cap_cents", "too_small"),
        # rates
        ({"rate_percent": Decimal("-0.1")}, "rate_percent", "too_small"),
        ({"rate_percent": Decimal("3.0000001")}, "rate_percent", "too_many_decimals"),
        ({"rate_percent": Decimal("1E-40")}, "rate_percent", "too_many_decimals"),
        ({"rate_percent": Decimal("100.1")}, "rate_percent", "too_large"),
        ({"rate_bands": (band(None, None),)}, "rate_bands", "rate_told_twice"),
        ({"rate_percent": None, "rate_bands": (band(18, 25), band(25, None))}, "rate_bands.1.age_min", "bands_overlap"),
        (
            {"rate_percent": None, "rate_bands": (band(None, None), band(30, 40))},
            "rate_bands.1.age_min",
            "bands_overlap",
        ),
        (
            {"rate_percent": None, "rate_bands": (band(27, None), band(18, 25))},
            "rate_bands.0.age_min",
            "bands_leave_out",
        ),
        ({"rate_percent": None, "rate_bands": (band(25, 18),)}, "rate_bands.0.age_min", "minimum_above_maximum"),
        ({"rate_percent": None, "rate_bands": (band(18, 25, "-1"),)}, "rate_bands.0.rate_percent", "too_small"),
        ({"rate_percent": None, "indexed_rate": INDEXED["indexed_rate"]}, "indexed_rate.index", "unknown_index"),
        # interest
        ({"interest_borne_by": Payer.NOBODY}, "interest_borne_by", "interest_without_bearer"),
        ({"interest_borne_by": Payer.CITY, "interest_aids": (aid(),)}, "interest_aids", "interest_already_borne"),
        (borne(aid(payer=Payer.BORROWER)), "interest_aids.0.payer", "aid_without_third_party"),
        (borne(aid(share_percent=Decimal(60)), aid(share_percent=Decimal(50))), "interest_aids", "shares_over_100"),
        (borne(aid(share_percent=Decimal(101))), "interest_aids.0.share_percent", "too_large"),
        (borne(aid(above_percent=Decimal("3.04"))), "interest_aids.0.above_percent", "aid_never_paid"),
        (
            borne(aid(conditions=(RefundCondition.NEVER_LATE,))),
            "interest_aids.0.conditions",
            "conditions_without_refund",
        ),
        # what is said of rules
        ({"not_stated": ("rate",)}, "not_stated.0", "no_such_rule"),
        ({"not_stated": ("guarantees.1.base",)}, "not_stated.0", "no_such_rule"),
        ({"not_stated": ("amount_cents_max",)}, "not_stated.0", "given_and_not_stated"),
        ({"not_stated": ("guarantees.0.share_percent",)}, "not_stated.0", "given_and_not_stated"),
        ({"not_stated": ("purposes",), "purposes": ("health",)}, "not_stated.0", "given_and_not_stated"),
        ({"not_stated": ("attestations.no_other_aid",)}, "not_stated.0", "given_and_not_stated"),
        ({"inferred": ("lender.colour",)}, "inferred.0", "no_such_rule"),
        ({"sources": {"name": "« x »"}}, "sources.name", "no_such_rule"),
        ({"sources": {"payee": " "}}, "sources.payee", "blank"),
        ({"severities": {"attestations.ficp_listed": "warn"}}, "severities.attestations.ficp_listed", "no_such_rule"),
        ({"severities": {"over_indebtedness": "warn"}}, "severities.over_indebtedness", "set_by_law"),
        ({"overridable_by": {"capacity": (Role.DECIDER,)}}, "overridable_by.capacity", "set_by_law"),
        ({"overridable_by": {"residence": (Role.PARTNER,)}}, "overridable_by.residence", "role_cannot_override"),
        # figures out of all proportion, and what is said in vain
        ({"residence_months_min": 1_201}, "residence_months_min", "too_large"),
        ({"months_since_last_loan_min": 1_201}, "months_since_last_loan_min", "too_large"),
        ({"support_months": 1_201, "support_for_whole_loan": None}, "support_months", "too_large"),
        ({"applicant_age_max": 151}, "applicant_age_max", "too_large"),
        ({"minor_children_min": 101}, "minor_children_min", "too_large"),
        ({"deferrals": DeferralRule(count_max=121)}, "deferrals.count_max", "too_large"),
        ({"instalment_cents_max": 833}, "instalment_cents_max", "instalments_never_repay"),
        (
            {"left_to_live": LeftToLive(cents_min=1, scale=HouseholdScale(minor_child=Decimal(1)))},
            "left_to_live.scale",
            "scale_without_unit",
        ),
        ({"fast_track_ratified": False, "fast_track": False}, "fast_track_ratified", "ratified_without_fast_track"),
        ({"fast_track": False, "fast_track_by": (Role.MANAGER,)}, "fast_track_by", "by_without_fast_track"),
        ({"fast_track": True, "fast_track_by": ()}, "fast_track_by", "too_short"),
        ({"fast_track": True, "fast_track_by": (Role.DESK,)}, "fast_track_by", "role_cannot_decide"),
        (
            {"fast_track": True, "fast_track_notice": FastTrackNotice.AFTER_RATIFICATION},
            "fast_track_notice",
            "notice_without_ratification",
        ),
        (borne(aid(share_percent=Decimal(0))), "interest_aids.0.share_percent", "not_positive"),
        (borne(aid(), rate_percent=Decimal(0)), "interest_aids.0", "aid_without_interest"),
        ({"guarantees": (guarantee("0"),)}, "guarantees.0.share_percent", "not_positive"),
        ({"overridable_by": {"residence": ()}}, "overridable_by.residence", "too_short"),
        ({"applicant_age_max": 15}, "applicant_age_max", "too_small"),
        ({"debt_ratio_percent_max": Decimal(0)}, "debt_ratio_percent_max", "not_positive"),
        (
            {"grant": GrantRule(with_loan=False, alone=False, usual_cents=30_000)},
            "grant",
            "grant_never_given",
        ),
        ({"income_ceiling": ceiling(amount_cents=0)}, "income_ceiling.amount_cents", "not_positive"),
        (
            {"income_ceiling": ceiling(amount_cents=1, scale=HouseholdScale(first_adult=Decimal(0)))},
            "income_ceiling.scale.first_adult",
            "not_positive",
        ),
        ({"rate_percent": None, "rate_bands": (band(151, None),)}, "rate_bands.0.age_min", "too_large"),
        (
            {"bank_ban": ListingPolicy.LENDER_CHECKS_BEFORE_APPOINTMENT},
            "bank_ban",
            "checked_for_ficp_alone",
        ),
        ({"support_months": 6, "support_for_whole_loan": True}, "support_months", "one_of_two"),
        ({**OWN_FUNDS, "collected_by": Collector.LENDER}, "collected_by", "no_lender_to_act"),
        ({**OWN_FUNDS, "signed_by": (Party.BORROWER, Party.LENDER)}, "signed_by", "no_lender_to_act"),
        ({"public": "x" * 10_001}, "public", "too_long"),
        # lists with something twice
        ({"attestations": (Attested.SUPPORT_ACCEPTED,) * 2}, "attestations.1", "listed_twice"),
        ({"purposes": ("health", "training", "health")}, "purposes.2", "listed_twice"),
        ({"purposes_excluded": ("health", "health")}, "purposes_excluded.1", "listed_twice"),
        ({"documents": ("quote", "quote")}, "documents.1", "listed_twice"),
        (
            {"tiers": (tier(amount_cents_max=500_000, reasons=("vehicle_purchase",) * 2),)},
            "tiers.0.reasons.1",
            "listed_twice",
        ),
        ({"residence_communes": ("31555", "31555")}, "residence_communes.1", "listed_twice"),
        ({"signed_by": (Party.BORROWER, Party.BORROWER)}, "signed_by.1", "listed_twice"),
        ({"not_stated": ("grant.usual_cents",) * 2, "grant": None}, "not_stated.1", "listed_twice"),
        ({"overridable_by": {"residence": (Role.AGENT,) * 2}}, "overridable_by.residence.1", "listed_twice"),
        # texts
        ({"public": "  "}, "public", "blank"),
        ({"public": "x\x00"}, "public", "control_character"),
        ({"lender": replace(PARTNER, steps=("",))}, "lender.steps.0", "blank"),
    ],
)
def test_one_thing_wrong_in_a_product_is_one_fault_at_its_path(changes: dict[str, Any], path: str, code: str) -> None:
    assert told(lent(**changes)) == {(f"products.0.{path}", code)}


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_cents_min": 300_000, "duration_months_min": 36},
        {"amount_cents_min": None, "amount_cents_max": None, "duration_months_max": None},
        {"amount_cents_max": 1, "amount_cents_min": 0},
        {"duration_months_max": 120, "amount_cents_max": 7_500_000, "rate_percent": Decimal(1)},
        {"rate_percent": Decimal("3.123456")},
        {"rate_percent": Decimal("3.1000000000")},
        {"rate_percent": None, "rate_bands": (band(26, None), band(None, 25, "0"))},
        {"guarantees": (guarantee("50"), guarantee("50", cap_cents=100, cap_of=CapOf.PORTFOLIO), guarantee(None))},
        {"guarantees": (guarantee("1", cap_cents=1),), "not_stated": ("guarantees.0.cap_of", "guarantees.0.base")},
        borne(aid(share_percent=Decimal(50)), aid(payer=Payer.REGION, share_percent=Decimal(50))),
        borne(aid(share_percent=Decimal(50)), aid(paid=PaidWhen.AT_THE_END, conditions=tuple(RefundCondition))),
        borne(aid(above_percent=Decimal("3.03"))),
        {"interest_borne_by": None, "interest_aids": (aid(),)},
        {"other_lenders": (replace(PARTNER, amount_cents_min=300_000, duration_months_max=1),)},
        {"tiers": (tier(amount_cents_max=300_001), tier(code="long", duration_months_max=37))},
        {"purposes": ("health",), "purposes_excluded": ("debts",), "documents": ("quote",)},
        {"income_ceiling": ceiling(), "not_stated": ("income_ceiling.amount_cents",)},
        {"residence_communes": ("31555",), "sources": {"residence": "« x »", "lender.planned": "« x »"}},
        {"severities": {"attestations": "warn", "grant.alone": "warn"}, "overridable_by": {"residence": (Role.AGENT,)}},
        {"grant": None, "not_stated": ("grant.usual_cents", "attestations.support_accepted", "tiers", "rate_bands")},
        OWN_FUNDS,
        {"ficp": None, "precheck": None},
        {"precheck": CheckGate(effect=CheckEffect.INFORM), "grant_check": CheckGate(effect=CheckEffect.IGNORE)},
        {
            "grant_check": CheckGate(effect=CheckEffect.BLOCK, told_by=tuple(Source)),
            "not_stated": ("precheck.told_by",),
        },
        {"residence_months_min": 1_200, "months_since_last_loan_min": 1_200, "applicant_age_max": 150},
        {"instalment_cents_max": 834},
        {"instalment_cents_max": 250, "duration_months_max": None},
        {"instalment_cents_max": 626, "tiers": (tier(duration_months_max=48),)},
        {"left_to_live": LeftToLive(cents_min=1, per=PerUnit.UNIT, scale=HouseholdScale(minor_child=Decimal(1)))},
        borne(aid(with_fee=True), rate_percent=Decimal(0)),
        borne(aid(), rate_percent=None),
        {"public": "Un texte\nde deux lignes, avec\u202fespace fine"},
    ],
)
def test_what_rules_may_say_is_no_fault(changes: dict[str, Any]) -> None:
    assert told(lent(**changes)) == set()


def test_every_fault_is_told_not_the_first() -> None:
    version = lent(amount_cents_min=400_000, duration_months_max=500, purposes=("rocket",), public="")
    assert told(replace(version, valid_to=ON - DAY, reference="")) == {
        ("valid_to", "ends_before_it_begins"),
        ("reference", "blank"),
        ("products.0.amount_cents_min", "minimum_above_maximum"),
        ("products.0.duration_months_max", "too_large"),
        ("products.0.purposes.0", "unknown_code"),
        ("products.0.public", "blank"),
    }


# The version.


def deliberating(**rule: Any) -> RuleVersion:
    return replace(LENT, commission=CommissionRule(**rule))


@pytest.mark.parametrize(
    ("version", "path", "code"),
    [
        (replace(LENT, valid_to=date(2009, 2, 28)), "valid_to", "ends_before_it_begins"),
        (replace(LENT, valid_from=None), "valid_from_precision", "precision_without_date"),
        (replace(LENT, valid_from=date(2009, 3, 2)), "valid_from", "not_first_day"),
        (replace(LENT, valid_from_precision=Precision.QUARTER), "valid_from", "not_first_day"),
        (replace(LENT, valid_from_precision=Precision.YEAR), "valid_from", "not_first_day"),
        (replace(LENT, products=()), "products", "too_short"),
        (replace(LENT, products=LENT.products * 2), "products.1.code", "same_code"),
        (replace(LENT, reference="\n"), "reference", "blank"),
        (deliberating(quorum_members_min=0), "commission.quorum_members_min", "too_small"),
        (deliberating(quorum_members_min=1_001), "commission.quorum_members_min", "too_large"),
        (deliberating(quorum_percent=Decimal("100.01")), "commission.quorum_percent", "too_large"),
        (deliberating(quorum_percent=Decimal("33.3333333")), "commission.quorum_percent", "too_many_decimals"),
        (replace(LENT, indexes=(STEADY, STEADY)), "indexes.1.code", "same_code"),
        (
            replace(lent(), indexes=(index((None, date(2024, 5, 31), "3"), (date(2024, 6, 2), None, "2")),)),
            "indexes.0.values.1.valid_from",
            "index_hole",
        ),
        (
            replace(lent(), indexes=(index((None, date(2024, 6, 1), "3"), (date(2024, 6, 1), None, "2")),)),
            "indexes.0.values.1.valid_from",
            "index_overlap",
        ),
        (
            replace(lent(), indexes=(index((None, None, "3"), (date(2024, 6, 1), None, "2")),)),
            "indexes.0.values.1.valid_from",
            "index_overlap",
        ),
        (replace(lent(), indexes=(index((ON + DAY, None, "3")),)), "indexes.0.values", "index_unknown_at_start"),
        (replace(lent(), indexes=(index((None, ON - DAY, "3")),)), "indexes.0.values", "index_unknown_at_start"),
        (replace(lent(), indexes=(index(),)), "indexes.0.values", "index_unknown_at_start"),
        (
            replace(
                lent(),
                indexes=(
                    index(
                        (date(2025, 1, 2), date(2025, 1, 1), "3"),
                    ),
                ),
            ),
            "indexes.0.values.0.valid_to",
            "ends_before_it_begins",
        ),
        (replace(lent(), indexes=(index((None, None, "100.1")),)), "indexes.0.values.0.value", "too_large"),
        (
            replace(lent(), indexes=(index((None, None, "-1"), unit=IndexUnit.CENTS),)),
            "indexes.0.values.0.value",
            "too_small",
        ),
        (
            replace(lent(**INDEXED), indexes=(index((None, None, "300"), unit=IndexUnit.CENTS),)),
            "products.0.indexed_rate.index",
            "index_of_other_unit",
        ),
        (
            replace(lent(income_ceiling=ceiling(amount_cents=1, index="livret_a")), indexes=(STEADY,)),
            "products.0.income_ceiling",
            "one_of_two",
        ),
        (
            replace(lent(income_ceiling=ceiling(index="livret_a")), indexes=(STEADY,)),
            "products.0.income_ceiling.index",
            "index_of_other_unit",
        ),
        (
            replace(
                lent(**INDEXED), valid_from=None, valid_from_precision=None, indexes=(index((None, None, "99.5")),)
            ),
            "products.0.indexed_rate.margin_percent",
            "too_large",
        ),
    ],
)
def test_one_thing_wrong_in_a_version_is_told_at_its_path(version: RuleVersion, path: str, code: str) -> None:
    assert (path, code) in told(version)


def test_an_index_without_hole_or_overlap_is_no_fault() -> None:
    values = index(
        (None, date(2024, 1, 31), "3"), (date(2024, 2, 1), date(2024, 2, 29), "-0.5"), (date(2024, 3, 1), None, "2")
    )
    assert told(replace(lent(**INDEXED), indexes=(values,))) == set()


# National law.


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "amount_max", "is_above"),
    [
        (date(2009, 3, 1), date(2015, 12, 31), 300_000, False),
        (date(2009, 3, 1), date(2015, 12, 31), 300_001, True),
        (date(2016, 1, 16), None, 300_001, True),
        (date(2016, 1, 17), None, 500_000, False),
        (date(2016, 1, 17), None, 500_001, True),
        (date(2022, 2, 6), None, 500_001, True),
        (date(2022, 2, 7), None, 800_000, False),
        (date(2022, 2, 7), None, 800_001, True),
        (date(2022, 2, 7), None, None, True),
        # Before the first cap known there is none; one that begins before the version ends binds it.
        (date(2004, 1, 1), date(2004, 12, 31), 800_000, False),
        (date(2004, 1, 1), date(2005, 1, 1), 800_000, True),
        # Where no source dates the start, the law of the last day is the only one that surely applied.
        (None, None, 800_000, False),
        (None, None, 800_001, True),
        (None, date(2015, 12, 31), 300_001, True),
    ],
)
@pytest.mark.parametrize("scope", [Scope.ASSOCIATION_LENDERS, Scope.GUARANTEED_LOANS])
def test_a_lender_in_scope_keeps_to_the_caps_of_the_days_of_the_version(
    *, valid_from: date | None, valid_to: date | None, amount_max: int | None, is_above: bool, scope: Scope
) -> None:
    version = lent(
        lender=replace(PARTNER, scopes=(scope,)), amount_cents_max=amount_max, duration_months_max=36, rate_percent=None
    )
    precision = Precision.DAY if valid_from else None
    version = replace(version, valid_from=valid_from, valid_to=valid_to, valid_from_precision=precision)
    expected = {("products.0.amount_cents_max", "above_national_cap")} if is_above else set()
    assert told(version) == expected


def in_scope(**limits: Any) -> Lender:
    return replace(PARTNER, scopes=(Scope.GUARANTEED_LOANS,), **limits)


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({"lender": in_scope(), "duration_months_max": 85}, {"duration_months_max"}),
        ({"lender": in_scope(), "duration_months_max": 84}, set()),
        ({"lender": in_scope(), "duration_months_max": None}, {"duration_months_max"}),
        ({"lender": in_scope(duration_months_max=84), "duration_months_max": None}, set()),
        ({"lender": in_scope(amount_cents_max=800_001), "amount_cents_max": None}, {"lender.amount_cents_max"}),
        ({"lender": in_scope(amount_cents_max=800_001)}, set()),
        ({"lender": in_scope(), "tiers": (tier(amount_cents_max=800_001),)}, {"tiers.0.amount_cents_max"}),
        ({"lender": in_scope(amount_cents_max=800_000), "tiers": (tier(amount_cents_max=800_001),)}, set()),
        ({"other_lenders": (in_scope(),), "amount_cents_max": 800_001}, {"amount_cents_max"}),
        ({"lender": replace(PARTNER, scopes=(Scope.CONSUMER_CREDIT,)), "amount_cents_max": None}, set()),
        ({"amount_cents_max": None, "duration_months_max": None}, set()),
    ],
)
def test_both_limits_and_the_tiers_are_held_to_the_cap(changes: dict[str, Any], paths: set[str]) -> None:
    assert told(lent(**changes)) == {(f"products.0.{path}", "above_national_cap") for path in paths}


def test_the_cap_is_told_with_its_day_and_its_source() -> None:
    (fault,) = found(lent(lender=in_scope(), amount_cents_max=800_001))
    assert (fault.facts["cap"], fault.facts["since"]) == (800_000, "2022-02-07")
    assert "2022-124" in fault.facts["source"]


def threshold(amount_cents: int) -> Decimal:
    period, category = usury_table().period(ON), usury_table().category(amount_cents, ON)
    assert period is not None
    assert category is not None
    known = period.known(category)
    assert known is not None
    return known.percent


CENT = Decimal("0.01")
UP_TO_3000, TO_6000, OVER_6000 = (threshold(amount) for amount in (300_000, 600_000, 600_001))


def test_the_thresholds_of_the_day_fall_as_amounts_grow() -> None:
    assert UP_TO_3000 > TO_6000 > OVER_6000 > 3


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"rate_percent": UP_TO_3000}, None),
        ({"rate_percent": UP_TO_3000 + CENT}, "rate_percent"),
        ({"rate_percent": TO_6000 + CENT}, None),
        ({"rate_percent": TO_6000 + CENT, "amount_cents_max": 300_001}, "rate_percent"),
        ({"rate_percent": TO_6000 + CENT, "tiers": (tier(amount_cents_max=400_000),)}, "rate_percent"),
        ({"rate_percent": TO_6000, "amount_cents_max": 600_000}, None),
        ({"rate_percent": OVER_6000 + CENT, "amount_cents_max": None}, "rate_percent"),
        ({"rate_percent": OVER_6000, "amount_cents_max": None}, None),
        (
            {
                "rate_percent": OVER_6000 + CENT,
                "amount_cents_max": None,
                "lender": replace(PARTNER, amount_cents_max=300_000),
            },
            None,
        ),
        ({"lender": replace(PARTNER, rate_percent=UP_TO_3000 + CENT)}, "lender.rate_percent"),
        ({"rate_percent": UP_TO_3000 + CENT, "lender": replace(PARTNER, rate_percent=Decimal(1))}, None),
        ({"rate_percent": None, "rate_bands": (band(None, 25), band(26, None, "60"))}, "rate_bands.1.rate_percent"),
    ],
)
def test_a_rate_above_usury_for_some_of_the_amounts_is_a_fault(changes: dict[str, Any], path: str | None) -> None:
    expected = set() if path is None else {(f"products.0.{path}", "above_usury")}
    assert told(lent(**changes)) == expected


@pytest.mark.parametrize(
    ("values", "day"),
    [
        ([(None, None, "-0.5")], None),
        ([(None, None, str(UP_TO_3000))], "2024-01-01"),
        ([(None, date(2024, 8, 1), "1"), (date(2024, 8, 2), None, "60")], "2024-08-02"),
        ([(None, date(2023, 12, 31), "60"), (ON, None, "1")], None),
        ([(None, date(2026, 12, 31), "1"), (date(2027, 1, 1), None, "60")], "2026-01-01"),
    ],
)
def test_an_indexed_rate_is_held_to_usury_with_each_of_its_values(values: list[Any], day: str | None) -> None:
    version = replace(lent(**INDEXED), indexes=(index(*values),))
    assert [fault.facts["on"] for fault in found(version)] == ([] if day is None else [day])


@pytest.mark.parametrize(
    ("first", "last", "rate", "day"),
    [
        (date(2013, 4, 1), None, "20.24", "2013-07-01"),
        (date(2013, 4, 1), date(2013, 6, 30), "20.24", None),
        (date(2015, 1, 1), None, "23.6", "2015-01-01"),
        (None, None, "23.54", "2026-07-01"),
        (None, None, "23.53", None),
        (None, date(2025, 5, 1), "23.25", "2025-04-01"),
        (date(1980, 1, 1), date(1981, 1, 1), "23.57", "2026-01-01"),
        (date(1980, 1, 1), date(1981, 1, 1), "23.56", None),
        (date(2027, 1, 1), None, "23.57", "2026-01-01"),
        (date(2027, 1, 1), None, "23.54", None),
        (date(2199, 1, 1), None, "99", "2026-01-01"),
    ],
)
def test_a_rate_is_held_to_every_threshold_known_while_it_is_in_force(
    first: date | None, last: date | None, rate: str, day: str | None
) -> None:
    version = replace(lent(rate_percent=Decimal(rate)), valid_from=first, valid_from_precision=None, valid_to=last)
    assert [fault.facts["on"] for fault in found(version)] == ([] if day is None else [day])


def remarked(rules: TenantRules) -> list[RuleFault]:
    """What is to be looked at in a file, each told in both languages."""
    told_once = remarks(rules, usury=usury_table(), official=communes())
    for remark in told_once:
        assert_sentences(remark)
    return told_once


@pytest.mark.parametrize(("rate", "expected"), [("23.53", []), ("23.54", ["2026-07-01"]), ("23.57", [])])
def test_a_rate_of_days_not_yet_known_is_remarked_with_the_last_threshold(rate: str, expected: list[str]) -> None:
    version = replace(lent(rate_percent=Decimal(rate)), valid_from=date(2027, 1, 1))
    found_there = remarked(replace(TOULOUSE, versions=(version,)))
    assert [one.facts["on"] for one in found_there if one.code == "above_last_usury"] == expected


@pytest.mark.parametrize(
    ("changes", "path", "code"),
    [
        ({}, "lender.scopes", "no_national_cap"),
        (
            {"lender": replace(PARTNER, scopes=(Scope.ASSOCIATION_LENDERS,)), "rate_percent": Decimal(0)},
            "lender.scopes",
            "association_at_rate_0",
        ),
    ],
)
def test_what_nothing_tests_is_remarked(changes: dict[str, Any], path: str, code: str) -> None:
    found_there = remarked(replace(TOULOUSE, versions=(lent(**changes),)))
    assert (f"versions.0.products.0.{path}", code) in [(one.path, one.code) for one in found_there]


def test_days_without_rules_between_two_versions_are_remarked() -> None:
    versions = (replace(LENT, valid_to=date(2027, 12, 31)), replace(LENT, version=2, valid_from=date(2028, 2, 1)))
    rules = replace(TOULOUSE, versions=versions)
    (remark,) = [one for one in remarked(rules) if one.code == "days_without_rules"]
    assert (remark.path, dict(remark.facts)) == (
        "versions.1.valid_from",
        {"first": "2028-01-01", "last": "2028-01-31"},
    )
    assert of_file(rules) == set()


# A file.


def of_file(rules: TenantRules) -> set[tuple[str, str]]:
    found_in_file = tenant_faults(rules, law=national_law(), usury=usury_table(), codes=CODES, official=communes())
    for fault in found_in_file:
        assert_sentences(fault)
    return {(fault.path, fault.code) for fault in found_in_file}


def besancon(version: int, /, **changes: Any) -> TenantRules:
    """Besançon's file with one of its versions changed."""
    versions = list(BESANCON.versions)
    versions[version] = replace(versions[version], **changes)
    return replace(BESANCON, versions=tuple(versions))


AGREEMENT = TOULOUSE.agreements[0]


@pytest.mark.parametrize(
    ("rules", "path", "code"),
    [
        (replace(BESANCON, slug="platform"), "slug", "bad_form"),
        (replace(BESANCON, slug="Besançon"), "slug", "bad_form"),
        (replace(BESANCON, slug="b\n"), "slug", "bad_form"),
        (replace(BESANCON, time_zone="Europe/Besancon"), "time_zone", "unknown_time_zone"),
        (replace(BESANCON, time_zone="../etc/passwd"), "time_zone", "unknown_time_zone"),
        (replace(BESANCON, time_zone="localtime"), "time_zone", "unknown_time_zone"),
        (replace(BESANCON, name="x" * 201), "name", "too_long"),
        (replace(BESANCON, communes=()), "communes", "too_short"),
        (replace(BESANCON, communes=BESANCON.communes * 2), "communes.1.insee_code", "same_code"),
        (replace(BESANCON, communes=FILES["fresnes"].communes), "kind", "communal_of_several"),
        (
            replace(BESANCON, communes=(replace(BESANCON.communes[0], insee_code="25999"),)),
            "communes.0.insee_code",
            "unknown_commune",
        ),
        (replace(BESANCON, versions=()), "versions", "too_short"),
        (replace(BESANCON, versions=BESANCON.versions[1:]), "versions", "versions_numbered"),
        (besancon(0, valid_to=date(2011, 1, 1)), "versions.1.valid_from", "overlap"),
        (besancon(3, valid_from=date(2010, 1, 1)), "versions.3.valid_from", "overlap"),
        (besancon(0, products=()), "versions.0.products", "too_short"),
        (besancon(3, version=100_001), "versions.3.version", "too_large"),
        (besancon(3, version=2**31), "versions.3.version", "too_large"),
        (besancon(0, valid_from=date(1899, 12, 31)), "versions.0.valid_from", "too_small"),
        (besancon(3, valid_to=date(2200, 1, 1)), "versions.3.valid_to", "too_large"),
        (besancon(3, valid_to=date.max), "versions.3.valid_to", "too_large"),
        (
            replace(TOULOUSE, agreements=(replace(AGREEMENT, valid_to=date(2200, 1, 1)),)),
            "agreements.0.valid_to",
            "too_large",
        ),
        (
            replace(TOULOUSE, agreements=(replace(AGREEMENT, reference="x" * 501),)),
            "agreements.0.reference",
            "too_long",
        ),
        (replace(TOULOUSE, agreements=(AGREEMENT, AGREEMENT)), "agreements.1.valid_from", "overlap"),
        (
            replace(TOULOUSE, agreements=(replace(AGREEMENT, valid_to=date(2009, 1, 1)),)),
            "agreements.0.valid_to",
            "ends_before_it_begins",
        ),
        (
            replace(TOULOUSE, agreements=(replace(AGREEMENT, rate_percent=Decimal(101)),)),
            "agreements.0.rate_percent",
            "too_large",
        ),
        (replace(TOULOUSE, agreements=(AGREEMENT, AGREEMENT)), "agreements.1.reference", "same_code"),
        (replace(TOULOUSE, agreements=(replace(AGREEMENT, partner="B!"),)), "agreements.0.partner", "bad_code"),
        (
            replace(TOULOUSE, agreements=(replace(AGREEMENT, partner_name="x" * 201),)),
            "agreements.0.partner_name",
            "too_long",
        ),
        (
            replace(TOULOUSE, agreements=(replace(AGREEMENT, amount_cents_max=29_999),)),
            "agreements.0.amount_cents_max",
            "minimum_above_maximum",
        ),
        (
            replace(TOULOUSE, agreements=(replace(AGREEMENT, check_valid_days=3_661),)),
            "agreements.0.check_valid_days",
            "too_large",
        ),
        (
            replace(TOULOUSE, agreements=(replace(AGREEMENT, parties=("CCAS", "CCAS")),)),
            "agreements.0.parties.1",
            "listed_twice",
        ),
        (
            replace(TOULOUSE, agreements=(replace(AGREEMENT, check_valid_days=0),)),
            "agreements.0.check_valid_days",
            "too_small",
        ),
    ],
)
def test_one_thing_wrong_in_a_file_is_told_at_its_path(rules: TenantRules, path: str, code: str) -> None:
    assert (path, code) in of_file(rules)


def test_a_planned_agreement_overlaps_none() -> None:
    first, second = (replace(AGREEMENT, planned=True, reference=name) for name in ("x", "y"))
    assert of_file(replace(TOULOUSE, agreements=(AGREEMENT, first, second))) == set()


def agreed(*scopes: Scope, **terms: Any) -> TenantRules:
    """Toulouse's file from 2024 on, its lender in these scopes, with the terms of its agreement."""
    lender = replace(LENT.products[0].lender, scopes=scopes)
    dated = replace(AGREEMENT, valid_from=ON, valid_from_precision=Precision.DAY)
    return replace(TOULOUSE, versions=(lent(lender=lender),), agreements=(replace(dated, **terms),))


@pytest.mark.parametrize(
    ("rules", "path", "code"),
    [
        (agreed(Scope.GUARANTEED_LOANS, amount_cents_max=800_000, duration_months_max=84), None, None),
        (agreed(Scope.GUARANTEED_LOANS, amount_cents_max=800_001), "amount_cents_max", "above_national_cap"),
        (agreed(Scope.ASSOCIATION_LENDERS, duration_months_max=85), "duration_months_max", "above_national_cap"),
        (agreed(Scope.CONSUMER_CREDIT, amount_cents_max=800_001), None, None),
        (agreed(amount_cents_max=800_001, duration_months_max=85), None, None),
        (
            agreed(Scope.GUARANTEED_LOANS, valid_from=date(2016, 1, 17), amount_cents_max=500_001),
            "amount_cents_max",
            "above_national_cap",
        ),
        (
            agreed(Scope.GUARANTEED_LOANS, valid_from=None, valid_from_precision=None, amount_cents_max=800_000),
            None,
            None,
        ),
        (agreed(rate_percent=UP_TO_3000), None, None),
        (agreed(rate_percent=UP_TO_3000 + CENT), "rate_percent", "above_usury"),
        (agreed(rate_percent=UP_TO_3000 + CENT, partner="another"), "rate_percent", "above_usury"),
        (agreed(rate_percent=UP_TO_3000 + CENT, valid_from=date(2027, 1, 1)), None, None),
    ],
)
def test_an_agreement_keeps_to_the_law_of_its_days(rules: TenantRules, path: str | None, code: str | None) -> None:
    assert of_file(rules) == (set() if path is None else {(f"agreements.0.{path}", code)})


def test_an_agreement_is_held_to_usury_for_the_amounts_that_may_be_lent_under_it() -> None:
    rate = TO_6000 + CENT
    wide = agreed(rate_percent=rate)
    version = replace(wide.versions[0], products=(replace(wide.versions[0].products[0], amount_cents_max=400_000),))
    wide = replace(wide, versions=(version,))
    assert of_file(wide) == {("agreements.0.rate_percent", "above_usury")}
    narrow = replace(wide.agreements[0], amount_cents_max=300_000)
    assert of_file(replace(wide, agreements=(narrow,))) == set()


def test_an_agreement_of_days_without_thresholds_is_remarked_with_the_last() -> None:
    rules = agreed(rate_percent=Decimal("23.54"), valid_from=date(2027, 1, 1))
    assert [one.path for one in remarked(rules) if one.code == "above_last_usury"] == ["agreements.0.rate_percent"]


def test_an_agreement_with_nobody_who_lends_is_remarked_unless_it_is_only_planned() -> None:
    for planned, expected in ((False, ["agreements.0.partner"]), (True, [])):
        rules = agreed(partner="another", planned=planned)
        assert [one.path for one in remarked(rules) if one.code == "agreement_of_no_lender"] == expected


def test_an_index_that_nothing_uses_is_remarked() -> None:
    for changes, expected in (({}, ["versions.0.indexes.0.code"]), (INDEXED, [])):
        rules = replace(TOULOUSE, versions=(replace(lent(**changes), indexes=(STEADY,)),))
        assert [one.path for one in remarked(rules) if one.code == "index_unused"] == expected


@pytest.mark.parametrize(
    ("changes", "amount_cents", "duration_months"),
    [
        ({}, 300_000, 36),
        ({"lender": replace(PARTNER, amount_cents_max=200_000)}, 200_000, 36),
        ({"tiers": (tier(amount_cents_max=500_000),)}, 500_000, 36),
        ({"amount_cents_max": None, "duration_months_max": None}, None, None),
    ],
)
def test_a_lender_without_scopes_is_remarked_with_what_is_compared_with_no_cap(
    changes: dict[str, Any], amount_cents: int | None, duration_months: int | None
) -> None:
    found_there = remarked(replace(TOULOUSE, versions=(lent(**changes),)))
    (remark,) = [one for one in found_there if one.code == "no_national_cap"]
    assert remark.facts == {"amount_cents": amount_cents, "duration_months": duration_months}


def test_versions_at_both_ends_of_the_calendar_are_checked() -> None:
    first, last = date.min, date.max
    versions = (
        replace(LENT, valid_from=first, valid_from_precision=None, valid_to=first),
        replace(LENT, version=2, valid_from=first, valid_from_precision=None, valid_to=last),
        replace(LENT, version=3, valid_from=last, valid_from_precision=None, valid_to=last),
    )
    rules = replace(TOULOUSE, versions=versions)
    assert ("versions.2.valid_from", "overlap") in of_file(rules)
    assert [one for one in remarked(rules) if one.code == "days_without_rules"] == []


def test_a_commune_under_another_name_is_remarked_with_its_official_one() -> None:
    rules = FILES["fresnes"]
    changed = [replace(one, name=one.name.replace("'", " ")) for one in rules.communes]
    (remark, *_) = remarked(replace(rules, communes=tuple(changed)))
    assert (remark.path, remark.facts) == ("communes.1.name", {"official": "Condé-sur-l'Escaut"})
    assert_sentences(remark)


# Whatever rules say, the checks answer.


@given(anything(RuleVersion))
def test_the_checks_never_raise_and_tell_of_nothing_twice(version: RuleVersion) -> None:
    told(version)


@given(anything(TenantRules))
def test_the_checks_of_a_file_never_raise(rules: TenantRules) -> None:
    of_file(rules)
    remarked(rules)


@given(st.data())
def test_the_checks_never_raise_near_what_is_published(data: st.DataObject) -> None:
    product = data.draw(st.sampled_from([OWN.products[0], LENT.products[0]]))
    hints = get_type_hints(Product)
    names = data.draw(st.lists(st.sampled_from([field.name for field in fields(Product)]), max_size=4, unique=True))
    changed = replace(product, **{name: data.draw(anything(hints[name])) for name in names})
    told(replace(LENT, products=(changed,), indexes=data.draw(st.sampled_from([(), (STEADY,)]))))


# Sentences.


def test_every_fault_has_sentences_that_name_its_facts() -> None:
    app = Path(__file__).parents[2] / "app"
    texts = {language: load_yaml(app / "messages" / f"{language}.yaml")["faults"] for language in ("fr", "en")}
    named = [call for path in (app / "domain").glob("*.py") for call in ast.walk(ast.parse(path.read_text("utf-8")))]
    calls = [
        call
        for call in named
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == RuleFault.__name__
        if len(call.args) > 1 and isinstance(call.args[1], ast.Constant)
    ]
    assert len(calls) > 40
    for call in calls:
        code = call.args[1].value  # type: ignore[attr-defined]
        for sentences in texts.values():
            assert code in sentences
            wanted = {name for _, name, _, _ in Formatter().parse(sentences[code]) if name}
            if len(call.args) == 2 or isinstance(call.args[2], ast.Dict):
                facts = {key.value for key in call.args[2].keys} if len(call.args) > 2 else set()  # type: ignore[attr-defined]
                assert wanted == facts, code


def test_every_rule_that_a_breach_names_is_a_path_that_rules_may_name() -> None:
    set_by_no_product = {"usury", "interest_cents", "product"}
    told_of = load_yaml(Path(__file__).parents[2] / "app" / "messages" / "fr.yaml")["rules"]
    breached = {rule for rule in told_of if not rule.endswith(".unknown") and not rule.startswith("national_")}
    assert breached - set_by_no_product - rule_paths() == set()

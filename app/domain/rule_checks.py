"""Whether a version of rules holds together and keeps to the law: every fault is told, not the first.

Nothing here raises: the classes say what rules may say, and this what they may not say together.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from app.domain import index_checks, law_checks, limit_checks, rate_checks
from app.domain.committees import MEMBERS_MAX, CommissionRule
from app.domain.dates import DAY_MAX, DAY_MIN, Precision
from app.domain.eligibility import LEGAL_TEXTS
from app.domain.lenders import Lending
from app.domain.national_law import NationalLaw
from app.domain.permissions import Role
from app.domain.products import ASKED_FOR, Collector, DecidingBody, ListingPolicy, Party, Product
from app.domain.rule_faults import RuleCodes, RuleFault, percent, repeated, within
from app.domain.rule_paths import is_given, is_rule, lenders
from app.domain.rules import RuleVersion
from app.domain.usury import UsuryTable

__all__ = ["RuleCodes", "RuleFault", "faults"]

_OVERRIDING = frozenset({Role.AGENT, Role.DECIDER, Role.MANAGER})
_UNITS_CENTS = (1, 100)
# No amount, rate or coefficient of any rules comes near; what is computed or told with one stays small.
_FIGURE_MAX, _DECIMALS_MAX = 10**12, 12
_TEXT_MAX = 10_000
CODE = re.compile(r"[a-z][a-z0-9_]{1,62}")
# Control characters but tabs and ends of lines, and halves of characters.
_NOT_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def faults(
    version: RuleVersion, *, law: NationalLaw, usury: UsuryTable, codes: RuleCodes, communes: frozenset[str]
) -> list[RuleFault]:
    """Every fault of a version, each once.

    `communes` are the INSEE codes of the tenant's own communes.
    """
    found = [*dates(version.valid_from, version.valid_from_precision, version.valid_to)]
    if not version.products:
        found.append(RuleFault("products", "too_short", {"min_length": 1}))
    found += repeated("products", [product.code for product in version.products])
    found += index_checks.faults(version)
    if version.commission is not None:
        found += [fault.under("commission") for fault in _commission(version.commission)]
    for number, product in enumerate(version.products):
        parts = [
            *_product(product, codes, communes),
            *index_checks.references(product, version.indexes),
            *law_checks.faults(version, product, law=law, table=usury),
        ]
        found += [fault.under(f"products.{number}") for fault in parts]
    return first_of_each([*found, *leaves(version)])


def _commission(rule: CommissionRule) -> Iterator[RuleFault]:
    yield from within("quorum_members_min", rule.quorum_members_min, ge=1, le=MEMBERS_MAX)
    yield from percent("quorum_percent", rule.quorum_percent)


def first_of_each(found: list[RuleFault]) -> list[RuleFault]:
    """The faults without those that tell again what was told of a path."""
    return list({(fault.path, fault.code): fault for fault in reversed(found)}.values())[::-1]


def dates(begins: date | None, precision: Precision | None, ends: date | None) -> Iterator[RuleFault]:
    """The faults of the days between which something holds."""
    if begins is not None and ends is not None and ends < begins:
        yield RuleFault("valid_to", "ends_before_it_begins")
    if begins is None and precision is not None:
        yield RuleFault("valid_from_precision", "precision_without_date")
    if begins is not None and precision is not None and not _is_first_day(begins, precision):
        yield RuleFault("valid_from", "not_first_day")


def _is_first_day(day: date, precision: Precision) -> bool:
    """Whether a day can stand for the month, quarter or year that its source gives."""
    months = {Precision.MONTH: 1, Precision.QUARTER: 3, Precision.YEAR: 12}.get(precision)
    return months is None or (day.day == 1 and (day.month - 1) % months == 0)


def leaves(whole: object, path: str = "") -> Iterator[RuleFault]:
    """The faults of single values wherever they are: a number below 0 or out of all proportion, a day of another age,
    a text without a word or not of text, one that its list has twice.
    """
    if isinstance(whole, str):
        yield from _text(whole, path)
    elif isinstance(whole, int):
        yield from within(path, whole, ge=0, le=_FIGURE_MAX)
    elif isinstance(whole, Decimal):
        yield from _decimal(whole, path)
    elif isinstance(whole, date):
        yield from _day(whole, path)
    else:
        if isinstance(whole, tuple):
            yield from _twice(whole, path)
        for step, value in _parts(whole):
            yield from leaves(value, f"{path}.{step}" if path else step)


def _twice(items: tuple[object, ...], path: str) -> Iterator[RuleFault]:
    known: set[str] = set()
    for number, item in enumerate(items):
        if isinstance(item, str):
            if item in known:
                yield RuleFault(f"{path}.{number}", "listed_twice")
            known.add(item)


def _day(day: date, path: str) -> Iterator[RuleFault]:
    if day < DAY_MIN:
        yield RuleFault(path, "too_small", {"ge": DAY_MIN.isoformat()})
    elif day > DAY_MAX:
        yield RuleFault(path, "too_large", {"le": DAY_MAX.isoformat()})


def _decimal(value: Decimal, path: str) -> Iterator[RuleFault]:
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or value.copy_abs() > _FIGURE_MAX:
        yield RuleFault(path, "too_large", {"le": _FIGURE_MAX})
    elif exponent < -_DECIMALS_MAX:
        yield RuleFault(path, "too_many_decimals", {"most": _DECIMALS_MAX})


def _parts(whole: object) -> Iterable[tuple[str, object]]:
    if isinstance(whole, tuple):
        return ((str(number), item) for number, item in enumerate(whole))
    if isinstance(whole, Mapping):
        return whole.items()
    if is_dataclass(whole):
        return ((field.name, getattr(whole, field.name)) for field in fields(whole))
    return ()


def _text(text: str, path: str) -> Iterator[RuleFault]:
    if not text or text.isspace():
        yield RuleFault(path, "blank")
    elif len(text) > _TEXT_MAX:
        yield RuleFault(path, "too_long", {"max_length": _TEXT_MAX})
    elif _NOT_TEXT.search(text):
        yield RuleFault(path, "control_character")


def _product(product: Product, codes: RuleCodes, communes: frozenset[str]) -> Iterator[RuleFault]:
    yield from limit_checks.faults(product)
    yield from rate_checks.faults(product)
    yield from _listed(product, codes, communes)
    yield from _lenders(product)
    yield from _about_rules(product)
    yield from _asked(product)
    yield from _without_lender(product)
    yield from _with_lender_alone(product)
    yield from repeated("tiers", [tier.code for tier in product.tiers])
    if product.rounding is not None:
        if product.rounding.unit_cents not in _UNITS_CENTS:
            yield RuleFault("rounding.unit_cents", "not_one_of", {"expected": "1, 100"})
        if not product.rounding.remainder_on:
            yield RuleFault("rounding.remainder_on", "too_short", {"min_length": 1})


def _asked(product: Product) -> Iterator[RuleFault]:
    """What no loan could meet, and what is said in vain: a list of nothing, a duration told twice, a bad code."""
    for name in ("purposes", "residence_communes", "signed_by"):
        if getattr(product, name) == ():
            yield RuleFault(name, "too_short", {"min_length": 1})
    if product.signed_by and Party.BORROWER not in product.signed_by:
        yield RuleFault("signed_by", "borrower_signs_not")
    for name in ("bank_ban", "over_indebtedness"):
        if getattr(product, name) is ListingPolicy.LENDER_CHECKS_BEFORE_APPOINTMENT:
            yield RuleFault(name, "checked_for_ficp_alone")
    if product.support_months is not None and product.support_for_whole_loan:
        yield RuleFault("support_months", "one_of_two", {"expected": "support_months, support_for_whole_loan"})
    yield from _fast_track(product)
    yield from _lenders_checks(product)
    codes = {"code": product.code, **{f"{path}.code": lender.code for path, lender in lenders(product)}}
    for path, code in codes.items():
        if not CODE.fullmatch(code):
            yield RuleFault(path, "bad_code")


def _lenders_checks(product: Product) -> Iterator[RuleFault]:
    """What is said in vain of the lender's checks."""
    if product.precheck is not None and product.ficp is not ListingPolicy.LENDER_CHECKS_BEFORE_APPOINTMENT:
        yield RuleFault("precheck", "precheck_not_asked")
    for name in ("precheck", "grant_check"):
        gate = getattr(product, name)
        if gate is not None and gate.told_by == ():
            yield RuleFault(f"{name}.told_by", "too_short", {"min_length": 1})


def _fast_track(product: Product) -> Iterator[RuleFault]:
    """What is said of decisions ahead of the session in vain."""
    if product.fast_track_ratified is not None and not product.fast_track:
        yield RuleFault("fast_track_ratified", "ratified_without_fast_track")
    if product.fast_track_notice is not None and not product.fast_track_ratified:
        yield RuleFault("fast_track_notice", "notice_without_ratification")
    if product.fast_track_by is None:
        return
    if not product.fast_track:
        yield RuleFault("fast_track_by", "by_without_fast_track")
    if not product.fast_track_by:
        yield RuleFault("fast_track_by", "too_short", {"min_length": 1})
    if not _OVERRIDING.issuperset(product.fast_track_by):
        yield RuleFault("fast_track_by", "role_cannot_decide")


def _with_lender_alone(product: Product) -> Iterator[RuleFault]:
    """What holds for the CCAS's own money where partners alone lend."""
    partners_lend = all((lender.lending or product.lending) is Lending.PARTNER for _, lender in lenders(product))
    if partners_lend and product.excluded_from_consumer_credit:
        yield RuleFault("excluded_from_consumer_credit", "partner_not_excluded")


def _without_lender(product: Product) -> Iterator[RuleFault]:
    """What is asked of a lender where the CCAS lends its own money alone."""
    if any((lender.lending or product.lending) is Lending.PARTNER for _, lender in lenders(product)):
        return
    if product.deciding_body is not DecidingBody.COMMISSION:
        yield RuleFault("deciding_body", "no_lender_to_decide")
    if product.ficp is ListingPolicy.LENDER_CHECKS_BEFORE_APPOINTMENT:
        yield RuleFault("ficp", "no_lender_to_check")
    for name in ("precheck", "grant_check"):
        if getattr(product, name) is not None:
            yield RuleFault(name, "no_lender_to_check")
    if product.collected_by is Collector.LENDER:
        yield RuleFault("collected_by", "no_lender_to_act")
    if Party.LENDER in (product.signed_by or ()):
        yield RuleFault("signed_by", "no_lender_to_act")


def _listed(product: Product, codes: RuleCodes, communes: frozenset[str]) -> Iterator[RuleFault]:
    """What is chosen from lists: codes, facts that can be attested, communes of the tenant."""
    lists: list[tuple[str, tuple[str, ...], str, frozenset[str]]] = [
        ("purposes", product.purposes or (), "purposes", codes.purposes),
        ("purposes_excluded", product.purposes_excluded, "purposes", codes.purposes),
        ("documents", product.documents, "papers", codes.papers),
    ]
    lists += [
        (f"tiers.{number}.reasons", tier.reasons, "exceptions", codes.exceptions)
        for number, tier in enumerate(product.tiers)
    ]
    for path, chosen, name, known in lists:
        for number, code in enumerate(chosen):
            if code not in known:
                yield RuleFault(f"{path}.{number}", "unknown_code", {"list": name})
    for number, purpose in enumerate(product.purposes_excluded):
        if purpose in (product.purposes or ()):
            yield RuleFault(f"purposes_excluded.{number}", "allowed_and_excluded")
    for number, fact in enumerate(product.attestations):
        if fact not in ASKED_FOR:
            yield RuleFault(f"attestations.{number}", "not_attestable")
    for number, commune in enumerate(product.residence_communes or ()):
        if commune not in communes:
            yield RuleFault(f"residence_communes.{number}", "commune_of_another")


def _lenders(product: Product) -> Iterator[RuleFault]:
    for path, lender in lenders(product):
        if (lender.lending or product.lending) is Lending.OWN_FUNDS and lender.scopes:
            yield RuleFault(f"{path}.scopes", "own_funds_in_scope")
    known: set[str] = set()
    for path, lender in lenders(product):
        if lender.code in known:
            yield RuleFault(f"{path}.code", "same_code", {"code": lender.code})
        known.add(lender.code)


def _about_rules(product: Product) -> Iterator[RuleFault]:
    """What is said of rules names one, leaves the law alone, and does not deny what is given."""
    named: dict[str, tuple[str, ...] | Mapping[str, Any]] = {
        "not_stated": product.not_stated,
        "inferred": product.inferred,
        "sources": product.sources,
        "severities": product.severities,
        "overridable_by": product.overridable_by,
    }
    for about, rules in named.items():
        for number, rule in enumerate(rules):
            place = f"{about}.{rule}" if isinstance(rules, Mapping) else f"{about}.{number}"
            if not is_rule(product, rule):
                yield RuleFault(place, "no_such_rule", {"rule": rule})
            elif about == "not_stated" and is_given(product, rule):
                yield RuleFault(place, "given_and_not_stated", {"rule": rule})
            elif about in ("severities", "overridable_by") and rule in LEGAL_TEXTS:
                yield RuleFault(place, "set_by_law", {"text": LEGAL_TEXTS[rule]})
    for rule, roles in product.overridable_by.items():
        if not roles:
            yield RuleFault(f"overridable_by.{rule}", "too_short", {"min_length": 1})
        if not _OVERRIDING.issuperset(roles):
            yield RuleFault(f"overridable_by.{rule}", "role_cannot_override")

"""Whether a CCAS's file holds together: its communes, its versions in time, its agreements, and each version."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from app.domain import law_checks
from app.domain.amortization import DURATION_MONTHS_MAX, PRINCIPAL_CENTS_MAX
from app.domain.lenders import Lender, Lending
from app.domain.national_law import NationalLaw, Scope
from app.domain.products import Product
from app.domain.rate_checks import product_rates
from app.domain.rule_checks import CODE, dates, faults, first_of_each, leaves
from app.domain.rule_faults import RuleCodes, RuleFault, in_order, percent, repeated, within
from app.domain.rule_paths import lenders
from app.domain.rules import VERSION_MAX, Agreement, CostShare, RuleVersion, TenantKind, TenantRules
from app.domain.usury import UsuryTable

_SLUG = re.compile(r"[a-z][a-z0-9-]{1,62}")
# Names of places, the same on every machine; `localtime` is none.
_ZONE = re.compile(r"[A-Z][A-Za-z_]+(/[A-Za-z0-9_+-]+)+|UTC")
_NAME_MAX, _REFERENCE_MAX = 200, 500
_PLATFORM = "platform"
_DAY = timedelta(days=1)
_CHECK_DAYS_MAX = 3_660


def tenant_faults(
    rules: TenantRules,
    *,
    law: NationalLaw,
    usury: UsuryTable,
    codes: RuleCodes,
    official: Mapping[str, Sequence[str]],
) -> list[RuleFault]:
    """Every fault of a tenant's file, each once. `official` are the communes of France: INSEE code to names."""
    communes = frozenset(commune.insee_code for commune in rules.communes)
    found = [*_identity(rules), *_communes(rules, official), *_versions(rules.versions), *_agreements(rules.agreements)]
    for number, agreement in enumerate(rules.agreements):
        lent = _lent(rules, agreement)
        beyond = law_checks.agreement_faults(agreement, lent, law=law, table=usury)
        found += [fault.under(f"agreements.{number}") for fault in (*beyond, *_below(agreement, lent))]
    for number, version in enumerate(rules.versions):
        of_version = faults(version, law=law, usury=usury, codes=codes, communes=communes)
        found += [fault.under(f"versions.{number}") for fault in of_version]
    return first_of_each([*found, *leaves(replace(rules, versions=()))])


def remarks(rules: TenantRules, *, usury: UsuryTable, official: Mapping[str, Sequence[str]]) -> list[RuleFault]:
    """What is to be looked at and forbids nothing: names of communes, days without rules, limits that none holds."""
    found = [
        RuleFault(f"communes.{number}.name", "commune_name_differs", {"official": names[0]})
        for number, commune in enumerate(rules.communes)
        if (names := official.get(commune.insee_code)) and commune.name not in names
    ]
    found += _days_without_rules(rules.versions)
    for number, version in enumerate(rules.versions):
        for place, product in enumerate(version.products):
            of_product = [*_unheld(product), *law_checks.remarks(version, product, table=usury)]
            found += [fault.under(f"versions.{number}.products.{place}") for fault in of_product]
        found += [fault.under(f"versions.{number}") for fault in _unused_indexes(version)]
    for number, agreement in enumerate(rules.agreements):
        lent = _lent(rules, agreement)
        if not lent and not agreement.planned:
            found.append(RuleFault(f"agreements.{number}.partner", "agreement_of_no_lender"))
        of_agreement = law_checks.agreement_remarks(agreement, lent, table=usury)
        found += [fault.under(f"agreements.{number}") for fault in of_agreement]
    return first_of_each(found)


def _days_without_rules(versions: Sequence[RuleVersion]) -> Iterator[RuleFault]:
    """The days between two versions, each where the later one begins."""
    by_date = sorted(enumerate(versions), key=lambda numbered: numbered[1].valid_from or date.min)
    for (_, before), (number, after) in pairwise(by_date):
        if before.valid_to is None or after.valid_from is None or (after.valid_from - before.valid_to).days <= 1:
            continue
        days = {"first": (before.valid_to + _DAY).isoformat(), "last": (after.valid_from - _DAY).isoformat()}
        yield RuleFault(f"versions.{number}.valid_from", "days_without_rules", days)


def _lent(rules: TenantRules, agreement: Agreement) -> list[tuple[Product, Lender]]:
    """The products of all versions that the partner of an agreement lends, each with what is said of it there."""
    products = (product for version in rules.versions for product in version.products)
    return [(product, lender) for product in products for lender in product.lenders if lender.code == agreement.partner]


def _below(agreement: Agreement, lent: Sequence[tuple[Product, Lender]]) -> Iterator[RuleFault]:
    """The limits of an agreement below the smallest or shortest loan of all that its partner lends."""
    for name in ("amount_cents", "duration_months"):
        least = [max(getattr(one, f"{name}_min") or 0 for one in pair) for pair in lent]
        yield from in_order(f"{name}_max", min(least, default=None), getattr(agreement, f"{name}_max"))


def _unused_indexes(version: RuleVersion) -> Iterator[RuleFault]:
    users = (user for product in version.products for user in (product.indexed_rate, product.income_ceiling))
    used = {user.index for user in users if user is not None}
    for number, index in enumerate(version.indexes):
        if index.code not in used:
            yield RuleFault(f"indexes.{number}.code", "index_unused")


def _unheld(product: Product) -> Iterator[RuleFault]:
    """What a product says and nothing tests, and caps that bind no lender or one of another kind."""
    for path, lender in lenders(product):
        if (lender.lending or product.lending) is Lending.PARTNER and not lender.scopes:
            yield RuleFault(f"{path}.scopes", "no_national_cap", _uncapped(product, lender))
        rates = [lender.rate_percent] if lender.rate_percent is not None else [one for _, one in product_rates(product)]
        if Scope.ASSOCIATION_LENDERS in lender.scopes and rates and product.indexed_rate is None and not any(rates):
            yield RuleFault(f"{path}.scopes", "association_at_rate_0")


def _uncapped(product: Product, lender: Lender) -> dict[str, int | None]:
    """The most that the lender may lend, in cents and months; null where neither it nor the product has a limit."""
    found = {}
    for name in ("amount_cents_max", "duration_months_max"):
        usual, own = getattr(product, name), getattr(lender, name)
        widest = None if usual is None else max([usual, *(getattr(tier, name) or 0 for tier in product.tiers)])
        found[name.removesuffix("_max")] = min((one for one in (widest, own) if one is not None), default=None)
    return found


def _identity(rules: TenantRules) -> Iterator[RuleFault]:
    if not _SLUG.fullmatch(rules.slug) or rules.slug == _PLATFORM:
        yield RuleFault("slug", "bad_form")
    if len(rules.name) > _NAME_MAX:
        yield RuleFault("name", "too_long", {"max_length": _NAME_MAX})
    if not _is_zone(rules.time_zone):
        yield RuleFault("time_zone", "unknown_time_zone")


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return False
    return bool(_ZONE.fullmatch(name))


def _communes(rules: TenantRules, official: Mapping[str, Sequence[str]]) -> Iterator[RuleFault]:
    if not rules.communes:
        yield RuleFault("communes", "too_short", {"min_length": 1})
    for number, commune in enumerate(rules.communes):
        if commune.insee_code not in official:
            yield RuleFault(f"communes.{number}.insee_code", "unknown_commune")
    yield from repeated("communes", [commune.insee_code for commune in rules.communes], name="insee_code")
    if rules.kind is TenantKind.COMMUNAL and len(rules.communes) > 1:
        yield RuleFault("kind", "communal_of_several")


def _versions(versions: Sequence[RuleVersion]) -> Iterator[RuleFault]:
    if not versions:
        yield RuleFault("versions", "too_short", {"min_length": 1})
    numbers = [version.version for version in versions]
    # The number of a version that was withdrawn is missing.
    if numbers != sorted(set(numbers)) or numbers[:1] not in ([], [1]):
        yield RuleFault("versions", "versions_numbered")
    for number, version in enumerate(versions):
        yield from within(f"versions.{number}.version", version.version, ge=1, le=VERSION_MAX)
        if any(_meet(other, version) for other in versions[:number]):
            yield RuleFault(f"versions.{number}.valid_from", "overlap")


def _agreements(agreements: Sequence[Agreement]) -> Iterator[RuleFault]:
    signed: defaultdict[str, list[Agreement]] = defaultdict(list)
    named: set[tuple[str, str]] = set()
    for number, agreement in enumerate(agreements):
        path = f"agreements.{number}"
        parts = [
            *dates(agreement.valid_from, agreement.valid_from_precision, agreement.valid_to),
            *within("amount_cents_max", agreement.amount_cents_max, ge=1, le=PRINCIPAL_CENTS_MAX),
            *within("duration_months_max", agreement.duration_months_max, ge=1, le=DURATION_MONTHS_MAX),
            *percent("rate_percent", agreement.rate_percent),
            *within("check_valid_days", agreement.check_valid_days, ge=1, le=_CHECK_DAYS_MAX),
            *within("answer_days_max", agreement.answer_days_max, ge=1, le=_CHECK_DAYS_MAX),
            *_shared_cost(agreement.cost_shares),
        ]
        yield from (fault.under(path) for fault in parts)
        if not CODE.fullmatch(agreement.partner):
            yield RuleFault(f"{path}.partner", "bad_code")
        if len(agreement.partner_name) > _NAME_MAX:
            yield RuleFault(f"{path}.partner_name", "too_long", {"max_length": _NAME_MAX})
        if len(agreement.reference) > _REFERENCE_MAX:
            yield RuleFault(f"{path}.reference", "too_long", {"max_length": _REFERENCE_MAX})
        if (agreement.partner, agreement.reference) in named:
            yield RuleFault(f"{path}.reference", "same_code", {"code": agreement.reference})
        named.add((agreement.partner, agreement.reference))
        if any(not agreement.planned and _meet(other, agreement) for other in signed[agreement.partner]):
            yield RuleFault(f"{path}.valid_from", "overlap")
        if not agreement.planned:
            signed[agreement.partner].append(agreement)


def _shared_cost(shares: Sequence[CostShare]) -> Iterator[RuleFault]:
    for place, share in enumerate(shares):
        yield from percent(f"cost_shares.{place}.share_percent", share.share_percent, le=100)
        if any(other.commune_insee_code == share.commune_insee_code for other in shares[:place]):
            path = f"cost_shares.{place}.commune_insee_code"
            yield RuleFault(path, "same_code", {"code": share.commune_insee_code})


def _meet(one: RuleVersion | Agreement, other: RuleVersion | Agreement) -> bool:
    """Whether both are in force on some day."""
    first = max(one.valid_from or date.min, other.valid_from or date.min)
    return first <= min(one.valid_to or date.max, other.valid_to or date.max)

"""Whether a version permits what national law forbids while it is in force: caps on lenders, usury."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from app.domain.amortization import RATE_PERCENT_MAX
from app.domain.lenders import Lender
from app.domain.national_law import Law, NationalLaw, Parameter, Value
from app.domain.products import Product
from app.domain.rate_checks import product_rates
from app.domain.rule_faults import RuleFault
from app.domain.rule_paths import lenders
from app.domain.rules import RuleVersion
from app.domain.usury import UsuryStatus, UsuryTable, usury

_CAPS = {"amount_cents_max": Law.AMOUNT_CENTS_MAX, "duration_months_max": Law.DURATION_MONTHS_MAX}


def faults(version: RuleVersion, product: Product, *, law: NationalLaw, table: UsuryTable) -> Iterator[RuleFault]:
    """Everything that the law forbids in a product of the version, by path in the product."""
    for path, lender in lenders(product):
        for name, parameter in _CAPS.items():
            cap = _lowest(version, lender, law.parameters[parameter])
            if cap is not None:
                yield from _beyond(product, lender, path, name, cap)
        if version.valid_from is not None:
            amounts = _amounts(product, lender, table)
            for rate_path, rate in _rates(version, product, path, lender, version.valid_from):
                if rate <= RATE_PERCENT_MAX:
                    yield from _usurious(rate_path, rate, amounts, version.valid_from, table)


def _lowest(version: RuleVersion, lender: Lender, parameter: Parameter) -> Value | None:
    """The lowest cap that binds the lender on any day of the version; of its last day where its first is not known."""
    if parameter.scope.isdisjoint(lender.scopes):
        return None
    last = version.valid_to or date.max
    first = version.valid_from or last
    at_first = parameter.at(first)
    later = [row for row in parameter.values if first < row.valid_from <= last]
    return min([*([at_first] if at_first else []), *later], key=_whole, default=None)


def _whole(cap: Value) -> int:
    return cap.value if isinstance(cap.value, int) else 0


def _beyond(product: Product, lender: Lender, path: str, name: str, cap: Value) -> Iterator[RuleFault]:
    """What the lender may lend beyond a cap: as it usually does, and under each tier. No limit is beyond any."""
    own, usual = getattr(lender, name), getattr(product, name)
    if own is not None and own <= _whole(cap):
        return
    limits = {name: usual}
    limits |= {f"tiers.{number}.{name}": getattr(tier, name) or 0 for number, tier in enumerate(product.tiers)}
    for place, most in limits.items():
        if most is None or most > _whole(cap):
            facts = {"cap": cap.value, "since": cap.valid_from.isoformat(), "source": cap.source}
            yield RuleFault(place if own is None else f"{path}.{name}", "above_national_cap", facts)


def _rates(
    version: RuleVersion, product: Product, path: str, lender: Lender, on: date
) -> Iterator[tuple[str, Decimal]]:
    """The rates of a lender on a day, by path: its own, or else those of the product."""
    if lender.rate_percent is not None:
        yield f"{path}.rate_percent", lender.rate_percent
        return
    yield from product_rates(product)
    indexed = product.indexed_rate
    if indexed is None or abs(indexed.margin_percent) > RATE_PERCENT_MAX:
        return
    for index in version.indexes:
        value = index.at(on) if index.code == indexed.index else None
        if value is not None and abs(value) <= RATE_PERCENT_MAX:
            yield "indexed_rate", max(indexed.rate_percent_min, value + indexed.margin_percent)


def _amounts(product: Product, lender: Lender, table: UsuryTable) -> list[int]:
    """Amounts in cents that the lender lends, one at least in each category of usury that they reach."""
    limits = [limit for limit in (product.amount_cents_min, lender.amount_cents_min) if limit is not None]
    least = max([1, *limits])
    usual = product.amount_cents_max
    widest = None if usual is None else max([usual, *(tier.amount_cents_max or 0 for tier in product.tiers)])
    most = min([limit for limit in (widest, lender.amount_cents_max) if limit is not None], default=None)
    ends = {bracket.amount_cents_max for classes in table.classes for bracket in classes.brackets}
    floors = [end + 1 for end in ends if end is not None]
    return [least, *(floor for floor in floors if floor > least and (most is None or floor <= most))]


def _usurious(path: str, rate: Decimal, amounts: list[int], on: date, table: UsuryTable) -> Iterator[RuleFault]:
    """The lowest threshold exceeded for some amount. The rate is tested as an APR, which is never lower than it."""
    tested = [usury(apr_percent=rate, amount_cents=amount, offered_on=on, table=table) for amount in amounts]
    exceeded = [
        one.threshold_percent
        for one in tested
        if one.status is UsuryStatus.USURIOUS and one.threshold_percent is not None
    ]
    if exceeded:
        yield RuleFault(path, "above_usury", {"threshold": str(min(exceeded)), "on": on.isoformat()})

"""Whether a version permits what national law forbids while it is in force: caps on lenders, usury."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from app.domain.amortization import RATE_PERCENT_MAX
from app.domain.lenders import Lender
from app.domain.national_law import Law, NationalLaw, Parameter, Scope, Value
from app.domain.products import Product
from app.domain.rate_checks import product_rates
from app.domain.rule_faults import RuleFault
from app.domain.rule_paths import lenders
from app.domain.rules import Agreement, RuleVersion
from app.domain.usury import UsuryStatus, UsuryTable, usury

_CAPS = {"amount_cents_max": Law.AMOUNT_CENTS_MAX, "duration_months_max": Law.DURATION_MONTHS_MAX}


def faults(version: RuleVersion, product: Product, *, law: NationalLaw, table: UsuryTable) -> Iterator[RuleFault]:
    """Everything that the law forbids in a product of the version, by path in the product."""
    for path, lender in lenders(product):
        for name, parameter in _CAPS.items():
            cap = _lowest(version, frozenset(lender.scopes), law.parameters[parameter])
            if cap is not None:
                yield from _beyond(product, lender, path, name, cap)
        for rate, threshold in _tested(version, product, path, lender, table):
            if threshold is not None and threshold.is_certain:
                yield RuleFault(rate.path, "above_usury", threshold.facts)


def agreement_faults(
    agreement: Agreement, lent: Sequence[tuple[Product, Lender]], *, law: NationalLaw, table: UsuryTable
) -> Iterator[RuleFault]:
    """What the law forbids in an agreement, by path in it. `lent` are the products lent by its partner."""
    scopes = frozenset(scope for _, lender in lent for scope in lender.scopes)
    for name, parameter in _CAPS.items():
        cap, most = _lowest(agreement, scopes, law.parameters[parameter]), getattr(agreement, name)
        if cap is not None and most is not None and most > _whole(cap):
            yield RuleFault(name, "above_national_cap", _of_cap(cap))
    threshold = _of_agreement(agreement, lent, table)
    if threshold is not None and threshold.is_certain:
        yield RuleFault("rate_percent", "above_usury", threshold.facts)


def agreement_remarks(
    agreement: Agreement, lent: Sequence[tuple[Product, Lender]], *, table: UsuryTable
) -> Iterator[RuleFault]:
    """A rate of an agreement above the last thresholds known, for days whose own are not."""
    threshold = _of_agreement(agreement, lent, table)
    if threshold is not None and not threshold.is_certain:
        yield RuleFault("rate_percent", "above_last_usury", threshold.facts)


def remarks(version: RuleVersion, product: Product, *, table: UsuryTable) -> Iterator[RuleFault]:
    """The rates above the last thresholds known, for days whose own are not: nothing is forbidden by them yet."""
    for path, lender in lenders(product):
        for rate, threshold in _tested(version, product, path, lender, table):
            if threshold is not None and not threshold.is_certain:
                yield RuleFault(rate.path, "above_last_usury", threshold.facts)


@dataclass(frozen=True, slots=True)
class _Rate:
    """A nominal rate in percent a year, its path, and the days it holds for, both included."""

    path: str
    percent: Decimal
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class _Threshold:
    """A threshold exceeded, in percent, and a day of it; uncertain, it is of days before those of the rate."""

    percent: Decimal
    on: date
    is_certain: bool = True

    @property
    def facts(self) -> dict[str, str]:
        """What the sentence names."""
        return {"threshold": str(self.percent), "on": self.on.isoformat()}


def _lowest(dated: RuleVersion | Agreement, scopes: frozenset[Scope], parameter: Parameter) -> Value | None:
    """The lowest cap of the scopes on any day of the version; of its last day where its first is not known."""
    if parameter.scope.isdisjoint(scopes):
        return None
    last = dated.valid_to or date.max
    first = dated.valid_from or last
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
            yield RuleFault(place if own is None else f"{path}.{name}", "above_national_cap", _of_cap(cap))


def _of_cap(cap: Value) -> dict[str, object]:
    """What the sentence names."""
    return {"cap": cap.value, "since": cap.valid_from.isoformat(), "source": cap.source}


def _of_agreement(agreement: Agreement, lent: Sequence[tuple[Product, Lender]], table: UsuryTable) -> _Threshold | None:
    """The threshold that the rate of an agreement exceeds for some amount that may be lent under it."""
    rate = agreement.rate_percent
    if rate is None or not 0 < rate <= RATE_PERCENT_MAX:
        return None
    amounts = {amount for product, lender in lent for amount in _amounts(product, _narrowed(lender, agreement), table)}
    return _exceeded(_Rate("rate_percent", rate, *_span(agreement, table)), sorted(amounts or {1}), table)


def _narrowed(lender: Lender, agreement: Agreement) -> Lender:
    """The lender with the amount of its agreement where that is the narrower."""
    limits = [limit for limit in (lender.amount_cents_max, agreement.amount_cents_max) if limit is not None]
    return replace(lender, amount_cents_max=min(limits, default=None))


def _tested(
    version: RuleVersion, product: Product, path: str, lender: Lender, table: UsuryTable
) -> Iterator[tuple[_Rate, _Threshold | None]]:
    """The rates of a lender, each with the threshold that it exceeds for some amount."""
    amounts = _amounts(product, lender, table)
    for rate in _rates(version, product, path, lender, table):
        if 0 < rate.percent <= RATE_PERCENT_MAX:
            yield rate, _exceeded(rate, amounts, table)


def _rates(version: RuleVersion, product: Product, path: str, lender: Lender, table: UsuryTable) -> Iterator[_Rate]:
    """The rates of a lender: its own, or else those of the product, with each value of its index."""
    first, last = _span(version, table)
    if lender.rate_percent is not None:
        yield _Rate(f"{path}.rate_percent", lender.rate_percent, first, last)
        return
    for rate_path, percent in product_rates(product):
        yield _Rate(rate_path, percent, first, last)
    indexed = product.indexed_rate
    if indexed is None or abs(indexed.margin_percent) > RATE_PERCENT_MAX:
        return
    for row in (row for index in version.indexes if index.code == indexed.index for row in index.values):
        begins, ends = max(first, row.valid_from or first), min(last, row.valid_to or last)
        if begins <= ends and abs(row.value) <= RATE_PERCENT_MAX:
            percent = max(indexed.rate_percent_min, row.value + indexed.margin_percent)
            yield _Rate("indexed_rate", percent, begins, ends)


def _span(dated: RuleVersion | Agreement, table: UsuryTable) -> tuple[date, date]:
    """The days of what is dated; where its first is not known, those since the last thresholds that it may have met."""
    last = dated.valid_to or date.max
    known = [period.valid_from for period in table.periods if period.valid_from <= last]
    return dated.valid_from or max(known, default=date.min), last


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


def _exceeded(rate: _Rate, amounts: list[int], table: UsuryTable) -> _Threshold | None:
    """The first threshold of its days that a rate exceeds; else the highest ever known; else the last before them.

    The rate is tested as an APR, which is never lower than it.
    """
    days = [
        max(rate.first, period.valid_from)
        for period in table.periods
        if period.valid_from <= rate.last and period.valid_to >= rate.first
    ]
    for day in days:
        lowest = _lowest_exceeded(rate.percent, amounts, day, table)
        if lowest is not None:
            return _Threshold(lowest, day)
    highest = next(filter(None, (_highest_exceeded(rate.percent, amount, table) for amount in amounts)), None)
    if highest is not None or days:
        return highest
    before = [period.valid_from for period in table.periods if period.valid_to < rate.first]
    last = _lowest_exceeded(rate.percent, amounts, before[-1], table) if before else None
    return None if last is None else _Threshold(last, before[-1], is_certain=False)


def _lowest_exceeded(percent: Decimal, amounts: list[int], on: date, table: UsuryTable) -> Decimal | None:
    """The lowest threshold of a day that a rate exceeds for some amount."""
    tested = [usury(apr_percent=percent, amount_cents=amount, offered_on=on, table=table) for amount in amounts]
    exceeded = [one.threshold_percent for one in tested if one.status is UsuryStatus.USURIOUS]
    return min((threshold for threshold in exceeded if threshold is not None), default=None)


def _highest_exceeded(percent: Decimal, amount_cents: int, table: UsuryTable) -> _Threshold | None:
    """The highest threshold ever known for an amount, where a rate exceeds it."""
    days = [period.valid_from for period in table.periods]
    tested = [usury(apr_percent=percent, amount_cents=amount_cents, offered_on=on, table=table) for on in days]
    if any(one.status is UsuryStatus.OK for one in tested):
        return None
    known = [(one.threshold_percent, on) for one, on in zip(tested, days, strict=True) if one.threshold_percent]
    return _Threshold(*max(known)) if known else None

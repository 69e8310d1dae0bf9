"""Whether a product says its rate once, who pays the interest once, and who covers no more than the whole loss."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from app.domain.amortization import RemainderOn
from app.domain.lenders import InterestAid, PaidWhen, Payer, RateBand
from app.domain.products import Product
from app.domain.rule_faults import RuleFault, in_order, percent, within
from app.domain.rule_paths import lenders

_WAYS = ("rate_percent", "rate_bands", "indexed_rate")
_WHOLE = 100
_AGE_MAX = 150
_NO_END = 1_000  # years, above any age


def faults(product: Product) -> Iterator[RuleFault]:
    """Every fault of a product's rates, interest and guarantees, by path in it."""
    told = [way for way in _WAYS if getattr(product, way) not in (None, ())]
    yield from (RuleFault(way, "rate_told_twice") for way in told[1:])
    for path, rate in _fixed_rates(product):
        yield from percent(path, rate)
    yield from _bands(product.rate_bands)
    if product.indexed_rate is not None:
        yield from percent("indexed_rate.margin_percent", product.indexed_rate.margin_percent, ge=-_WHOLE)
        yield from percent("indexed_rate.rate_percent_min", product.indexed_rate.rate_percent_min)
    yield from _bearer(product)
    for number, aid in enumerate(product.interest_aids):
        yield from _aid(product, aid, f"interest_aids.{number}")
    yield from _aids_together(product)
    yield from _guarantees(product)


def product_rates(product: Product) -> Iterator[tuple[str, Decimal]]:
    """The rates that the rules give as figures whoever lends, by path: one, or those of the age bands."""
    if product.rate_percent is not None:
        yield "rate_percent", product.rate_percent
    for number, band in enumerate(product.rate_bands):
        yield f"rate_bands.{number}.rate_percent", band.rate_percent


def _fixed_rates(product: Product) -> Iterator[tuple[str, Decimal]]:
    yield from product_rates(product)
    for path, lender in lenders(product):
        if lender.rate_percent is not None:
            yield f"{path}.rate_percent", lender.rate_percent


def _bands(bands: tuple[RateBand, ...]) -> Iterator[RuleFault]:
    """Bands that cross, overlap, or leave out an age between two of them."""
    for number, band in enumerate(bands):
        yield from in_order(f"rate_bands.{number}.age_min", band.age_min, band.age_max)
        yield from within(f"rate_bands.{number}.age_min", band.age_min, le=_AGE_MAX)
    by_age = sorted(enumerate(bands), key=lambda numbered: numbered[1].age_min or 0)
    reached = -1
    for place, (number, band) in enumerate(by_age):
        begins = band.age_min or 0
        if place and begins <= reached:
            yield RuleFault(f"rate_bands.{number}.age_min", "bands_overlap", {"age": begins})
        elif place and begins > reached + 1:
            yield RuleFault(f"rate_bands.{number}.age_min", "bands_leave_out", {"age": reached + 1})
        reached = max(reached, _NO_END if band.age_max is None else band.age_max)


def _bearer(product: Product) -> Iterator[RuleFault]:
    bearer = product.interest_borne_by
    has_interest = any(rate > 0 for _, rate in _fixed_rates(product)) or product.indexed_rate is not None
    if bearer is Payer.NOBODY and has_interest:
        yield RuleFault("interest_borne_by", "interest_without_bearer")
    if product.interest_aids and bearer not in (None, Payer.BORROWER):
        yield RuleFault("interest_aids", "interest_already_borne")
    rounding = product.rounding
    if rounding is not None and rounding.remainder_on == (RemainderOn.FIRST,) and has_interest:
        yield RuleFault("rounding.remainder_on", "remainder_first_bears_interest")


def _aid(product: Product, aid: InterestAid, path: str) -> Iterator[RuleFault]:
    if aid.payer in (Payer.NOBODY, Payer.BORROWER):
        yield RuleFault(f"{path}.payer", "aid_without_third_party")
    yield from percent(f"{path}.share_percent", aid.share_percent)
    if aid.share_percent == 0:
        yield RuleFault(f"{path}.share_percent", "not_positive")
    yield from percent(f"{path}.above_percent", aid.above_percent)
    rates = [rate for _, rate in _fixed_rates(product)]
    if aid.above_percent is not None and rates and product.indexed_rate is None and aid.above_percent >= max(rates):
        yield RuleFault(f"{path}.above_percent", "aid_never_paid", {"rate": str(max(rates))})
    elif rates and product.indexed_rate is None and not any(rates) and not aid.with_fee:
        yield RuleFault(path, "aid_without_interest")
    if aid.conditions and aid.paid is not PaidWhen.AT_THE_END:
        yield RuleFault(f"{path}.conditions", "conditions_without_refund")


def _aids_together(product: Product) -> Iterator[RuleFault]:
    """What is paid with the instalments is a part of one interest; what is refunded, of what is then left."""
    parts = defaultdict(list)
    for aid in product.interest_aids:
        parts[aid.paid].append(aid.share_percent)
    for shares in parts.values():
        yield from _whole("interest_aids", shares)


def _guarantees(product: Product) -> Iterator[RuleFault]:
    guarantees = product.guarantees or ()
    for number, guarantee in enumerate(guarantees):
        path = f"guarantees.{number}"
        yield from percent(f"{path}.share_percent", guarantee.share_percent)
        if guarantee.share_percent == 0:
            yield RuleFault(f"{path}.share_percent", "not_positive")
        for given, other in (("cap_cents", "cap_of"), ("cap_of", "cap_cents")):
            if getattr(guarantee, given) is None or f"{path}.{other}" in product.not_stated:
                continue
            if getattr(guarantee, other) is None:
                yield RuleFault(f"{path}.{other}", "cap_half_told")
    yield from _whole("guarantees", [one.share_percent for one in guarantees if one.share_percent is not None])


def _whole(path: str, shares: list[Decimal]) -> Iterator[RuleFault]:
    """The fault of shares of more than the whole; a share out of bounds has its own."""
    counted = [share for share in shares if 0 <= share <= _WHOLE]
    if counted == shares and sum(counted) > _WHOLE:
        yield RuleFault(path, "shares_over_100", {"total": str(sum(counted))})

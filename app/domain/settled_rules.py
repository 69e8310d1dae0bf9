"""The rules that apply to one file: those of a product, settled for a day, a lender and an age.

What a rule leaves to be looked up (the figure of an index, the rate of an age band, the limits of the lender chosen)
becomes a figure here, so that all who compute read plain limits.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal

from app.domain.errors import RuleNotStated, UnknownLender
from app.domain.lenders import Lender
from app.domain.money import round_half_up
from app.domain.products import IncomeCeiling, Product
from app.domain.rule_errors import BirthDateMissing
from app.domain.rules import Index


def settle(
    product: Product, *, on: date, indexes: Iterable[Index], lender: str | None = None, age: int | None = None
) -> Product:
    """The product as it applies that day, with one lender: the one named, else the first.

    Where the tenant and the lender both limit, the narrower holds. The rate is that of the lender, else of the age
    band, else of the index, else that of the product; null where the lender's is not stated, no band holds the age or
    the index is not known that day. The bands are kept only where the rate waits for the age. Raises UnknownLender.
    """
    known = {index.code: index for index in indexes}
    chosen = _lender(product, lender, on)
    is_lenders = chosen.rate_percent is not None or f"{_place(product, chosen)}.rate_percent" in product.not_stated
    return replace(
        product,
        lender=chosen,
        other_lenders=(),
        lending=chosen.lending or product.lending,
        amount_cents_min=_largest(product.amount_cents_min, chosen.amount_cents_min),
        amount_cents_max=_smallest(product.amount_cents_max, chosen.amount_cents_max),
        duration_months_min=_largest(product.duration_months_min, chosen.duration_months_min),
        duration_months_max=_smallest(product.duration_months_max, chosen.duration_months_max),
        rate_percent=chosen.rate_percent if is_lenders else _rate(product, on, known, age),
        rate_bands=() if is_lenders or age is not None else product.rate_bands,
        income_ceiling=_ceiling(product.income_ceiling, on, known),
        sources=product.sources | _texts_of_lender(product, chosen),
        tiers=tuple(
            replace(
                tier,
                amount_cents_max=_smallest(tier.amount_cents_max, chosen.amount_cents_max),
                duration_months_max=_smallest(tier.duration_months_max, chosen.duration_months_max),
            )
            for tier in product.tiers
        ),
    )


def stated_rate(product: Product) -> Decimal:
    """The rate of a settled product, in percent a year. Raises BirthDateMissing where it waits for the age, else
    RuleNotStated where it is not known.
    """
    if product.rate_percent is None:
        if product.rate_bands:
            raise BirthDateMissing
        raise RuleNotStated(path="rate_percent")
    return product.rate_percent


def _texts_of_lender(product: Product, lender: Lender) -> dict[str, str]:
    """The sentences behind the limits of the lender that are narrower than the tenant's, under the rules' own names."""
    place = _place(product, lender)
    narrower = {
        "amount_cents_min": _largest, "duration_months_min": _largest,
        "amount_cents_max": _smallest, "duration_months_max": _smallest,
    }  # fmt: skip
    return {
        rule: text
        for rule, narrow in narrower.items()
        if getattr(lender, rule) is not None
        and narrow(getattr(product, rule), getattr(lender, rule)) != getattr(product, rule)
        and (text := product.sources.get(f"{place}.{rule}"))
    }


def _place(product: Product, lender: Lender) -> str:
    return "lender" if lender is product.lender else f"other_lenders.{product.other_lenders.index(lender)}"


def _lender(product: Product, code: str | None, on: date) -> Lender:
    for lender in product.lenders:
        if code in (None, lender.code):
            return lender
    raise UnknownLender(on=on.isoformat(), lender=code)


def _rate(product: Product, on: date, indexes: dict[str, Index], age: int | None) -> Decimal | None:
    if product.rate_bands:
        held = (
            band.rate_percent
            for band in product.rate_bands
            if age is not None and (band.age_min or 0) <= age and (band.age_max is None or age <= band.age_max)
        )
        return next(held, None)
    indexed = product.indexed_rate
    if indexed is None:
        return product.rate_percent
    value = indexes[indexed.index].at(on) if indexed.index in indexes else None
    return None if value is None else max(indexed.rate_percent_min, value + indexed.margin_percent)


def _ceiling(ceiling: IncomeCeiling | None, on: date, indexes: dict[str, Index]) -> IncomeCeiling | None:
    """The ceiling with its index replaced by cents: null cents where the index is not known that day."""
    if ceiling is None or ceiling.index is None:
        return ceiling
    value = indexes[ceiling.index].at(on) if ceiling.index in indexes else None
    return replace(ceiling, amount_cents=None if value is None else round_half_up(value))


def _largest(*limits: int | None) -> int | None:
    return max((limit for limit in limits if limit is not None), default=None)


def _smallest(*limits: int | None) -> int | None:
    return min((limit for limit in limits if limit is not None), default=None)

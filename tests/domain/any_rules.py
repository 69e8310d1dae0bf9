"""Whatever the classes of the rules take, sensible or not."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

DECIMALS = st.decimals(allow_nan=False, allow_infinity=False) | st.sampled_from(
    [Decimal("1E+999999"), Decimal("-1E+999999"), Decimal("1E-999999"), Decimal(10**400), Decimal("-0")]
)
WRITABLE_DECIMALS = st.decimals(-(10**40), 10**40, places=20) | st.sampled_from([Decimal("1E+40"), Decimal("-1E-40")])
INTEGERS = st.integers() | st.integers(-3, 130) | st.sampled_from([300_000, 7_500_000, 10**3000])
DATES = st.dates() | st.dates(date(2000, 1, 1), date(2030, 1, 1))
RULES = st.sampled_from(["rate_percent", "guarantees.0.base", "lender.planned", "residence", "9" * 30, "tiers.٣.code"])
TEXTS = st.text(max_size=3) | RULES | st.sampled_from(["livret_a", "health", "vehicle_purchase", "quote", "31555"])


def anything(hint: Any, decimals: st.SearchStrategy[Decimal] = DECIMALS) -> st.SearchStrategy[Any]:
    """Any value that the classes of the rules take."""
    simple = {int: INTEGERS, str: TEXTS, Decimal: decimals, date: DATES, bool: st.booleans()}
    if hint in simple:
        return simple[hint]
    if is_dataclass(hint):
        hints = get_type_hints(hint)
        return st.builds(hint, **{field.name: anything(hints[field.name], decimals) for field in fields(hint)})
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is tuple:
        return st.lists(anything(arguments[0], decimals), max_size=3).map(tuple)
    if origin in (dict, Mapping):
        return st.dictionaries(*(anything(one, decimals) for one in arguments), max_size=2)
    if arguments:
        return st.one_of(*(st.none() if one is type(None) else anything(one, decimals) for one in arguments))
    return st.sampled_from(hint)

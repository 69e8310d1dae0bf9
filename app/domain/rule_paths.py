"""The paths of rules: what a breach, a severity, a source or a silence may name in a product.

A path is the name of a field of `Product`, or goes on into it: `grant.usual_cents`, `guarantees.0.base`,
`attestations.no_other_aid`. What the engine tests beside the fields (residence, capacity) has its name too.
"""

from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from app.domain.eligibility import LEGAL_TEXTS
from app.domain.lenders import Lender
from app.domain.products import ASKED_FOR, Attested, Product

# What tells of the rules themselves is none of them.
ABOUT_RULES = frozenset({"code", "name", "not_stated", "sources", "inferred", "severities", "overridable_by"})
BESIDE_FIELDS = frozenset({"residence", "rounding.instalment_cents", *LEGAL_TEXTS})
EACH = "*"
_DIGITS_MAX = 6


@cache
def rule_paths() -> frozenset[str]:
    """Every path of a rule, `*` standing for the place in a list."""
    return frozenset(path for path in _paths(Product) if path.partition(".")[0] not in ABOUT_RULES) | BESIDE_FIELDS


def is_rule(product: Product, path: str) -> bool:
    """Whether a path names a rule of this product: a place in a list must be one that it has."""
    if general(path) not in rule_paths():
        return False
    found: Any = product
    for step in path.split("."):
        if isinstance(found, tuple) and is_place(step) and int(step) >= len(found):
            return False
        found = _step(found, step)
    return True


def value_at(product: Product, path: str) -> Any:
    """What the rule of a path says; null for what a null rule would hold, or is tested beside the fields."""
    found: Any = product
    for step in path.split("."):
        found = _step(found, step)
    return found


def is_given(product: Product, path: str) -> bool:
    """Whether the rules say something at a path, beyond what stands where nothing is said."""
    whole, _, name = path.rpartition(".")
    holder, value = value_at(product, whole) if whole else product, value_at(product, path)
    unsaid = {field.name: field.default for field in fields(holder)} if is_dataclass(holder) else {}
    return value is not None and value != unsaid.get(name, MISSING)


def lenders(product: Product) -> Iterator[tuple[str, Lender]]:
    """Everyone who may lend, by path, in the order in which they are asked."""
    yield "lender", product.lender
    for number, lender in enumerate(product.other_lenders):
        yield f"other_lenders.{number}", lender


def general(path: str) -> str:
    """The path with `*` for each place in a list."""
    return ".".join(EACH if is_place(step) else step for step in path.split("."))


def is_place(step: str) -> bool:
    """Whether a step is a place in a list, from 0."""
    return step.isdecimal() and step.isascii() and len(step) <= _DIGITS_MAX


def _step(found: Any, step: str) -> Any:
    """The field, the item at a place, or the fact itself where it is one of a list."""
    if not isinstance(found, tuple):
        return getattr(found, step, None)
    if is_place(step):
        return found[int(step)] if int(step) < len(found) else None
    return step if step in found else None


def _paths(kind: Any) -> Iterator[str]:
    hints = get_type_hints(kind)
    for field in fields(kind):
        yield field.name
        yield from (f"{field.name}.{inner}" for inner in _inner(hints[field.name]))


def _inner(hint: Any) -> Iterator[str]:
    """The paths within a field: of the class it holds, of each item of its list, of the facts it lists."""
    for kind in (hint,) if get_origin(hint) is tuple else (hint, *get_args(hint)):
        if is_dataclass(kind):
            yield from _paths(kind)
        elif get_origin(kind) is tuple:
            yield from _of_each(get_args(kind)[0])


def _of_each(item: Any) -> Iterator[str]:
    if is_dataclass(item):
        yield EACH
        yield from (f"{EACH}.{path}" for path in _paths(item))
    elif item is Attested:
        yield from ASKED_FOR

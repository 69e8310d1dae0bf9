"""Whether the figures that rules refer to follow one another in time, and are there when the rules begin."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise

from app.domain.amortization import RATE_PERCENT_MAX
from app.domain.products import Product
from app.domain.rule_faults import RuleFault, percent, repeated, within
from app.domain.rules import Index, IndexUnit, RuleVersion

_DAY = timedelta(days=1)
_CENTS_MAX = 10**10  # a hundred million euros, far above what any ceiling is compared with


def faults(version: RuleVersion) -> Iterator[RuleFault]:
    """Every fault of the indexes of a version, by path in it."""
    yield from repeated("indexes", [index.code for index in version.indexes])
    for number, index in enumerate(version.indexes):
        path = f"indexes.{number}"
        yield from _figures(index, path)
        yield from _dates(index, path)
        if version.valid_from is not None and index.at(version.valid_from) is None:
            yield RuleFault(f"{path}.values", "index_unknown_at_start", {"on": version.valid_from.isoformat()})


def references(product: Product, indexes: tuple[Index, ...]) -> Iterator[RuleFault]:
    """The faults of a product's references to the indexes of its version, by path in the product."""
    known = {index.code: index for index in indexes}
    rate, ceiling = product.indexed_rate, product.income_ceiling
    if rate is not None:
        yield from _reference("indexed_rate.index", rate.index, known, IndexUnit.PERCENT)
        values = known[rate.index].values if rate.index in known else ()
        bounded = [row.value for row in values if -RATE_PERCENT_MAX <= row.value <= RATE_PERCENT_MAX]
        if abs(rate.margin_percent) <= RATE_PERCENT_MAX and bounded:
            yield from within("indexed_rate.margin_percent", max(bounded) + rate.margin_percent, le=RATE_PERCENT_MAX)
    if ceiling is not None and ceiling.index is not None:
        yield from _reference("income_ceiling.index", ceiling.index, known, IndexUnit.CENTS)


def _reference(path: str, code: str, known: dict[str, Index], unit: IndexUnit) -> Iterator[RuleFault]:
    if code not in known:
        yield RuleFault(path, "unknown_index", {"index": code})
    elif known[code].unit is not unit:
        yield RuleFault(path, "index_of_other_unit", {"index": code, "unit": unit.value})


def _figures(index: Index, path: str) -> Iterator[RuleFault]:
    for number, row in enumerate(index.values):
        if index.unit is IndexUnit.PERCENT:
            yield from percent(f"{path}.values.{number}.value", row.value, ge=-RATE_PERCENT_MAX)
        else:
            yield from within(f"{path}.values.{number}.value", row.value, ge=0, le=_CENTS_MAX)


def _dates(index: Index, path: str) -> Iterator[RuleFault]:
    for number, row in enumerate(index.values):
        if row.valid_to is not None and row.valid_to < (row.valid_from or date.min):
            yield RuleFault(f"{path}.values.{number}.valid_to", "ends_before_it_begins")
    for number, (before, after) in enumerate(pairwise(index.values), start=1):
        begins = f"{path}.values.{number}.valid_from"
        if before.valid_to is None or after.valid_from is None or after.valid_from <= before.valid_to:
            yield RuleFault(begins, "index_overlap")
        elif after.valid_from > before.valid_to + _DAY:
            yield RuleFault(begins, "index_hole", {"on": (before.valid_to + _DAY).isoformat()})

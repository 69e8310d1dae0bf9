"""What a version of the rules changes: product by product, rule by rule."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Protocol

from app.domain.committees import CommissionRule
from app.domain.rules import RuleVersion


@dataclass(frozen=True, slots=True)
class Difference:
    """A rule that is not the same: in a product or an index of that code, or in the commission; null is not there.

    `rule` is a path in the product or index; empty, the whole was added or removed.
    """

    part: str
    code: str
    rule: str
    before: Any
    after: Any

    @property
    def path(self) -> str:
        """Where in the version, the code standing for the place in its list."""
        return ".".join(step for step in (self.part, self.code, self.rule) if step)


class _Coded(Protocol):
    @property
    def code(self) -> str:
        """What names it in its list."""


def differences(before: RuleVersion, after: RuleVersion) -> list[Difference]:
    """Every rule that differs, products and indexes being compared by code; dates and references are not rules."""
    return [
        *_of_parts("products", before.products, after.products),
        *_of_parts("indexes", before.indexes, after.indexes),
        *_of_commission(before.commission or CommissionRule(), after.commission or CommissionRule()),
    ]


def _of_parts(part: str, before: Iterable[_Coded], after: Iterable[_Coded]) -> Iterator[Difference]:
    old, new = ({one.code: one for one in ones} for ones in (before, after))
    for code in [*old, *(code for code in new if code not in old)]:
        if code not in new or code not in old:
            yield Difference(part, code, "", old.get(code), new.get(code))
            continue
        rules, changed = dict(leaves(old[code])), dict(leaves(new[code]))
        for rule in [*rules, *(rule for rule in changed if rule not in rules)]:
            found = [values[rule] for values in (rules, changed) if rule in values]
            # Nothing, where the other side has what lies within: that is told by its own paths.
            if found != [None] and found != [()] and (len(found) == 1 or found[0] != found[1]):
                yield Difference(part, code, rule, rules.get(rule), changed.get(rule))


def _of_commission(before: CommissionRule, after: CommissionRule) -> Iterator[Difference]:
    changed = dict(leaves(after))
    for rule, value in leaves(before):
        if value != changed[rule]:
            yield Difference("commission", "", rule, value, changed[rule])


def leaves(whole: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value with its path; a list of plain values is one value, and one of nothing is none."""
    if is_dataclass(whole):
        for field in fields(whole):
            yield from leaves(getattr(whole, field.name), f"{path}.{field.name}".lstrip("."))
    elif isinstance(whole, Mapping):
        for key, value in whole.items():
            yield from leaves(value, f"{path}.{key}")
    elif isinstance(whole, tuple) and any(is_dataclass(item) for item in whole):
        for number, item in enumerate(whole):
            yield from leaves(item, f"{path}.{number}")
    else:
        yield path, whole

"""What is wrong with rules that are well-formed: where, which, and the figures that the sentence names."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from app.domain.amortization import RATE_PERCENT_MAX

_STEP = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class RuleFault:
    """A fault: its path (`products.0.amount_cents_min`), a stable code, and what the sentence of the code names.

    Facts are in the unit of the field, as the rules write them.
    """

    path: str
    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def under(self, path: str) -> "RuleFault":
        """The same fault of a part that lies at a path."""
        return RuleFault(f"{path}.{self.path}" if self.path else path, self.code, self.facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCodes:
    """The codes that rules may use: purposes of loans, papers asked for, reasons for an exception."""

    purposes: frozenset[str]
    papers: frozenset[str]
    exceptions: frozenset[str]


def within(
    path: str, value: int | Decimal | None, *, ge: int | None = None, le: int | None = None
) -> Iterator[RuleFault]:
    """The fault of a figure outside its bounds, both included; null is no figure."""
    if value is not None and ge is not None and value < ge:
        yield RuleFault(path, "too_small", {"ge": ge})
    if value is not None and le is not None and value > le:
        yield RuleFault(path, "too_large", {"le": le})


def in_order(path: str, least: int | None, most: int | None) -> Iterator[RuleFault]:
    """The fault of a minimum above its maximum; null is no limit."""
    if least is not None and most is not None and least > most:
        yield RuleFault(path, "minimum_above_maximum", {"least": least, "most": most})


def percent(path: str, value: Decimal | None, *, ge: int = 0, le: int = RATE_PERCENT_MAX) -> Iterator[RuleFault]:
    """The fault of a rate or share out of its bounds in percent, or finer than what is computed."""
    yield from within(path, value, ge=ge, le=le)
    if value and ge <= value <= le and (value % _STEP or value.adjusted() < _STEP.adjusted()):
        yield RuleFault(path, "too_many_decimals", {"most": -_STEP.adjusted()})


def repeated(path: str, codes: Iterable[str], *, name: str = "code") -> Iterator[RuleFault]:
    """The faults of codes that stand for two things of one list."""
    known: set[str] = set()
    for number, code in enumerate(codes):
        if code in known:
            yield RuleFault(f"{path}.{number}.{name}", "same_code", {"code": code})
        known.add(code)

"""What a rule says of an act that does not meet it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, TypeVar

_Said = TypeVar("_Said")


class Severity(StrEnum):
    """Whether a breach stops the act or only warns."""

    REFUSE = "refuse"
    WARN = "warn"


# A rule, its limit, what was found, and how serious it is unless the rules of the CCAS say otherwise.
Finding = tuple[str, int | str | list[str] | None, int | str | None, Severity]


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that is not met: its path, its limit, what was found, and the text it rests on.

    `limit` and `actual` are in the unit of the rule's name: cents, months, years, percent as text, or codes.
    """

    rule: str
    limit: int | str | list[str] | None
    actual: int | str | None
    severity: Severity
    reference: str

    def facts(self) -> dict[str, Any]:
        """The breach as plain values, for storage and messages."""
        return asdict(self)


def of_rule(named: Mapping[str, _Said], rule: str) -> _Said | None:
    """What is said of a rule by its path, or of the whole it is part of (`grant.usual_cents`: `grant`); else null."""
    return named.get(rule) or named.get(rule.partition(".")[0])

"""The other rights of a person, looked at before a loan: it never replaces them (subsidiarité)."""

from enum import StrEnum


class RightResult(StrEnum):
    """What became of another right: used, not open to the person, not answered yet, or not enough for the project."""

    MOBILISED = "mobilised"
    NOT_ENTITLED = "not_entitled"
    PENDING = "pending"
    INSUFFICIENT = "insufficient"


# Results that may bring money.
WITH_AMOUNT = frozenset({RightResult.MOBILISED, RightResult.INSUFFICIENT})

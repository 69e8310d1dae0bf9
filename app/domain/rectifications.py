"""How a decision is corrected: by a dated act that keeps it as it was taken."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from app.domain.request_lifecycle import RequestAction


class RectificationKind(StrEnum):
    """A slip of the pen put right (erreur matérielle), a decision as if it had never been (retrait), or one that no
    longer is (abrogation).
    """

    MATERIAL_ERROR = "material_error"
    WITHDRAWAL = "withdrawal"
    ABROGATION = "abrogation"


# What ends a decision sends its file back to the commission.
ENDING: dict[RectificationKind, RequestAction] = {
    RectificationKind.WITHDRAWAL: RequestAction.WITHDRAW_DECISION,
    RectificationKind.ABROGATION: RequestAction.ABROGATE_DECISION,
}

# The decision itself: its rules were checked on these, and another would be another decision.
DECIDED = ("decided_on", "loan_amount_cents", "duration_months", "instalment_cents", "grant_cents")


def corrected(written: Mapping[str, Any], corrections: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What a decision says once its corrections are read into it, the oldest first."""
    read = dict(written)
    for correction in corrections:
        read |= correction
    return read

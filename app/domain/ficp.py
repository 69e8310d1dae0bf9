"""The lender's check of the payment-incident file (FICP), of which only the conclusion travels.

Credit institutions alone may consult the file (arrêté du 26 octobre 2010, articles 1 and 2), before they agree to lend
(article L312-24 of the Code de la consommation). The CCAS learns a conclusion and its date, never what stands in the
file: people are shown « favourable », « unfavourable », « pending » or « to renew ».
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum


class CheckStage(StrEnum):
    """Before the first appointment (préalable bancaire), or when the lender agrees to lend."""

    PRECHECK = "precheck"
    GRANT_DECISION = "grant_decision"


class CheckOutcome(StrEnum):
    """What a lender pushes. `to_clear` is a homonym to be told apart, `unavailable` a file that did not answer."""

    FAVORABLE = "favorable"
    UNFAVORABLE = "unfavorable"
    TO_CLEAR = "to_clear"
    UNAVAILABLE = "unavailable"


class Standing(StrEnum):
    """What staff are shown."""

    FAVOURABLE = "favourable"
    UNFAVOURABLE = "unfavourable"
    PENDING = "pending"
    TO_RENEW = "to_renew"


@dataclass(frozen=True, slots=True)
class Check:
    """One consultation, as the lender tells it."""

    outcome: CheckOutcome
    consulted_at: datetime


# Of two consultations at one instant the more cautious holds.
_CAUTION = {
    CheckOutcome.UNAVAILABLE: 0,
    CheckOutcome.FAVORABLE: 1,
    CheckOutcome.TO_CLEAR: 2,
    CheckOutcome.UNFAVORABLE: 3,
}


def conclusion(checks: Iterable[Check]) -> Check | None:
    """The check that holds: the latest consultation, whatever the order of arrival; null before any.

    A file that did not answer never replaces a conclusion.
    """
    checks = tuple(checks)
    concluded = [check for check in checks if check.outcome is not CheckOutcome.UNAVAILABLE]
    return max(concluded or checks, key=lambda check: (check.consulted_at, _CAUTION[check.outcome]), default=None)


def valid_until(stage: CheckStage, consulted_on: date, *, valid_days: int) -> date | None:
    """The last day on which a check may be relied on; null for a precheck, which opens the first appointment once."""
    return consulted_on + timedelta(days=valid_days) if stage is CheckStage.GRANT_DECISION else None


def standing(check: Check, *, on: date, valid_until: date | None) -> Standing:
    """What the conclusion is worth on a day. Before any check, the standing is pending."""
    if check.outcome in (CheckOutcome.TO_CLEAR, CheckOutcome.UNAVAILABLE):
        return Standing.PENDING
    if valid_until is not None and on > valid_until:
        return Standing.TO_RENEW
    return Standing.FAVOURABLE if check.outcome is CheckOutcome.FAVORABLE else Standing.UNFAVOURABLE

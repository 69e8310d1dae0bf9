"""The lender's check of the payment-incident file (FICP), of which only the conclusion travels.

Credit institutions alone may consult the file (arrêté du 26 octobre 2010, articles 1 and 2), before they agree to lend
(article L312-24 of the Code de la consommation). The CCAS learns a conclusion and its date, never what stands in the
file: people are shown « favourable », « unfavourable », « pending » or « to renew », and « purged » once the conclusion
is erased at the end of its retention.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from app.domain.channels import Source
from app.domain.dates import months_after


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
    """What staff are shown. `purged`: the conclusion was erased at the end of its retention."""

    FAVOURABLE = "favourable"
    UNFAVOURABLE = "unfavourable"
    PENDING = "pending"
    TO_RENEW = "to_renew"
    PURGED = "purged"


class CheckEffect(StrEnum):
    """What the CCAS's own gate does with the check: it stops the file, only warns, or is neither shown nor asked."""

    BLOCK = "block"
    INFORM = "inform"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckGate:
    """What the CCAS does with the check of one stage, which remains the lender's duty (Code de la consommation,
    articles L312-16 and L312-24). `told_by` are the sources of a favourable check that open the gate; null: any.
    """

    effect: CheckEffect
    told_by: tuple[Source, ...] | None = None

    # Read by Pydantic where rules are validated: an unknown key or a loosely typed value is an error.
    __pydantic_config__ = {"extra": "forbid", "strict": True}


# Where the rules do not speak of a stage.
UNSTATED_GATE = CheckGate(effect=CheckEffect.BLOCK)


@dataclass(frozen=True, slots=True)
class Check:
    """One consultation, as it was told. Its outcome is null once it is purged."""

    outcome: CheckOutcome | None
    consulted_at: datetime
    source: Source = Source.PARTNER_MACHINE


# Of two consultations at one instant the more cautious holds; what nobody knows any more hides no other.
_CAUTION: dict[CheckOutcome | None, int] = {
    CheckOutcome.UNAVAILABLE: 0,
    CheckOutcome.FAVORABLE: 1,
    CheckOutcome.TO_CLEAR: 2,
    CheckOutcome.UNFAVORABLE: 3,
    None: 4,
}


def conclusion(checks: Iterable[Check]) -> Check | None:
    """The check that holds: the latest consultation, whatever the order of arrival; null before any.

    A file that did not answer never replaces a conclusion.
    """
    checks = tuple(checks)
    concluded = [check for check in checks if check.outcome is not CheckOutcome.UNAVAILABLE]
    return max(concluded or checks, key=lambda check: (check.consulted_at, _CAUTION[check.outcome]), default=None)


def heard(checks: Iterable[Check], gate: CheckGate) -> list[Check]:
    """The checks that a gate listens to: a favourable one of its sources, any other whoever tells it."""
    return [
        check
        for check in checks
        if gate.told_by is None or check.outcome is not CheckOutcome.FAVORABLE or check.source in gate.told_by
    ]


def purge_from(ended_on: date, *, appeal_months: int) -> date:
    """The first day on which the outcomes of a file that ended on a day are erased: the months of an appeal are over.

    No text sets it. That those months are counted from the end of the request or from the notification of its decision,
    the later of the two, and from the last signature of the contract where a loan came of it, is this project's choice.
    """
    return months_after(ended_on, appeal_months) + timedelta(days=1)


def valid_until(stage: CheckStage, consulted_on: date, *, valid_days: int) -> date | None:
    """The last day on which a check may be relied on; null for a precheck, which opens the first appointment once."""
    return consulted_on + timedelta(days=valid_days) if stage is CheckStage.GRANT_DECISION else None


def standing(check: Check, *, on: date, valid_until: date | None) -> Standing:
    """What the conclusion is worth on a day. Before any check, the standing is pending."""
    if check.outcome is None:
        return Standing.PURGED
    if check.outcome in (CheckOutcome.TO_CLEAR, CheckOutcome.UNAVAILABLE):
        return Standing.PENDING
    if valid_until is not None and on > valid_until:
        return Standing.TO_RENEW
    return Standing.FAVOURABLE if check.outcome is CheckOutcome.FAVORABLE else Standing.UNFAVOURABLE

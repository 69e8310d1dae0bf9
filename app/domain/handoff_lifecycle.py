"""The life of a handoff (transmission) of a file to the partner that lends."""

from enum import StrEnum

from app.domain.errors import IllegalTransition
from app.domain.ficp import CheckStage, Standing


class HandoffKind(StrEnum):
    """What is handed over: the identity for a check before the first appointment, or the whole loan file."""

    PRECHECK = "precheck"
    LOAN_FILE = "loan_file"


class HandoffStatus(StrEnum):
    """Where a handoff stands. `awaiting_check`: accepted by the partner, parked until its FICP check allows it."""

    READY = "ready"
    SENT = "sent"
    RECEIVED = "received"
    IN_PROGRESS = "in_progress"
    MORE_INFORMATION = "more_information"
    AWAITING_CHECK = "awaiting_check"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class HandoffAction(StrEnum):
    """What may be done with a handoff, by the CCAS or by the partner."""

    SEND = "send"
    ACKNOWLEDGE = "acknowledge"
    PROGRESS = "progress"
    ASK = "ask"
    COMPLETE = "complete"
    PARK = "park"
    ACCEPT = "accept"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


S, A = HandoffStatus, HandoffAction

STAGE_OF = {HandoffKind.PRECHECK: CheckStage.PRECHECK, HandoffKind.LOAN_FILE: CheckStage.GRANT_DECISION}

_ANSWERABLE = (S.SENT, S.RECEIVED, S.IN_PROGRESS, S.MORE_INFORMATION)
_ANSWERS = {
    A.ASK: S.MORE_INFORMATION,
    A.PARK: S.AWAITING_CHECK,
    A.ACCEPT: S.ACCEPTED,
    A.REFUSE: S.REFUSED,
}

_COMMON: dict[tuple[HandoffStatus, HandoffAction], HandoffStatus] = {
    (S.READY, A.SEND): S.SENT,
    (S.SENT, A.ACKNOWLEDGE): S.RECEIVED,
    **{(status, action): end for status in _ANSWERABLE for action, end in _ANSWERS.items() if status is not end},
    (S.MORE_INFORMATION, A.COMPLETE): S.IN_PROGRESS,
    **{(status, A.PROGRESS): S.IN_PROGRESS for status in (S.SENT, S.RECEIVED)},
    **{(status, A.WITHDRAW): S.WITHDRAWN for status in (S.READY, *_ANSWERABLE, S.AWAITING_CHECK, S.ACCEPTED)},
}

TRANSITIONS: dict[HandoffKind, dict[tuple[HandoffStatus, HandoffAction], HandoffStatus]] = {
    # Its answer is the check alone, which the partner may correct either way.
    HandoffKind.PRECHECK: {
        key: end for key, end in _COMMON.items() if key[1] not in (A.ASK, A.PARK) and key[0] is not S.MORE_INFORMATION
    }
    | {
        (S.ACCEPTED, A.REFUSE): S.REFUSED,
        (S.ACCEPTED, A.PROGRESS): S.IN_PROGRESS,
        (S.REFUSED, A.ACCEPT): S.ACCEPTED,
        (S.REFUSED, A.PROGRESS): S.IN_PROGRESS,
        (S.REFUSED, A.WITHDRAW): S.WITHDRAWN,
    },
    HandoffKind.LOAN_FILE: _COMMON
    | {
        (S.AWAITING_CHECK, A.ACCEPT): S.ACCEPTED,
        (S.AWAITING_CHECK, A.REFUSE): S.REFUSED,
        (S.ACCEPTED, A.PARK): S.AWAITING_CHECK,
    },
}

# Where one more handoff of the same kind to the same partner may begin.
OVER = frozenset({S.REFUSED, S.WITHDRAWN})

_PRECHECK_ANSWERS = {
    Standing.FAVOURABLE: A.ACCEPT,
    Standing.UNFAVOURABLE: A.REFUSE,
    Standing.PENDING: A.PROGRESS,
    Standing.TO_RENEW: A.PROGRESS,
}


def after(kind: HandoffKind, status: HandoffStatus, action: HandoffAction) -> HandoffStatus:
    """The state that follows, or IllegalTransition."""
    following = TRANSITIONS[kind].get((status, action))
    if following is None:
        raise IllegalTransition(action=action.value, state=status.value)
    return following


def action_upon_check(kind: HandoffKind, status: HandoffStatus, standing: Standing) -> HandoffAction | None:
    """What a new conclusion does with the handoff, null for nothing: the same end whatever the order of arrival.

    A precheck is answered by its check. A loan file that the partner accepted is accepted as long as its check is
    favourable, and parked otherwise: a listing does not forbid a loan, the lender alone refuses it.
    """
    if kind is HandoffKind.PRECHECK:
        action = _PRECHECK_ANSWERS[standing]
        return action if (status, action) in TRANSITIONS[kind] else None
    if status in (S.SENT, S.RECEIVED):
        return A.PROGRESS
    if status is S.AWAITING_CHECK and standing is Standing.FAVOURABLE:
        return A.ACCEPT
    if status is S.ACCEPTED and standing is not Standing.FAVOURABLE:
        return A.PARK
    return None

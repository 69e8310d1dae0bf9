"""The life of a handoff (transmission) to the partner that lends: of a file, or of what follows from its loan."""

from enum import StrEnum

from app.domain.errors import IllegalTransition
from app.domain.ficp import CheckStage, Standing


class HandoffKind(StrEnum):
    """What is handed over: the identity for a check before the first appointment, the whole loan file, a claim on a
    guarantor of a loan, or a numbered statement of the interest that a third party bears.
    """

    PRECHECK = "precheck"
    LOAN_FILE = "loan_file"
    GUARANTEE_CLAIM = "guarantee_claim"
    INTEREST_STATEMENT = "interest_statement"


class HandoffStatus(StrEnum):
    """Where a handoff stands. `awaiting_check`: accepted by the partner, parked until its FICP check allows it.

    `concluded`: a precheck was answered, and its conclusion is erased. What told which way it went reads so from then.
    """

    READY = "ready"
    SENT = "sent"
    RECEIVED = "received"
    IN_PROGRESS = "in_progress"
    MORE_INFORMATION = "more_information"
    AWAITING_CHECK = "awaiting_check"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    CONCLUDED = "concluded"
    WITHDRAWN = "withdrawn"


class HandoffAction(StrEnum):
    """What may be done with a handoff, by the CCAS or by the partner. `conclude` is what is left of the steps of a
    precheck whose conclusion is erased: nobody takes it.
    """

    SEND = "send"
    ACKNOWLEDGE = "acknowledge"
    PROGRESS = "progress"
    ASK = "ask"
    COMPLETE = "complete"
    PARK = "park"
    ACCEPT = "accept"
    REFUSE = "refuse"
    CONCLUDE = "conclude"
    WITHDRAW = "withdraw"


class Withheld(StrEnum):
    """Why its partner reads the content of a handoff no more: the code of what anything else would be refused for."""

    HANDOFF_CLOSED = "handoff_closed"
    AUTHORISATION_MISSING = "authorisation_missing"


S, A = HandoffStatus, HandoffAction

# The check that a kind asks for. Those without one are no file: what they tell follows from a contract in force.
STAGE_OF = {HandoffKind.PRECHECK: CheckStage.PRECHECK, HandoffKind.LOAN_FILE: CheckStage.GRANT_DECISION}
FILES = frozenset(STAGE_OF)

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

_WITHOUT_CHECK = {key: end for key, end in _COMMON.items() if A.PARK is not key[1] and S.AWAITING_CHECK is not key[0]}

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
        (S.CONCLUDED, A.ACCEPT): S.ACCEPTED,
        (S.CONCLUDED, A.REFUSE): S.REFUSED,
        (S.CONCLUDED, A.PROGRESS): S.IN_PROGRESS,
        (S.CONCLUDED, A.WITHDRAW): S.WITHDRAWN,
    },
    HandoffKind.LOAN_FILE: _COMMON
    | {
        (S.AWAITING_CHECK, A.ACCEPT): S.ACCEPTED,
        (S.AWAITING_CHECK, A.REFUSE): S.REFUSED,
        (S.ACCEPTED, A.PARK): S.AWAITING_CHECK,
    },
    HandoffKind.GUARANTEE_CLAIM: _WITHOUT_CHECK,
    HandoffKind.INTEREST_STATEMENT: _WITHOUT_CHECK,
}

# Where one more handoff of the same kind to the same partner may begin.
OVER = frozenset({S.REFUSED, S.WITHDRAWN})

_PRECHECK_ANSWERS = {
    Standing.FAVOURABLE: A.ACCEPT,
    Standing.UNFAVOURABLE: A.REFUSE,
    Standing.PENDING: A.PROGRESS,
    Standing.TO_RENEW: A.PROGRESS,
}


def is_over(kind: HandoffKind, status: HandoffStatus) -> bool:
    """Whether nothing more comes of a handoff: its lender may still correct a precheck, either way."""
    return status is S.WITHDRAWN if kind is HandoffKind.PRECHECK else status in OVER


def after(kind: HandoffKind, status: HandoffStatus, action: HandoffAction) -> HandoffStatus:
    """The state that follows, or IllegalTransition."""
    following = TRANSITIONS[kind].get((status, action))
    if following is None:
        raise IllegalTransition(action=action.value, state=status.value)
    return following


def action_upon_check(
    kind: HandoffKind, status: HandoffStatus, standing: Standing, *, opens: bool
) -> HandoffAction | None:
    """What a new conclusion does with the handoff of a file, null for nothing: the same end in any order of arrival.

    A precheck is answered by its check. A loan file that the partner accepted is accepted as long as its check opens
    the gate of the CCAS, and parked otherwise: a listing does not forbid a loan, the lender alone refuses it.
    """
    if kind is HandoffKind.PRECHECK:
        action = _PRECHECK_ANSWERS.get(standing)
        return action if action is not None and (status, action) in TRANSITIONS[kind] else None
    if status in (S.SENT, S.RECEIVED):
        return A.PROGRESS
    if status is S.AWAITING_CHECK and opens:
        return A.ACCEPT
    if status is S.ACCEPTED and not opens:
        return A.PARK
    return None

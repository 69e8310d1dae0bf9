"""The life of a request (demande): which action leads from which state to which."""

from enum import StrEnum

from app.domain.errors import IllegalTransition
from app.domain.file_errors import ReferredNowhere


class RequestStatus(StrEnum):
    """Where a request stands, from the intake sheet (fiche recueil de données) to its end."""

    INTAKE = "intake"
    ASSESSMENT = "assessment"
    AWAITING_PAPERS = "awaiting_papers"
    SUBMITTED = "submitted"
    ADJOURNED = "adjourned"
    APPROVED = "approved"
    APPROVED_PROVISIONAL = "approved_provisional"
    ENDORSED = "endorsed"
    SENT_TO_LENDER = "sent_to_lender"
    LENDER_ACCEPTED = "lender_accepted"
    CONTRACTED = "contracted"
    REFUSED = "refused"
    DECLINED = "declined"
    LENDER_REFUSED = "lender_refused"
    GRANT_ONLY = "grant_only"
    WITHDRAWN = "withdrawn"
    CLOSED_WITHOUT_ACTION = "closed_without_action"
    REFERRED = "referred"


class RequestAction(StrEnum):
    """What may be done to a request."""

    ASSESS = "assess"
    AWAIT_PAPERS = "await_papers"
    SUBMIT = "submit"
    APPROVE = "approve"
    GRANT_ONLY = "grant_only"
    REFUSE = "refuse"
    ADJOURN = "adjourn"
    ENDORSE = "endorse"
    DECLINE = "decline"
    APPROVE_PROVISIONALLY = "approve_provisionally"
    RATIFY_APPROVAL = "ratify_approval"
    RATIFY_GRANT = "ratify_grant"
    RATIFY_ENDORSEMENT = "ratify_endorsement"
    REFUSE_TO_RATIFY = "refuse_to_ratify"
    SEND_TO_LENDER = "send_to_lender"
    LENDER_ACCEPT = "lender_accept"
    LENDER_PARK = "lender_park"
    LENDER_REFUSE = "lender_refuse"
    CONTRACT = "contract"
    RESCIND = "rescind"
    RESCIND_WITH_LENDER = "rescind_with_lender"
    WITHDRAW = "withdraw"
    CLOSE_WITHOUT_ACTION = "close_without_action"
    REFER = "refer"
    REOPEN = "reopen"
    REOPEN_AT_INTAKE = "reopen_at_intake"
    WITHDRAW_DECISION = "withdraw_decision"
    ABROGATE_DECISION = "abrogate_decision"


S, A = RequestStatus, RequestAction

TRANSITIONS: dict[tuple[RequestStatus, RequestAction], RequestStatus] = {
    (S.INTAKE, A.ASSESS): S.ASSESSMENT,
    (S.ADJOURNED, A.ASSESS): S.ASSESSMENT,
    (S.ASSESSMENT, A.AWAIT_PAPERS): S.AWAITING_PAPERS,
    (S.AWAITING_PAPERS, A.ASSESS): S.ASSESSMENT,
    (S.ASSESSMENT, A.SUBMIT): S.SUBMITTED,
    (S.AWAITING_PAPERS, A.SUBMIT): S.SUBMITTED,
    (S.ADJOURNED, A.SUBMIT): S.SUBMITTED,
    (S.SUBMITTED, A.APPROVE): S.APPROVED,
    (S.SUBMITTED, A.GRANT_ONLY): S.GRANT_ONLY,
    (S.SUBMITTED, A.REFUSE): S.REFUSED,
    (S.SUBMITTED, A.ADJOURN): S.ADJOURNED,
    (S.APPROVED, A.CONTRACT): S.CONTRACTED,
    (S.CONTRACTED, A.RESCIND): S.APPROVED,
    (S.SUBMITTED, A.ENDORSE): S.ENDORSED,
    (S.SUBMITTED, A.DECLINE): S.DECLINED,
    # Ahead of the session, which ratifies what was decided or has the file before it again.
    (S.SUBMITTED, A.APPROVE_PROVISIONALLY): S.APPROVED_PROVISIONAL,
    (S.APPROVED_PROVISIONAL, A.RATIFY_APPROVAL): S.APPROVED,
    (S.APPROVED_PROVISIONAL, A.RATIFY_GRANT): S.GRANT_ONLY,
    (S.APPROVED_PROVISIONAL, A.RATIFY_ENDORSEMENT): S.ENDORSED,
    (S.APPROVED_PROVISIONAL, A.REFUSE_TO_RATIFY): S.SUBMITTED,
    (S.ENDORSED, A.SEND_TO_LENDER): S.SENT_TO_LENDER,
    # To another lender, or again, once the first has refused or the file was taken back.
    (S.SENT_TO_LENDER, A.SEND_TO_LENDER): S.SENT_TO_LENDER,
    (S.SENT_TO_LENDER, A.LENDER_ACCEPT): S.LENDER_ACCEPTED,
    (S.LENDER_ACCEPTED, A.LENDER_PARK): S.SENT_TO_LENDER,
    (S.SENT_TO_LENDER, A.LENDER_REFUSE): S.LENDER_REFUSED,
    (S.LENDER_ACCEPTED, A.CONTRACT): S.CONTRACTED,
    (S.CONTRACTED, A.RESCIND_WITH_LENDER): S.LENDER_ACCEPTED,
}

_UNDECIDED = (S.INTAKE, S.ASSESSMENT, S.AWAITING_PAPERS, S.SUBMITTED, S.ADJOURNED)
TRANSITIONS |= {
    (status, action): end
    for status in (*_UNDECIDED, S.APPROVED_PROVISIONAL, S.APPROVED, S.ENDORSED, S.SENT_TO_LENDER, S.LENDER_ACCEPTED)
    for action, end in (
        (A.WITHDRAW, S.WITHDRAWN),
        (A.CLOSE_WITHOUT_ACTION, S.CLOSED_WITHOUT_ACTION),
    )
}
TRANSITIONS |= {(status, A.REFER): S.REFERRED for status in _UNDECIDED}

# Until there is a contract, a decision may be withdrawn, and one that gives abrogated: the file is decided on anew.
_GIVEN = (S.APPROVED_PROVISIONAL, S.APPROVED, S.GRANT_ONLY, S.ENDORSED, S.SENT_TO_LENDER, S.LENDER_ACCEPTED)
TRANSITIONS |= {(status, A.ABROGATE_DECISION): S.SUBMITTED for status in _GIVEN}
TRANSITIONS |= {(status, A.WITHDRAW_DECISION): S.SUBMITTED for status in (*_GIVEN, S.REFUSED, S.DECLINED, S.ADJOURNED)}

# What nobody decided, or a lender alone refused, may be taken up again: before the lender's check where no assessment
# had begun, before the commission otherwise. A decision of the CCAS is not reopened.
_CLOSED = (S.WITHDRAWN, S.CLOSED_WITHOUT_ACTION, S.REFERRED)
TRANSITIONS |= {(status, A.REOPEN): S.ASSESSMENT for status in (*_CLOSED, S.LENDER_REFUSED)}
TRANSITIONS |= {(status, A.REOPEN_AT_INTAKE): S.INTAKE for status in _CLOSED}

# The file's parts (budget, plan, description) may change until the commission has it.
EDITABLE = frozenset({S.INTAKE, S.ASSESSMENT, S.AWAITING_PAPERS, S.ADJOURNED})

# Ends without a grant or an approved loan: « il est toujours proposé une autre réponse sociale » (Besançon,
# note de restitution finale).
NEEDS_OTHER_ANSWER = frozenset(
    {S.REFUSED, S.DECLINED, S.LENDER_REFUSED, S.WITHDRAWN, S.CLOSED_WITHOUT_ACTION, S.REFERRED}
)

# A file is referred (réorienté) to somebody, or to another right: codes of the list of other answers.
REFERRED_TO = frozenset({"partner_lender", "social_referent", "other_right"})

# The file is on its way to a partner's loan: no contract of the CCAS can come of it.
WITH_LENDER = frozenset({S.ENDORSED, S.SENT_TO_LENDER, S.LENDER_ACCEPTED})

# Where nothing that a lender tells can change the request any more.
ENDED = NEEDS_OTHER_ANSWER | {S.GRANT_ONLY}


def check_end(status: RequestStatus, other_answer: str) -> None:
    """Raises ReferredNowhere where a file ends as referred and its other answer, a code, refers to nobody."""
    if status is S.REFERRED and other_answer not in REFERRED_TO:
        raise ReferredNowhere(other_answers=sorted(REFERRED_TO))


def after(status: RequestStatus, action: RequestAction) -> RequestStatus:
    """The state that follows, or IllegalTransition."""
    following = TRANSITIONS.get((status, action))
    if following is None:
        raise IllegalTransition(action=action.value, state=status.value)
    return following

"""What a commission may answer to a request."""

from enum import StrEnum

from app.domain.request_lifecycle import RequestAction


class Outcome(StrEnum):
    """The answer. The CCAS approves or refuses a loan that it lends itself; where a partner lends, it endorses or
    declines the file, and the lender answers after it."""

    APPROVE = "approve"
    GRANT_ONLY = "grant_only"
    REFUSE = "refuse"
    ENDORSE = "endorse"
    DECLINE = "decline"
    ADJOURN = "adjourn"


ACTIONS: dict[Outcome, RequestAction] = {
    Outcome.APPROVE: RequestAction.APPROVE,
    Outcome.GRANT_ONLY: RequestAction.GRANT_ONLY,
    Outcome.REFUSE: RequestAction.REFUSE,
    Outcome.ENDORSE: RequestAction.ENDORSE,
    Outcome.DECLINE: RequestAction.DECLINE,
    Outcome.ADJOURN: RequestAction.ADJOURN,
}

# What the ratification of a decision that was taken ahead of the session makes of the request.
RATIFICATIONS: dict[Outcome, RequestAction] = {
    Outcome.APPROVE: RequestAction.RATIFY_APPROVAL,
    Outcome.GRANT_ONLY: RequestAction.RATIFY_GRANT,
    Outcome.ENDORSE: RequestAction.RATIFY_ENDORSEMENT,
}

# What gives the person an aid, and so must meet every rule; what names the terms of a loan; what refuses.
GIVES = frozenset({Outcome.APPROVE, Outcome.ENDORSE, Outcome.GRANT_ONLY})
NAMES_LOAN = frozenset({Outcome.APPROVE, Outcome.ENDORSE})
REFUSES = frozenset({Outcome.REFUSE, Outcome.DECLINE})
OF_OWN_FUNDS = frozenset({Outcome.APPROVE, Outcome.REFUSE})
OF_PARTNERS = frozenset({Outcome.ENDORSE, Outcome.DECLINE})

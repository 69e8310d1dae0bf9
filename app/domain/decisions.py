"""What a commission may answer to a request."""

from enum import StrEnum

from app.domain.request_lifecycle import RequestAction


class Outcome(StrEnum):
    """The answer, where the CCAS itself lends."""

    APPROVE = "approve"
    GRANT_ONLY = "grant_only"
    REFUSE = "refuse"
    ADJOURN = "adjourn"


ACTIONS: dict[Outcome, RequestAction] = {
    Outcome.APPROVE: RequestAction.APPROVE,
    Outcome.GRANT_ONLY: RequestAction.GRANT_ONLY,
    Outcome.REFUSE: RequestAction.REFUSE,
    Outcome.ADJOURN: RequestAction.ADJOURN,
}

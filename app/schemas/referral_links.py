"""Links by which an organisation answers a referral."""

from datetime import datetime

from app.schemas.base import Day, Input, Output


class ReferralLinkCreate(Input):
    """`expires_on`: the last day of the link, at most a year ahead.

    That by which the answer is expected unless given.
    """

    expires_on: Day | None = None


class ReferralLinkCreated(Output):
    """A link to send to the organisation, told this once: the service does not keep its token."""

    path: str
    token: str
    expires_at: datetime

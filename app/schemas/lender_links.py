"""Links by which an officer of a lender answers a handoff."""

from datetime import datetime

from app.schemas.base import Day, Input, Line, Output


class LenderLinkCreate(Input):
    """`officer` is who answers; `expires_on` the last day of the link, at most a year ahead, 30 days unless given."""

    officer: Line
    expires_on: Day | None = None


class LenderLinkCreated(Output):
    """A link to send to the officer, told this once: the service does not keep its token."""

    path: str
    token: str
    expires_at: datetime

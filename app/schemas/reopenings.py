"""The requests that are taken up again."""

from datetime import date, datetime
from uuid import UUID

from app.domain.request_lifecycle import RequestStatus
from app.schemas.base import Day, Input, Output, Prose
from app.schemas.requests import OtherAnswerRead


class ReopenCreate(Input):
    """Why the request is taken up again."""

    reason: Prose
    reopened_on: Day | None = None


class ReopeningRead(Output):
    """One time that a request was taken up again, and how it had been closed."""

    id: UUID
    reason: str
    reopened_on: date
    closed_as: RequestStatus
    closing_reason_code: str | None
    closing_reason: str | None
    other_answer: OtherAnswerRead
    account_id: UUID
    entered_at: datetime


class ReopeningList(Output):
    """Every time, newest first."""

    items: list[ReopeningRead]
    next_cursor: str | None

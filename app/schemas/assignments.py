"""Who instructs a file, since when."""

from datetime import date, datetime
from uuid import UUID

from app.schemas.base import Day, Id, Input, Output, Prose


class AssignmentCreate(Input):
    """The agent who instructs the file from a day on."""

    account_id: Id
    assigned_on: Day
    reason: Prose | None = None


class AssignmentRead(Output):
    """A file given to an agent; `assigned_by` is who gave it."""

    id: UUID
    request_id: UUID
    account_id: UUID
    assigned_on: date
    reason: str | None
    assigned_by: UUID
    entered_at: datetime


class AssignmentList(Output):
    """All the assignments of a request, oldest first; the first is its intake."""

    items: list[AssignmentRead]
    next_cursor: str | None

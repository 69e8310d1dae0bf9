"""Who is expected at a workshop, and who came."""

from datetime import date, datetime
from uuid import UUID

from app.domain.attendance import AttendanceStatus
from app.schemas.base import Id, Input, Output


class AttendanceCreate(Input):
    """What is known of a person from now on; it replaces what was known before, which is kept."""

    person_id: Id
    status: AttendanceStatus


class AttendanceRead(Output):
    """One entry; `replaced` where a later one of the same person counts."""

    id: UUID
    workshop_id: UUID
    person_id: UUID
    status: AttendanceStatus
    replaced: bool
    account_id: UUID
    entered_at: datetime


class PersonWorkshopRead(Output):
    """A workshop from the side of a person."""

    workshop_id: UUID
    title: str
    theme: str | None
    held_on: date
    status: AttendanceStatus

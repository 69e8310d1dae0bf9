"""Who sits in a session."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.domain.committees import MemberCapacity, SessionAttendanceStatus
from app.schemas.base import Id, Input, Output


class SeatCreate(Input):
    """What is known of one member."""

    member_id: Id
    status: SessionAttendanceStatus


class SessionAttendanceCreate(Input):
    """What is known of some members from now on."""

    members: Annotated[list[SeatCreate], Field(min_length=1, max_length=100)]


class SeatRead(Output):
    """A member in office on the day of the session; `status` is null while nothing is known."""

    member_id: UUID
    name: str
    capacity: MemberCapacity
    chair: bool
    status: SessionAttendanceStatus | None


class SeatList(Output):
    """All the members in office that day, the chair first."""

    items: list[SeatRead]
    next_cursor: str | None

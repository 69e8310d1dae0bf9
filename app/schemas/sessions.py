"""Sessions of committees (séances)."""

from datetime import date, datetime
from uuid import UUID

from app.domain.session_lifecycle import SessionStatus
from app.schemas.base import Day, Id, Input, Line, Output, Prose, Resource


class SessionCreate(Input):
    """A session to come, or one that was held and is entered afterwards."""

    held_on: Day
    place: Line | None = None


class SessionConvening(Input):
    """The day the convocations left."""

    convened_on: Day


class SessionOpening(Input):
    """`chaired_by` is the member with a vote who chairs where the chair is not there."""

    chaired_by: Id | None = None


class SessionCancellation(Input):
    """Why it is not held."""

    reason: Prose


class SessionItem(Output):
    """A session, as lists show it."""

    id: UUID
    held_on: date
    place: str | None
    status: SessionStatus
    convened_on: date | None
    chaired_by: UUID | None
    cancel_reason: str | None
    entered_at: datetime


class SessionRead(Resource):
    """A session. Members counted have a vote and are in office that day; a null quorum is not stated by the rules."""

    id: UUID
    committee_id: UUID
    held_on: date
    place: str | None
    status: SessionStatus
    convened_on: date | None
    chaired_by: UUID | None
    cancel_reason: str | None
    members_in_office: int
    members_present: int
    quorum: int | None
    entered_at: datetime

"""The notes of a file."""

from datetime import datetime
from uuid import UUID

from app.domain.notes import NoteVisibility
from app.schemas.base import Input, Output, Prose


class NoteCreate(Input):
    """A note, for its author alone or for whoever sees the file."""

    text: Prose
    visibility: NoteVisibility


class NoteRead(Output):
    """A note. The text of one that was struck out is null, but for its author."""

    id: UUID
    request_id: UUID
    account_id: UUID
    visibility: NoteVisibility
    text: str | None
    struck_at: datetime | None
    entered_at: datetime

"""The notes of a file, private to their author or shared."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from app.domain.notes import NoteVisibility
from app.tables.base import HISTORY, entered_at, value_enum
from app.tenancy import TenantTable, within_tenant


class Note(TenantTable, table=True):
    """What a member of staff wrote for themselves or for the others; never changed."""

    __tablename__ = "notes"
    __table_args__ = (
        within_tenant("request_id", "requests"),
        within_tenant("account_id", "accounts"),
        Index("ix_notes_request", "tenant_id", "request_id"),
        HISTORY,
    )

    request_id: UUID
    text: str = Field(max_length=4000)
    visibility: NoteVisibility = Field(sa_type=value_enum(NoteVisibility, "visibility"))
    account_id: UUID
    entered_at: datetime = entered_at()


class NoteStrike(TenantTable, table=True):
    """The author takes a note back: from then on nobody else reads its text."""

    __tablename__ = "note_strikes"
    __table_args__ = (within_tenant("note_id", "notes"), UniqueConstraint("tenant_id", "note_id"), HISTORY)

    note_id: UUID
    entered_at: datetime = entered_at()

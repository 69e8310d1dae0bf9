"""The notes of a file: those that are private are read by their author alone, and no query but these reads any."""

from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, and_, case, null, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.errors import NotFound
from app.domain.meeting_errors import NoteStruck, NotTheAuthor
from app.domain.notes import NoteVisibility
from app.domain.permissions import Caller
from app.schemas.base import Page, PageQuery
from app.schemas.notes import NoteCreate, NoteRead
from app.services import request_steps as steps
from app.services.pages import page
from app.tables import Note, NoteStrike
from app.tenancy import of_tenant

_ITEMS = TypeAdapter(list[NoteRead])
_PLAIN = [getattr(Note, name) for name in NoteRead.model_fields if name not in ("text", "struck_at")]


async def create(session: AsyncSession, request_id: UUID, *, caller: Caller, body: NoteCreate) -> NoteRead:
    """Writes a note, in any state of the file: it changes nothing of it. Raises NotFound."""
    request = await steps.load(session, request_id)
    note = Note(tenant_id=request.tenant_id, request_id=request.id, account_id=caller.account_id, **body.model_dump())
    session.add(note)
    return NoteRead.model_validate({**note.model_dump(), "struck_at": None})


async def list_page(session: AsyncSession, request_id: UUID, *, caller: Caller, query: PageQuery) -> Page[NoteRead]:
    """The notes that the caller may read, newest first. Raises NotFound, CursorNotOurs."""
    request = await steps.load(session, request_id)
    unread = and_(col(NoteStrike.id).is_not(None), col(Note.account_id) != caller.account_id)
    statement = (
        select(
            *_PLAIN,
            case((unread, null()), else_=col(Note.text)).label("text"),
            col(NoteStrike.entered_at).label("struck_at"),
        )
        .outerjoin(NoteStrike, and_(col(NoteStrike.tenant_id) == Note.tenant_id, col(NoteStrike.note_id) == Note.id))
        .where(col(Note.request_id) == request.id, readable(caller))
    )
    return await page(session, statement, Note, query=query, items=_ITEMS, parent_id=request.id)


async def strike(session: AsyncSession, note_id: UUID, *, caller: Caller) -> NoteRead:
    """The author takes a note back; it is kept, and read by nobody else. Raises NotFound, NotTheAuthor, NoteStruck."""
    statement = select(Note).where(of_tenant(session, Note), col(Note.id) == note_id, readable(caller))
    note = (await session.scalars(statement)).one_or_none()
    if note is None:
        raise NotFound
    if note.account_id != caller.account_id:
        raise NotTheAuthor
    await steps.locked(session, note.request_id)
    struck = select(col(NoteStrike.id)).where(of_tenant(session, NoteStrike), col(NoteStrike.note_id) == note.id)
    if (await session.scalars(struck)).one_or_none() is not None:
        raise NoteStruck
    strike = NoteStrike(tenant_id=note.tenant_id, note_id=note.id)
    session.add(strike)
    return NoteRead.model_validate({**note.model_dump(), "struck_at": strike.entered_at})


def readable(caller: Caller) -> ColumnElement[bool]:
    """The condition that the caller may know of a note at all."""
    return or_(col(Note.visibility) == NoteVisibility.SHARED, col(Note.account_id) == caller.account_id)

"""The notes of a file, private to their author or shared."""

from typing import Annotated

from fastapi import Query, status

from app.dependencies import Answer, Caller, NoteId, RequestId, Transaction
from app.routing import router as strict_router
from app.schemas.base import Page, PageQuery
from app.schemas.notes import NoteCreate, NoteRead
from app.services import notes

router = strict_router("/v1", "notes")


@router.post("/requests/{request_id}/notes", status_code=status.HTTP_201_CREATED, summary="A note")
async def create(session: Transaction, caller: Caller, request_id: RequestId, body: NoteCreate) -> NoteRead:
    """For its author alone, or for whoever sees the file."""
    return await notes.create(session, request_id, caller=caller, body=body)


@router.get("/requests/{request_id}/notes", summary="The notes of a request")
async def list_(
    session: Transaction, caller: Caller, request_id: RequestId, answer: Answer, query: Annotated[PageQuery, Query()]
) -> Page[NoteRead]:
    """Newest first: those that are shared, and the caller's own."""
    return answer.linked(await notes.list_page(session, request_id, caller=caller, query=query))


@router.post("/notes/{note_id}/strike", status_code=status.HTTP_201_CREATED, summary="The author takes a note back")
async def strike(session: Transaction, caller: Caller, note_id: NoteId) -> NoteRead:
    """It is kept, and its text is no longer shown to anyone else."""
    return await notes.strike(session, note_id, caller=caller)

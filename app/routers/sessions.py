"""Sessions of committees (séances)."""

from typing import Annotated

from fastapi import Query, status

from app.dependencies import Answer, Caller, CommitteeId, SessionId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.base import Page, PageQuery
from app.schemas.sessions import (
    SessionCancellation,
    SessionConvening,
    SessionCreate,
    SessionItem,
    SessionOpening,
    SessionRead,
)
from app.services import sessions

router = strict_router("/v1/committees/{committee_id}/sessions", "sessions")


@router.post("", status_code=status.HTTP_201_CREATED, summary="A session is planned")
async def create(
    session: Transaction, caller: Caller, committee_id: CommitteeId, body: SessionCreate, answer: Answer
) -> SessionRead:
    """Or entered afterwards: its day may lie in the past."""
    return answer.tagged(await sessions.create(session, committee_id, caller=caller, body=body))


@router.get("", summary="The sessions of a committee, newest entry first")
async def list_(
    session: Transaction,
    caller: Caller,
    committee_id: CommitteeId,
    answer: Answer,
    query: Annotated[PageQuery, Query()],
) -> Page[SessionItem]:
    """Whatever became of them."""
    return answer.linked(await sessions.list_page(session, committee_id, query=query))


@router.get("/{session_id}", summary="One session")
async def read(
    session: Transaction, caller: Caller, committee_id: CommitteeId, session_id: SessionId, answer: Answer
) -> SessionRead:
    """With how many members are there, and how many must be."""
    return answer.tagged(await sessions.read(session, committee_id, session_id))


@router.post("/{session_id}/convene", status_code=status.HTTP_201_CREATED, summary="The convocations have left")
async def convene(
    session: Transaction,
    caller: Caller,
    today: Today,
    committee_id: CommitteeId,
    session_id: SessionId,
    body: SessionConvening,
    answer: Answer,
) -> SessionRead:
    """From then on, who will come is noted."""
    return answer.tagged(
        await sessions.convene(session, committee_id, session_id, caller=caller, today=today, body=body)
    )


@router.post("/{session_id}/open", status_code=status.HTTP_201_CREATED, summary="The session begins")
async def open_(
    session: Transaction,
    caller: Caller,
    today: Today,
    committee_id: CommitteeId,
    session_id: SessionId,
    body: SessionOpening,
    answer: Answer,
) -> SessionRead:
    """With the quorum that the rules ask, chaired by the chair or, in their absence, by the member who is named."""
    return answer.tagged(await sessions.open_(session, committee_id, session_id, caller=caller, today=today, body=body))


@router.post("/{session_id}/cancel", status_code=status.HTTP_201_CREATED, summary="The session is not held")
async def cancel(
    session: Transaction,
    caller: Caller,
    today: Today,
    committee_id: CommitteeId,
    session_id: SessionId,
    body: SessionCancellation,
    answer: Answer,
) -> SessionRead:
    """What was on its agenda may go on another."""
    return answer.tagged(
        await sessions.cancel(session, committee_id, session_id, caller=caller, today=today, body=body)
    )

"""The minutes (procès-verbal) of a session."""

from fastapi import status

from app.dependencies import Answer, Caller, CommitteeId, SessionId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.minutes import MinutesRead
from app.services import minutes

router = strict_router("/v1/committees/{committee_id}/sessions/{session_id}", "sessions")


@router.post("/close", status_code=status.HTTP_201_CREATED, summary="The session is closed, its minutes frozen")
async def close(
    session: Transaction,
    caller: Caller,
    today: Today,
    committee_id: CommitteeId,
    session_id: SessionId,
    answer: Answer,
) -> MinutesRead:
    """By who chairs it, once every item has its outcome or is postponed; nothing of it changes any more."""
    return answer.tagged(await minutes.close(session, committee_id, session_id, caller=caller, today=today))


@router.get("/minutes", summary="The minutes of a session")
async def read(
    session: Transaction, caller: Caller, committee_id: CommitteeId, session_id: SessionId, answer: Answer
) -> MinutesRead:
    """Once it is closed."""
    return answer.tagged(await minutes.read(session, committee_id, session_id, caller=caller))

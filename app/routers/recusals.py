"""Members who leave for a file (déport)."""

from fastapi import status

from app.dependencies import AgendaItemId, Caller, CommitteeId, SessionId, Transaction
from app.routing import router as strict_router
from app.schemas.recusals import RecusalCreate, RecusalRead
from app.services import recusals

router = strict_router(
    "/v1/committees/{committee_id}/sessions/{session_id}/agenda/{agenda_item_id}/recusals", "sessions"
)


@router.post("", status_code=status.HTTP_201_CREATED, summary="A member leaves for an item")
async def create(
    session: Transaction,
    caller: Caller,
    committee_id: CommitteeId,
    session_id: SessionId,
    agenda_item_id: AgendaItemId,
    body: RecusalCreate,
) -> RecusalRead:
    """They have no vote on it, and are not counted in its quorum."""
    return await recusals.create(session, committee_id, session_id, agenda_item_id, caller=caller, body=body)

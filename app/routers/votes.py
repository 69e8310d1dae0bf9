"""Votes on an item of an agenda, where the rules ask for them."""

from fastapi import status

from app.dependencies import AgendaItemId, Caller, CommitteeId, SessionId, Transaction
from app.routing import router as strict_router
from app.schemas.votes import VoteCreate, VoteRead
from app.services import votes

router = strict_router("/v1/committees/{committee_id}/sessions/{session_id}/agenda/{agenda_item_id}/votes", "sessions")


@router.post("", status_code=status.HTTP_201_CREATED, summary="The votes on an item")
async def create(
    session: Transaction,
    caller: Caller,
    committee_id: CommitteeId,
    session_id: SessionId,
    agenda_item_id: AgendaItemId,
    body: VoteCreate,
) -> VoteRead:
    """In figures or by name, as the rules ask; recorded again, they replace those before, which are kept."""
    return await votes.create(session, committee_id, session_id, agenda_item_id, caller=caller, body=body)

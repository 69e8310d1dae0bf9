"""The page of one file, for the members of a committee."""

from app.dependencies import AgendaItemId, Caller, CommitteeId, SessionId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.agenda_pages import AgendaPageRead
from app.services import agenda_pages

router = strict_router("/v1/committees/{committee_id}/sessions/{session_id}/agenda/{agenda_item_id}/page", "sessions")


@router.get("", summary="The page of one file for the members")
async def read(
    session: Transaction,
    caller: Caller,
    today: Today,
    committee_id: CommitteeId,
    session_id: SessionId,
    agenda_item_id: AgendaItemId,
) -> AgendaPageRead:
    """Assessment, budget, plan, earlier aids and loans of the household, money left; without names if the rules say."""
    return await agenda_pages.read(session, committee_id, session_id, agenda_item_id, today=today)

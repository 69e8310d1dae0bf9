"""Who sits in a session."""

from fastapi import status

from app.dependencies import Caller, CommitteeId, SessionId, Transaction
from app.routing import router as strict_router
from app.schemas.session_attendances import SeatList, SessionAttendanceCreate
from app.services import session_attendances

router = strict_router("/v1/committees/{committee_id}/sessions/{session_id}/attendances", "sessions")


@router.post("", status_code=status.HTTP_201_CREATED, summary="Members are there, excused or absent")
async def create(
    session: Transaction,
    caller: Caller,
    committee_id: CommitteeId,
    session_id: SessionId,
    body: SessionAttendanceCreate,
) -> SeatList:
    """Once the members are convened; what was known of a member before is replaced, and kept."""
    return await session_attendances.create(session, committee_id, session_id, caller=caller, body=body)


@router.get("", summary="The members in office on the day of a session")
async def list_(session: Transaction, caller: Caller, committee_id: CommitteeId, session_id: SessionId) -> SeatList:
    """With what is known of each."""
    return await session_attendances.list_all(session, committee_id, session_id)

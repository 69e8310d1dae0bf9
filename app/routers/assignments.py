"""Who instructs a file, since when."""

from fastapi import status

from app.dependencies import Caller, RequestId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.assignments import AssignmentCreate, AssignmentList, AssignmentRead
from app.services import assignments

router = strict_router("/v1/requests/{request_id}/assignments", "assignments")


@router.post("", status_code=status.HTTP_201_CREATED, summary="The file is given to another agent")
async def create(
    session: Transaction, caller: Caller, today: Today, request_id: RequestId, body: AssignmentCreate
) -> AssignmentRead:
    """By the agent who holds it or a manager, to an active agent who works for its commune."""
    return await assignments.create(session, request_id, caller=caller, today=today, body=body)


@router.get("", summary="Who has instructed a file")
async def list_(session: Transaction, caller: Caller, request_id: RequestId) -> AssignmentList:
    """Oldest first; the first is the intake."""
    return await assignments.list_all(session, request_id)

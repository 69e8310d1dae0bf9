"""The time that the staff spends on the scheme."""

from fastapi import status

from app.dependencies import Caller, Transaction, UserId
from app.routing import router as strict_router
from app.schemas.working_times import WorkingTimeCreate, WorkingTimeList, WorkingTimeRead
from app.services import working_times

router = strict_router("/v1/users/{user_id}/working-times", "users")


@router.post("", status_code=status.HTTP_201_CREATED, summary="Someone's working time from a day on")
async def create(session: Transaction, caller: Caller, user_id: UserId, body: WorkingTimeCreate) -> WorkingTimeRead:
    """In percent of a full-time post, of the time spent on the scheme; the last entry of a day counts."""
    return await working_times.create(session, user_id, caller=caller, body=body)


@router.get("", summary="Someone's working times")
async def list_(session: Transaction, caller: Caller, user_id: UserId) -> WorkingTimeList:
    """By the day from which each counts."""
    return await working_times.list_all(session, user_id)

"""How much one full-time post may bear."""

from fastapi import status

from app.dependencies import Caller, Transaction
from app.routing import router as strict_router
from app.schemas.workload_thresholds import ThresholdCreate, ThresholdList, ThresholdRead
from app.services import workload_thresholds

router = strict_router("/v1/workload/thresholds", "workload")


@router.post("", status_code=status.HTTP_201_CREATED, summary="A limit from a day on")
async def create(session: Transaction, caller: Caller, body: ThresholdCreate) -> ThresholdRead:
    """There is none until the manager sets it; null lifts it."""
    return await workload_thresholds.create(session, caller=caller, body=body)


@router.get("", summary="The limits that were set")
async def list_(session: Transaction, caller: Caller) -> ThresholdList:
    """By the day from which each counts."""
    return await workload_thresholds.list_all(session)

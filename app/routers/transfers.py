"""Transfers of a file to another commune of the CCAS."""

from fastapi import status

from app.dependencies import Caller, RequestId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.transfers import TransferCreate, TransferList, TransferRead
from app.services import transfers

router = strict_router("/v1/requests/{request_id}/transfers", "transfers")


@router.post("", status_code=status.HTTP_201_CREATED, summary="The file goes to another commune")
async def create(
    session: Transaction, caller: Caller, today: Today, request_id: RequestId, body: TransferCreate
) -> TransferRead:
    """By someone who works for both communes; the applicant's address follows where they moved."""
    return await transfers.create(session, request_id, caller=caller, today=today, body=body)


@router.get("", summary="The communes a file has been of")
async def list_(session: Transaction, caller: Caller, request_id: RequestId) -> TransferList:
    """Oldest first."""
    return await transfers.list_all(session, request_id)

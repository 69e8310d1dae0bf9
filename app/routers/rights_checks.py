"""The other rights that were looked at for a file, before a loan."""

from fastapi import status

from app.dependencies import Caller, RequestId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.rights_checks import RightsCheckCreate, RightsCheckList, RightsCheckRead
from app.services import rights_checks

router = strict_router("/v1/requests/{request_id}/rights-checks", "rights checks")


@router.post("", status_code=status.HTTP_201_CREATED, summary="What was found of another right")
async def create(
    session: Transaction, caller: Caller, today: Today, request_id: RequestId, body: RightsCheckCreate
) -> RightsCheckRead:
    """Used, not open to the person, not answered yet, or not enough; the last check of a right counts."""
    return await rights_checks.create(session, request_id, caller=caller, today=today, body=body)


@router.get("", summary="The other rights looked at for a request")
async def list_(session: Transaction, caller: Caller, request_id: RequestId) -> RightsCheckList:
    """Oldest check first; `latest` tells the one that counts of each right."""
    return await rights_checks.list_all(session, request_id)

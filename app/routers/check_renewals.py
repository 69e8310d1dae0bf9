"""Asking a lender to check again."""

from fastapi import status

from app.dependencies import Caller, HandoffId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.check_renewals import CheckRenewalCreate, CheckRenewalRead
from app.services import check_renewals

router = strict_router("/v1/handoffs/{handoff_id}/check-renewals", "check renewals")


@router.post("", status_code=status.HTTP_201_CREATED, summary="The lender is asked to check again")
async def create(
    session: Transaction,
    caller: Caller,
    today: Today,
    handoff_id: HandoffId,
    body: CheckRenewalCreate | None = None,
) -> CheckRenewalRead:
    """Once its check has expired; the partner's inbox shows it until a later consultation is told."""
    return await check_renewals.create(session, handoff_id, caller=caller, today=today, body=body)

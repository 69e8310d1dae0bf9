"""Instalments that are put off."""

from fastapi import status

from app.dependencies import Caller, LoanId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.deferrals import DeferralCreate
from app.schemas.schedule_changes import ScheduleChangeRead
from app.services import deferrals

router = strict_router("/v1/loans/{loan_id}", "schedule changes")


@router.post("/deferrals", status_code=status.HTTP_201_CREATED, summary="Instalments are put off")
async def create(
    session: Transaction, caller: Caller, today: Today, loan_id: LoanId, body: DeferralCreate
) -> ScheduleChangeRead:
    """At 0 % each moves after the last one, with its amount. Within the limits of the rules."""
    return await deferrals.create(session, loan_id, caller=caller, today=today, body=body)

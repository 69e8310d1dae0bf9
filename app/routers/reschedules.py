"""Loans that are rescheduled."""

from fastapi import status

from app.dependencies import Caller, LoanId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.reschedules import RescheduleCreate
from app.schemas.schedule_changes import ScheduleChangeRead
from app.services import reschedules

router = strict_router("/v1/loans/{loan_id}", "schedule changes")


@router.post("/reschedules", status_code=status.HTTP_201_CREATED, summary="A loan is rescheduled")
async def create(
    session: Transaction, caller: Caller, today: Today, loan_id: LoanId, body: RescheduleCreate
) -> ScheduleChangeRead:
    """The principal still owed, over another duration or instalment, rounded as the rules say."""
    return await reschedules.create(session, loan_id, caller=caller, today=today, body=body)

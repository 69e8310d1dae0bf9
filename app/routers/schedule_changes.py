"""The versions of a schedule that have been in force."""

from fastapi import status

from app.dependencies import Caller, LoanId, ScheduleVersionNumber, Today, Transaction
from app.routing import router as strict_router
from app.schemas.schedule_changes import ScheduleCancellationCreate, ScheduleChangeList, ScheduleChangeRead
from app.services import schedule_changes

router = strict_router("/v1/loans/{loan_id}/schedule-changes", "schedule changes")


@router.get("", summary="The changes of a schedule")
async def list_(session: Transaction, caller: Caller, loan_id: LoanId) -> ScheduleChangeList:
    """Every version in the order in which it came into force, with who decided it."""
    return await schedule_changes.list_all(session, loan_id)


@router.post("/{version}/cancellation", status_code=status.HTTP_201_CREATED, summary="The last change is cancelled")
async def cancel(
    session: Transaction,
    caller: Caller,
    today: Today,
    loan_id: LoanId,
    version: ScheduleVersionNumber,
    body: ScheduleCancellationCreate,
) -> ScheduleChangeRead:
    """The version before is in force again, from the day on which the change took effect."""
    return await schedule_changes.cancel(session, loan_id, version, caller=caller, today=today, body=body)

"""What a change of schedule would give."""

from app.dependencies import Caller, Language, LoanId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.schedule_previews import SchedulePreviewCreate, SchedulePreviewRead
from app.services import schedule_previews

router = strict_router("/v1/loans/{loan_id}", "schedule changes")


@router.post("/schedule-previews", summary="What a change of schedule would give")
async def create(
    session: Transaction,
    caller: Caller,
    today: Today,
    language: Language,
    loan_id: LoanId,
    body: SchedulePreviewCreate,
) -> SchedulePreviewRead:
    """The instalments, their cost to the borrower and to the CCAS, the limits exceeded; nothing is written."""
    return await schedule_previews.create(session, loan_id, today=today, body=body, language=language)

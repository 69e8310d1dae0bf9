"""The part of a loan that will never be paid out."""

from fastapi import status

from app.dependencies import Answer, Caller, LoanId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.loans import LoanRead
from app.schemas.undrawn import UndrawnCreate
from app.services import undrawn

router = strict_router("/v1", "loans")


@router.post("/loans/{loan_id}/undrawn", status_code=status.HTTP_201_CREATED, summary="The rest will never be paid out")
async def create(
    session: Transaction, caller: Caller, today: Today, loan_id: LoanId, body: UndrawnCreate, answer: Answer
) -> LoanRead:
    """A new version of the schedule repays what was paid out, and no more."""
    return answer.tagged(await undrawn.create(session, loan_id, caller=caller, today=today, body=body))

"""What a payment repays early."""

from fastapi import status

from app.dependencies import Caller, LoanId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.early_repayments import EarlyRepaymentCreate, EarlyRepaymentRead
from app.services import early_repayments

router = strict_router("/v1/loans/{loan_id}", "schedule changes")


@router.post("/early-repayments", status_code=status.HTTP_201_CREATED, summary="A payment repays early")
async def create(
    session: Transaction, caller: Caller, today: Today, loan_id: LoanId, body: EarlyRepaymentCreate
) -> EarlyRepaymentRead:
    """The part of a payment beyond what was due on its day settles, shortens, reduces, or pays in advance."""
    return await early_repayments.create(session, loan_id, caller=caller, today=today, body=body)

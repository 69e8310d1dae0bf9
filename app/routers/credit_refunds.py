"""What was paid beyond what was owed, and is given back."""

from fastapi import status

from app.dependencies import Caller, LoanId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.credit_refunds import CreditRefundCreate
from app.schemas.repayments import LedgerEntryRead
from app.services import credit_refunds

router = strict_router("/v1", "loans")


@router.post(
    "/loans/{loan_id}/credit-refunds", status_code=status.HTTP_201_CREATED, summary="What was overpaid is given back"
)
async def create(
    session: Transaction, caller: Caller, today: Today, loan_id: LoanId, body: CreditRefundCreate
) -> LedgerEntryRead:
    """No more than the credit of that day."""
    return await credit_refunds.create(session, loan_id, caller=caller, today=today, body=body)

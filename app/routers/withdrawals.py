"""The borrower's withdrawal from a contract (rétractation)."""

from fastapi import status

from app.dependencies import Answer, Caller, LoanId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.loans import LoanRead
from app.schemas.withdrawals import LoanWithdrawalCreate
from app.services import withdrawals

router = strict_router("/v1", "loans")


@router.post("/loans/{loan_id}/withdrawals", status_code=status.HTTP_201_CREATED, summary="The borrower withdraws")
async def create(
    session: Transaction, caller: Caller, today: Today, loan_id: LoanId, body: LoanWithdrawalCreate, answer: Answer
) -> LoanRead:
    """Without a reason, within the days that the law gives (rétractation).

    Before the payment the loan is cancelled and its request approved again; after it, the principal is owed back.
    """
    return answer.tagged(await withdrawals.create(session, loan_id, caller=caller, today=today, body=body))

"""Loans in litigation (contentieux)."""

from fastapi import status

from app.dependencies import Answer, Caller, LoanId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.litigations import LitigationCreate, LitigationEndCreate, LitigationList
from app.schemas.loans import LoanRead
from app.services import litigations

router = strict_router("/v1/loans/{loan_id}/litigation", "loans")


@router.post("", status_code=status.HTTP_201_CREATED, summary="Litigation begins")
async def create(
    session: Transaction,
    caller: Caller,
    today: Today,
    loan_id: LoanId,
    body: LitigationCreate,
    answer: Answer,
) -> LoanRead:
    """The public accountant takes the loan to litigation (contentieux); the decision is recorded."""
    return answer.tagged(await litigations.create(session, loan_id, caller=caller, today=today, body=body))


@router.get("", summary="Litigation, and what it recovered")
async def list_(session: Transaction, caller: Caller, loan_id: LoanId) -> LitigationList:
    """Each time in litigation, oldest first, with what the public accountant told to have received in it."""
    return await litigations.list_all(session, loan_id)


@router.post("/end", status_code=status.HTTP_201_CREATED, summary="Litigation ends")
async def end(
    session: Transaction,
    caller: Caller,
    today: Today,
    loan_id: LoanId,
    body: LitigationEndCreate,
    answer: Answer,
) -> LoanRead:
    """The public accountant takes the debt back to amicable collection."""
    return answer.tagged(await litigations.end(session, loan_id, caller=caller, today=today, body=body))

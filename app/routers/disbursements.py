"""Paying a loan of the CCAS's own funds out, in one part or in several."""

from fastapi import status

from app.dependencies import Answer, Caller, DisbursementId, LoanId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.disbursements import DisbursementCreate, DisbursementList
from app.schemas.loans import LoanRead
from app.schemas.repayments import LedgerEntryRead, ReversalCreate
from app.services import disbursements

router = strict_router("/v1/loans/{loan_id}/disbursements", "loans")


@router.post("", status_code=status.HTTP_201_CREATED, summary="Money of the loan is paid out")
async def create(
    session: Transaction, caller: Caller, today: Today, loan_id: LoanId, body: DisbursementCreate, answer: Answer
) -> LoanRead:
    """To a supplier or to the borrower, whole or in parts: all of them together make no more than the loan."""
    return answer.tagged(await disbursements.create(session, loan_id, caller=caller, today=today, body=body))


@router.get("", summary="What was paid out")
async def list_(session: Transaction, caller: Caller, loan_id: LoanId) -> DisbursementList:
    """Every part and who was paid, in the order in which they were entered."""
    return await disbursements.list_all(session, loan_id)


@router.post("/{disbursement_id}/reversal", status_code=status.HTTP_201_CREATED, summary="A payment taken back")
async def reverse(
    session: Transaction,
    caller: Caller,
    today: Today,
    loan_id: LoanId,
    disbursement_id: DisbursementId,
    body: ReversalCreate,
) -> LedgerEntryRead:
    """Once, by an opposite entry: an order to pay (mandat) that was rejected, or a supplier paid in error."""
    return await disbursements.reverse(session, loan_id, disbursement_id, caller=caller, today=today, body=body)

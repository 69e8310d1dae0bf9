"""Money that comes back, and the ledger that keeps it."""

from fastapi import status

from app.dependencies import Caller, LoanId, RepaymentId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.repayments import LedgerEntryRead, LedgerRead, RepaymentCreate, ReversalCreate
from app.services import repayments

router = strict_router("/v1/loans/{loan_id}", "repayments")


@router.get("/ledger", summary="The ledger of a loan")
async def ledger(session: Transaction, caller: Caller, loan_id: LoanId) -> LedgerRead:
    """All entries in the order in which they were entered; none ever changes."""
    return await repayments.ledger(session, loan_id)


@router.post("/repayments", status_code=status.HTTP_201_CREATED, summary="A repayment")
async def create(
    session: Transaction, caller: Caller, today: Today, loan_id: LoanId, body: RepaymentCreate
) -> LedgerEntryRead:
    """As told by the public accountant's position or by a régisseur's receipt."""
    return await repayments.create(session, loan_id, caller=caller, today=today, body=body)


@router.post(
    "/repayments/{repayment_id}/reversal",
    status_code=status.HTTP_201_CREATED,
    summary="A repayment taken back",
)
async def reverse(
    session: Transaction,
    caller: Caller,
    today: Today,
    loan_id: LoanId,
    repayment_id: RepaymentId,
    body: ReversalCreate,
) -> LedgerEntryRead:
    """Once, by an opposite entry (contre-passation)."""
    return await repayments.reverse(session, loan_id, repayment_id, caller=caller, today=today, body=body)

"""Debts waived (remise gracieuse)."""

from fastapi import status

from app.dependencies import Caller, LoanId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.remissions import RemissionCreate
from app.schemas.repayments import LedgerEntryRead
from app.services import remissions

router = strict_router("/v1/loans/{loan_id}/remissions", "loans")


@router.post("", status_code=status.HTTP_201_CREATED, summary="A debt waived")
async def create(
    session: Transaction, caller: Caller, today: Today, loan_id: LoanId, body: RemissionCreate
) -> LedgerEntryRead:
    """By the board (remise gracieuse). The debt is ended, wholly or in part."""
    return await remissions.create(session, loan_id, caller=caller, today=today, body=body)

"""Debts admitted as irrecoverable (admission en non-valeur)."""

from fastapi import status

from app.dependencies import Caller, LoanId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.repayments import LedgerEntryRead
from app.schemas.write_offs import WriteOffCreate
from app.services import write_offs

router = strict_router("/v1/loans/{loan_id}/write-offs", "loans")


@router.post("", status_code=status.HTTP_201_CREATED, summary="A debt admitted en non-valeur")
async def create(
    session: Transaction, caller: Caller, today: Today, loan_id: LoanId, body: WriteOffCreate
) -> LedgerEntryRead:
    """By the board, on the proposal of the public accountant. The debt leaves the books and stays legally due."""
    return await write_offs.create(session, loan_id, caller=caller, today=today, body=body)

"""Entries of the ledger that are taken back (contre-passation)."""

from fastapi import status

from app.dependencies import Caller, EntryId, LoanId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.repayments import LedgerEntryRead
from app.schemas.reversals import EntryReversalCreate
from app.services import reversals

router = strict_router("/v1/loans/{loan_id}/ledger", "loans")


@router.post("/{entry_id}/reversal", status_code=status.HTTP_201_CREATED, summary="An entry taken back")
async def create(
    session: Transaction,
    caller: Caller,
    today: Today,
    loan_id: LoanId,
    entry_id: EntryId,
    body: EntryReversalCreate,
) -> LedgerEntryRead:
    """A write-off, a remission, an erasure or a repayment made in error: once, by an opposite entry."""
    return await reversals.create(session, loan_id, entry_id, caller=caller, today=today, body=body)

"""Debts that the law erases (créances éteintes)."""

from fastapi import status

from app.dependencies import Caller, DischargeId, LoanId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.discharges import DischargeCreate, DischargeList, DischargeRead, DischargeReversalCreate
from app.services import discharges

router = strict_router("/v1/loans/{loan_id}/discharges", "loans")


@router.post("", status_code=status.HTTP_201_CREATED, summary="A debt that the law erased")
async def create(
    session: Transaction, caller: Caller, today: Today, loan_id: LoanId, body: DischargeCreate
) -> DischargeRead:
    """The board takes note. It leaves the books once no borrower is liable any more; who is freed is asked nothing."""
    return await discharges.create(session, loan_id, caller=caller, today=today, body=body)


@router.get("", summary="The debts of a loan that the law erased")
async def list_(session: Transaction, caller: Caller, loan_id: LoanId) -> DischargeList:
    """In the order in which they were entered; those taken back among them."""
    return await discharges.list_all(session, loan_id)


@router.post("/{discharge_id}/reversal", status_code=status.HTTP_201_CREATED, summary="An erasure taken back")
async def reverse(
    session: Transaction,
    caller: Caller,
    today: Today,
    loan_id: LoanId,
    discharge_id: DischargeId,
    body: DischargeReversalCreate,
) -> DischargeRead:
    """Once, and its entry with it, where it left the books."""
    return await discharges.reverse(session, loan_id, discharge_id, caller=caller, today=today, body=body)

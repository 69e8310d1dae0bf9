"""Over-indebtedness (surendettement) of the borrower of a loan."""

from fastapi import status

from app.dependencies import Caller, LoanId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.over_indebtedness import ProcedureEventCreate, ProcedureEventList, ProcedureEventRead
from app.services import over_indebtedness

router = strict_router("/v1/loans/{loan_id}/over-indebtedness", "over-indebtedness")


@router.post("", status_code=status.HTTP_201_CREATED, summary="What happens in the procedure")
async def create(
    session: Transaction, caller: Caller, today: Today, loan_id: LoanId, body: ProcedureEventCreate
) -> ProcedureEventRead:
    """In the order in which it happens: an admission suspends the loan, a plan gives it other rows."""
    return await over_indebtedness.create(session, loan_id, caller=caller, today=today, body=body)


@router.get("", summary="The procedure of a loan")
async def list_(session: Transaction, caller: Caller, loan_id: LoanId) -> ProcedureEventList:
    """The oldest first."""
    return await over_indebtedness.list_all(session, loan_id)

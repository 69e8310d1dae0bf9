"""Interest that third parties give back at the end of a loan."""

from fastapi import status

from app.dependencies import Caller, LoanId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.interest_refunds import InterestRefundCreate, InterestRefundList, InterestRefundRead
from app.services import interest_refunds

router = strict_router("/v1/loans/{loan_id}/interest-refunds", "borne interest")


@router.post("", status_code=status.HTTP_201_CREATED, summary="The interest of a repaid loan is given back")
async def create(
    session: Transaction, caller: Caller, today: Today, loan_id: LoanId, body: InterestRefundCreate
) -> InterestRefundRead:
    """Once, for what the rules promise, where their conditions hold."""
    return await interest_refunds.create(session, loan_id, caller=caller, today=today, body=body)


@router.get("", summary="The refunds of a loan")
async def list_(session: Transaction, caller: Caller, loan_id: LoanId) -> InterestRefundList:
    """At most one by each payer."""
    return await interest_refunds.list_of_loan(session, loan_id)

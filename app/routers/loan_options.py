"""What may be done with a loan that is hard to repay, and at what cost."""

from typing import Annotated

from fastapi import Query

from app.dependencies import Caller, LoanId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.loan_options import LoanOptionList, LoanOptionsQuery
from app.services import loan_options

router = strict_router("/v1/loans/{loan_id}/options", "arrears")


@router.get("", summary="The ways out, with their cost to the CCAS")
async def list_(
    session: Transaction, caller: Caller, today: Today, loan_id: LoanId, query: Annotated[LoanOptionsQuery, Query()]
) -> LoanOptionList:
    """Deferral by one month or more, support, rescheduling, litigation: what each would come to. Nothing is decided."""
    return await loan_options.list_all(session, loan_id, today=today, on=query.on or today)

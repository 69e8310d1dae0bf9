"""What settles a loan."""

from typing import Annotated

from fastapi import Query

from app.dependencies import Caller, LoanId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.payoffs import PayoffQuery, PayoffRead
from app.services import payoffs

router = strict_router("/v1/loans/{loan_id}", "schedule changes")


@router.get("/payoff", summary="What settles a loan on a day")
async def read(
    session: Transaction, caller: Caller, today: Today, loan_id: LoanId, query: Annotated[PayoffQuery, Query()]
) -> PayoffRead:
    """Today where no day is given; the day may lie ahead, and counts what has been paid so far."""
    return await payoffs.read(session, loan_id, on=query.on or today)

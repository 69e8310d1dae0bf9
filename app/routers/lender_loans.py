"""Where a partner's loans stand by our copy, for the partner to reconcile."""

from typing import Annotated

from fastapi import Query

from app.dependencies import Answer, Caller, HandoffId, Now, Transaction
from app.routing import router as strict_router
from app.schemas.base import Page, PageQuery
from app.schemas.lender_loans import LenderLoanRead
from app.services import lender_loans

router = strict_router("/v1/partner/loans", "statements")


@router.get("", summary="The partner's loans, of the newest handoff first")
async def list_(
    session: Transaction, caller: Caller, now: Now, answer: Answer, query: Annotated[PageQuery, Query()]
) -> Page[LenderLoanRead]:
    """Of the files that it accepted, in every CCAS; a page may be shorter than its limit before the last one."""
    return answer.linked(await lender_loans.list_page(session, caller=caller, now=now, query=query))


@router.get("/{handoff_id}", summary="The partner's loan on a handoff")
async def read(session: Transaction, caller: Caller, now: Now, handoff_id: HandoffId) -> LenderLoanRead:
    """As our copy has it on the day that it is at the CCAS."""
    return await lender_loans.read(session, handoff_id, caller=caller, now=now)

"""The letters about a loan that a person sent."""

from typing import Annotated

from fastapi import Query, status

from app.dependencies import Answer, Caller, LoanId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.base import Page, PageQuery
from app.schemas.sent_letters import SentLetterCreate, SentLetterRead
from app.services import sent_letters

router = strict_router("/v1/loans/{loan_id}/letters", "arrears")


@router.post("", status_code=status.HTTP_201_CREATED, summary="A letter was sent")
async def create(
    session: Transaction, caller: Caller, today: Today, loan_id: LoanId, body: SentLetterCreate
) -> SentLetterRead:
    """Noted once a person sent it: none to the dead, about erased debts, nor while the loan is suspended."""
    return await sent_letters.create(session, loan_id, caller=caller, today=today, body=body)


@router.get("", summary="The letters that were sent about a loan")
async def list_(
    session: Transaction, caller: Caller, loan_id: LoanId, answer: Answer, query: Annotated[PageQuery, Query()]
) -> Page[SentLetterRead]:
    """Newest first."""
    return answer.linked(await sent_letters.list_page(session, loan_id, query=query))

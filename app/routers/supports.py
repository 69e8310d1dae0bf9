"""Financial support: instalments that the CCAS pays in the borrower's place."""

from typing import Annotated

from fastapi import Query, status

from app.dependencies import Answer, Caller, LoanId, SupportId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.base import Page, PageQuery
from app.schemas.supports import SupportCancellationCreate, SupportCreate, SupportRead
from app.services import supports

router = strict_router("/v1/loans/{loan_id}/supports", "arrears")


@router.post("", status_code=status.HTTP_201_CREATED, summary="Support that pays instalments is decided")
async def create(
    session: Transaction, caller: Caller, today: Today, loan_id: LoanId, body: SupportCreate
) -> SupportRead:
    """The borrower is not late with them any more; they are paid when the public accountant tells it."""
    return await supports.create(session, loan_id, caller=caller, today=today, body=body)


@router.get("", summary="The supports of a loan")
async def list_(
    session: Transaction, caller: Caller, loan_id: LoanId, answer: Answer, query: Annotated[PageQuery, Query()]
) -> Page[SupportRead]:
    """Newest first, those that were cancelled too."""
    return answer.linked(await supports.list_page(session, loan_id, query=query))


@router.get("/{support_id}", summary="One support")
async def read(session: Transaction, caller: Caller, loan_id: LoanId, support_id: SupportId) -> SupportRead:
    """What it pays of each instalment, and what is paid of it."""
    return await supports.read(session, loan_id, support_id)


@router.post("/{support_id}/cancellation", status_code=status.HTTP_201_CREATED, summary="A support is taken back")
async def cancel(
    session: Transaction,
    caller: Caller,
    today: Today,
    loan_id: LoanId,
    support_id: SupportId,
    body: SupportCancellationCreate,
) -> SupportRead:
    """What is not paid of it covers nothing any more, from the day of this decision on."""
    return await supports.cancel(session, loan_id, support_id, caller=caller, today=today, body=body)

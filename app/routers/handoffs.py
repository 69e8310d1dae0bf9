"""Handing over to the partners that lend, files and what follows from their loans: the side of the CCAS."""

from typing import Annotated

from fastapi import Query, status

from app.dependencies import (
    Answer,
    BorneInterestStatementId,
    Caller,
    ClaimId,
    HandoffId,
    RequestId,
    Today,
    Transaction,
)
from app.routing import router as strict_router
from app.schemas.base import Page
from app.schemas.handoffs import (
    ClaimHandoffCreate,
    CompletionCreate,
    HandoffCreate,
    HandoffItem,
    HandoffQuery,
    HandoffRead,
    HandoffWithdrawalCreate,
    StatementHandoffCreate,
)
from app.services import handoffs, loan_handoffs

router = strict_router("/v1", "handoffs")


@router.post(
    "/requests/{request_id}/handoffs", status_code=status.HTTP_201_CREATED, summary="A file goes to the lender"
)
async def create(
    session: Transaction,
    caller: Caller,
    today: Today,
    request_id: RequestId,
    body: HandoffCreate,
    answer: Answer,
) -> HandoffRead:
    """A precheck before the first appointment where the rules ask for it, or the endorsed loan file."""
    return answer.tagged(await handoffs.create(session, request_id, caller=caller, today=today, body=body))


@router.post(
    "/guarantee-claims/{claim_id}/handoffs",
    status_code=status.HTTP_201_CREATED,
    summary="A claim on a guarantor goes to the lender",
)
async def create_of_claim(
    session: Transaction,
    caller: Caller,
    today: Today,
    claim_id: ClaimId,
    body: ClaimHandoffCreate,
    answer: Answer,
) -> HandoffRead:
    """Under the authorisation of the loan's own file; it names nobody, the lender knows its offer number."""
    return answer.tagged(await loan_handoffs.create_of_claim(session, claim_id, caller=caller, today=today, body=body))


@router.post(
    "/borne-interest/statements/{borne_interest_statement_id}/handoffs",
    status_code=status.HTTP_201_CREATED,
    summary="A numbered statement of interest borne goes to the lender",
)
async def create_of_statement(
    session: Transaction,
    caller: Caller,
    today: Today,
    borne_interest_statement_id: BorneInterestStatementId,
    body: StatementHandoffCreate,
    answer: Answer,
) -> HandoffRead:
    """Loans by the lender's own offer numbers: it concerns no person by name."""
    return answer.tagged(
        await loan_handoffs.create_of_statement(
            session, borne_interest_statement_id, caller=caller, today=today, body=body
        )
    )


@router.get("/handoffs", summary="Handoffs, newest first")
async def list_(
    session: Transaction, caller: Caller, answer: Answer, query: Annotated[HandoffQuery, Query()]
) -> Page[HandoffItem]:
    """Filtered by request, claim, statement, state or kind."""
    return answer.linked(await handoffs.list_page(session, query=query))


@router.get("/handoffs/{handoff_id}", summary="One handoff")
async def read(
    session: Transaction, caller: Caller, today: Today, handoff_id: HandoffId, answer: Answer
) -> HandoffRead:
    """With every text that was handed over, and every step since."""
    return answer.tagged(await handoffs.read(session, handoff_id, today=today))


@router.post(
    "/handoffs/{handoff_id}/completions",
    status_code=status.HTTP_201_CREATED,
    summary="The answer to what the lender asked for",
)
async def complete(
    session: Transaction,
    caller: Caller,
    today: Today,
    handoff_id: HandoffId,
    body: CompletionCreate,
    answer: Answer,
) -> HandoffRead:
    """It goes on at the lender, which reads one more text where something has changed and is sent again."""
    return answer.tagged(await handoffs.complete(session, handoff_id, caller=caller, today=today, body=body))


@router.post(
    "/handoffs/{handoff_id}/withdrawals", status_code=status.HTTP_201_CREATED, summary="The file is taken back"
)
async def withdraw(
    session: Transaction,
    caller: Caller,
    today: Today,
    handoff_id: HandoffId,
    body: HandoffWithdrawalCreate,
    answer: Answer,
) -> HandoffRead:
    """It may go to another lender, or be closed with another answer."""
    return answer.tagged(await handoffs.withdraw(session, handoff_id, caller=caller, today=today, body=body))

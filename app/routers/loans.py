"""Loans, of the CCAS's own funds or of a partner."""

from typing import Annotated

from fastapi import Query, status

from app.dependencies import Answer, Caller, LoanId, RequestId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.base import Page
from app.schemas.loans import (
    CancellationCreate,
    LoanCreate,
    LoanItem,
    LoanListQuery,
    LoanQuery,
    LoanRead,
    ScheduleQuery,
    ScheduleRead,
    SignatureCreate,
)
from app.schemas.requests import ActionList
from app.services import loan_actions, loan_states, loans, schedules, signatures

router = strict_router("/v1", "loans")


@router.post(
    "/requests/{request_id}/loans",
    status_code=status.HTTP_201_CREATED,
    summary="The offer of an approved loan",
)
async def create(
    session: Transaction,
    caller: Caller,
    today: Today,
    request_id: RequestId,
    body: LoanCreate,
    answer: Answer,
) -> LoanRead:
    """On the terms of the decision, with the first version of the schedule."""
    return answer.tagged(await loans.create(session, request_id, caller=caller, today=today, body=body))


@router.get("/loans", summary="Loans, newest first")
async def list_(
    session: Transaction, caller: Caller, answer: Answer, query: Annotated[LoanListQuery, Query()]
) -> Page[LoanItem]:
    """The contracts; read one loan for its balances."""
    return answer.linked(await loans.list_page(session, query=query))


@router.get("/loans/{loan_id}", summary="One loan on a day")
async def read(
    session: Transaction,
    caller: Caller,
    today: Today,
    loan_id: LoanId,
    query: Annotated[LoanQuery, Query()],
    answer: Answer,
) -> LoanRead:
    """As it stood at the end of `as_of`, from what was entered by `known_at`; today and now where none is given."""
    return answer.tagged(await loan_states.read(session, loan_id, as_of=query.as_of or today, known_at=query.known_at))


@router.get("/loans/{loan_id}/schedule", summary="The repayment schedule")
async def schedule(
    session: Transaction,
    caller: Caller,
    loan_id: LoanId,
    query: Annotated[ScheduleQuery, Query()],
    answer: Answer,
) -> ScheduleRead:
    """One version, the last where none is named."""
    return answer.tagged(await schedules.read(session, loan_id, version=query.version))


@router.get("/loans/{loan_id}/actions", summary="What may be done now")
async def actions(session: Transaction, caller: Caller, today: Today, loan_id: LoanId) -> ActionList:
    """Every action, whether this caller may take it now, and why not."""
    return await loan_actions.of_loan(session, loan_id, caller=caller, today=today)


@router.post("/loans/{loan_id}/signatures", status_code=status.HTTP_201_CREATED, summary="A party signs")
async def sign(
    session: Transaction,
    caller: Caller,
    today: Today,
    loan_id: LoanId,
    body: SignatureCreate,
    answer: Answer,
) -> LoanRead:
    """The last signature accepts the loan."""
    return answer.tagged(await signatures.sign(session, loan_id, caller=caller, today=today, body=body))


@router.post("/loans/{loan_id}/cancellations", status_code=status.HTTP_201_CREATED, summary="The loan is given up")
async def cancel(
    session: Transaction,
    caller: Caller,
    today: Today,
    loan_id: LoanId,
    body: CancellationCreate,
    answer: Answer,
) -> LoanRead:
    """Before it is paid out; a signed contract is rescinded and the request is approved again."""
    return answer.tagged(await loans.cancel(session, loan_id, caller=caller, today=today, body=body))

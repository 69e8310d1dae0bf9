"""Decisions on requests."""

from typing import Annotated

from fastapi import Query, status

from app.dependencies import Answer, Caller, DecisionId, RequestId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.base import Page
from app.schemas.decisions import DecisionCreate, DecisionItem, DecisionQuery, DecisionRead
from app.services import decisions

router = strict_router("/v1", "decisions")


@router.post("/requests/{request_id}/decisions", status_code=status.HTTP_201_CREATED, summary="A decision on a request")
async def create(
    session: Transaction,
    caller: Caller,
    today: Today,
    request_id: RequestId,
    body: DecisionCreate,
    answer: Answer,
) -> DecisionRead:
    """Under the rules in force on `decided_on`; 409 with every breach when they do not allow it."""
    return answer.tagged(await decisions.create(session, request_id, caller=caller, today=today, body=body))


@router.get("/decisions", summary="Decisions, newest entry first")
async def list_(
    session: Transaction, caller: Caller, answer: Answer, query: Annotated[DecisionQuery, Query()]
) -> Page[DecisionItem]:
    """Filtered by outcome and date."""
    return answer.linked(await decisions.list_page(session, query=query))


@router.get("/decisions/{decision_id}", summary="One decision")
async def read(session: Transaction, caller: Caller, decision_id: DecisionId, answer: Answer) -> DecisionRead:
    """With the version of the rules and the facts it was taken on."""
    return answer.tagged(await decisions.read(session, decision_id))

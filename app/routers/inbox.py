"""The inbox of a partner, across the CCAS that have an agreement with it."""

from typing import Annotated

from fastapi import Query, status

from app.dependencies import Answer, Caller, HandoffId, TodayAtCcas, Transaction
from app.routing import router as strict_router
from app.schemas.base import Page
from app.schemas.inbox import AcknowledgementCreate, AnswerCreate, InboxAnswer, InboxItem, InboxQuery, InboxRead
from app.services import inbox

router = strict_router("/v1/partner/handoffs", "inbox")


@router.get("", summary="What was handed over, newest first")
async def list_(
    session: Transaction, caller: Caller, answer: Answer, query: Annotated[InboxQuery, Query()]
) -> Page[InboxItem]:
    """From every CCAS; read one for its payload."""
    return answer.linked(await inbox.list_page(session, caller=caller, query=query))


@router.get("/{handoff_id}", summary="One handoff, with its payload")
async def read(
    session: Transaction, caller: Caller, today: TodayAtCcas, handoff_id: HandoffId, answer: Answer
) -> InboxRead:
    """What the CCAS handed over, as long as it may be read, with its hash, and every step since."""
    return answer.tagged(await inbox.read(session, handoff_id, caller=caller, today=today))


@router.post("/{handoff_id}/acknowledgements", status_code=status.HTTP_201_CREATED, summary="The file was received")
async def acknowledge(
    session: Transaction,
    caller: Caller,
    today: TodayAtCcas,
    handoff_id: HandoffId,
    answer: Answer,
    body: AcknowledgementCreate | None = None,
) -> InboxAnswer:
    """The partner may give its own reference; told again, it is the same (`known`)."""
    return answer.tagged(await inbox.acknowledge(session, handoff_id, caller=caller, today=today, body=body))


@router.post("/{handoff_id}/answers", status_code=status.HTTP_201_CREATED, summary="The lender's answer")
async def answer(
    session: Transaction,
    caller: Caller,
    today: TodayAtCcas,
    handoff_id: HandoffId,
    body: AnswerCreate,
    answer: Answer,
) -> InboxAnswer:
    """Accepted, refused or more information; an acceptance waits for a favourable check (`awaiting_check`).

    Told again, it is the same answer (`known`).
    """
    return answer.tagged(await inbox.answer(session, handoff_id, caller=caller, today=today, body=body))

"""Requests that are taken up again, and the closings that were undone."""

from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.dates import check_day
from app.domain.permissions import Caller
from app.domain.request_lifecycle import RequestAction, RequestStatus, after
from app.schemas.reopenings import ReopenCreate, ReopeningList, ReopeningRead
from app.schemas.requests import OtherAnswerRead, RequestRead
from app.services import other_answers, requests
from app.services import request_steps as steps
from app.tables import Request, RequestReopening, RequestTransition
from app.tenancy import of_tenant


async def create(
    session: AsyncSession, request_id: UUID, *, caller: Caller, today: date, body: ReopenCreate
) -> RequestRead:
    """Takes up a request again where its instruction stood: at intake if no assessment had begun.

    How it was closed, and the answer given then, are kept aside.

    Raises NotFound, IllegalTransition, DateInFuture, DateOutOfOrder.
    """
    on = body.reopened_on or today
    request = await steps.locked(session, request_id)
    check_day("reopened_on", on, not_before=await steps.last_act_on(session, request), today=today)
    after(request.status, RequestAction.REOPEN)
    answer = other_answers.told(request)
    assert answer is not None  # noqa: S101 - the database lets no request end without one
    session.add(
        RequestReopening(
            tenant_id=request.tenant_id,
            request_id=request.id,
            reason=body.reason,
            reopened_on=on,
            closed_as=request.status,
            closing_reason_code=request.closing_reason_code,
            closing_reason=request.closing_reason,
            other_answer_kind=answer.kind,
            other_answer_on=answer.given_on,
            other_answer_attempts_on=answer.attempts_on,
            other_answer_organisation_id=answer.organisation_id,
            account_id=caller.account_id,
        )
    )
    assessed = await _was_assessed(session, request)
    action = RequestAction.REOPEN if assessed else RequestAction.REOPEN_AT_INTAKE
    steps.move(session, request, action, caller=caller, effect_on=on)
    request.closing_reason_code = request.closing_reason = None
    other_answers.forget(request)
    return await requests.read(session, request_id)


async def list_all(session: AsyncSession, request_id: UUID) -> ReopeningList:
    """Every time that a request was taken up again, newest first. Raises NotFound."""
    request = await steps.load(session, request_id)
    statement = (
        select(RequestReopening)
        .where(of_tenant(session, RequestReopening), col(RequestReopening.request_id) == request.id)
        .order_by(col(RequestReopening.id).desc())
    )
    items = [_read(row) for row in (await session.scalars(statement)).all()]
    return ReopeningList(items=items, next_cursor=None)


async def _was_assessed(session: AsyncSession, request: Request) -> bool:
    statement = (
        select(col(RequestTransition.id))
        .where(
            of_tenant(session, RequestTransition),
            col(RequestTransition.request_id) == request.id,
            col(RequestTransition.to_status) == RequestStatus.ASSESSMENT,
        )
        .limit(1)
    )
    return (await session.scalars(statement)).one_or_none() is not None


def _read(row: RequestReopening) -> ReopeningRead:
    answer = OtherAnswerRead(
        kind=row.other_answer_kind,
        organisation_id=row.other_answer_organisation_id,
        given_on=row.other_answer_on,
        attempts_on=row.other_answer_attempts_on,
    )
    return ReopeningRead(**row.model_dump(include=set(ReopeningRead.model_fields)), other_answer=answer)

"""The row of a request as other actions need it: found, held, moved one step."""

from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, and_, cast, func, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.errors import LoanInTheWay, NotFound, RequestLocked, VersionStale
from app.domain.events import EventSubject
from app.domain.loan_lifecycle import LoanStage
from app.domain.permissions import Caller
from app.domain.request_lifecycle import EDITABLE, RequestAction, after
from app.services import events
from app.tables import Loan, LoanTransition, Request, RequestTransition
from app.tenancy import bound_tenant, of_tenant


async def load(session: AsyncSession, request_id: UUID) -> Request:
    """The row of a request, or NotFound."""
    request = await session.get(Request, (bound_tenant(session), request_id))
    if request is None:
        raise NotFound
    return request


async def locked(session: AsyncSession, request_id: UUID) -> Request:
    """The row of a request, held until the end of the transaction; NotFound."""
    key = (bound_tenant(session), request_id)
    request = await session.get(Request, key, with_for_update=True, populate_existing=True)
    if request is None:
        raise NotFound
    return request


async def editable(session: AsyncSession, request_id: UUID, *, version: int) -> Request:
    """The row of a request about to change. Raises NotFound, VersionStale, RequestLocked."""
    request = await locked(session, request_id)
    if request.version != version:
        raise VersionStale
    if request.status not in EDITABLE:
        raise RequestLocked(state=request.status.value)
    return request


def move(
    session: AsyncSession, request: Request, action: RequestAction, *, caller: Caller, effect_on: date | None
) -> None:
    """Takes one transition and logs it with its author. Raises IllegalTransition."""
    before, request.status = request.status, after(request.status, action)
    request.version += 1
    session.add(
        RequestTransition(
            tenant_id=request.tenant_id,
            request_id=request.id,
            **caller.author,
            action=action,
            from_status=before,
            to_status=request.status,
            effect_on=effect_on,
        )
    )
    moved = request.status is not before
    events.add(
        session,
        tenant_id=request.tenant_id,
        subject=EventSubject.REQUEST,
        subject_id=request.id,
        what=(request.status if moved else action).value,
        status=request.status.value,
        request_id=request.id,
    )


def day_of_step(time_zone: ZoneInfo) -> ColumnElement[date]:
    """The day of each step of the requests selected, which must be with all their steps.

    A step whose day was not stated is of the day it was entered, or of the next step whose day was, if earlier.
    """
    stated, request_id, order = (
        col(RequestTransition.effect_on),
        col(RequestTransition.request_id),
        col(RequestTransition.id),
    )
    following: Any = func.min(stated).over(partition_by=request_id, order_by=order, rows=(1, None))
    entered_on = cast(func.timezone(time_zone.key, col(RequestTransition.entered_at)), Date)
    return func.coalesce(stated, func.least(entered_on, following))


async def last_act_on(session: AsyncSession, request: Request) -> date:
    """The day before which nothing more can happen: the latest act of the file whose date was stated."""
    of_request = select(func.max(RequestTransition.effect_on)).where(
        of_tenant(session, RequestTransition), col(RequestTransition.request_id) == request.id
    )
    of_loans = (
        select(func.max(LoanTransition.effect_on))
        .join(Loan, and_(col(Loan.tenant_id) == LoanTransition.tenant_id, col(Loan.id) == LoanTransition.loan_id))
        .where(of_tenant(session, LoanTransition), col(Loan.request_id) == request.id)
    )
    acts = (await session.scalars(union_all(of_request, of_loans))).all()
    stated: list[date] = [on for on in acts if on is not None]
    return max([request.received_on, *stated])


async def check_no_live_loan(session: AsyncSession, request: Request) -> None:
    """Raises LoanInTheWay while a loan is offered on the request."""
    if await live_loan(session, request.id) is not None:
        raise LoanInTheWay


async def live_loan(session: AsyncSession, request_id: UUID) -> UUID | None:
    """The loan of a request that was not cancelled."""
    statement = select(col(Loan.id)).where(
        of_tenant(session, Loan), col(Loan.request_id) == request_id, col(Loan.stage) != LoanStage.CANCELLED
    )
    return (await session.scalars(statement)).one_or_none()

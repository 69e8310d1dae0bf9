"""The row of a handoff as its actions need it: found, held with its request, moved one step, logged, told."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.errors import NotFound
from app.domain.handoff_lifecycle import HandoffAction, HandoffKind, HandoffStatus, after
from app.domain.permissions import Caller
from app.schemas.handoffs import HandoffStep
from app.services import handoff_routes
from app.services import request_steps as steps
from app.tables import Handoff, HandoffPayload, HandoffTransition, Request
from app.tenancy import bound_tenant, of_tenant

# What is dated by what is told; the days of the others are those of their entry.
_STATED = (
    *(HandoffAction.SEND, HandoffAction.ASK, HandoffAction.PARK),
    *(HandoffAction.ACCEPT, HandoffAction.REFUSE, HandoffAction.WITHDRAW),
)


async def load(session: AsyncSession, handoff_id: UUID) -> Handoff:
    """The row of a handoff, or NotFound."""
    handoff = await session.get(Handoff, (bound_tenant(session), handoff_id))
    if handoff is None:
        raise NotFound
    return handoff


async def held(session: AsyncSession, handoff_id: UUID) -> tuple[Handoff, Request]:
    """The rows of a handoff and its request; whoever acts on either holds the request until the transaction ends."""
    request_id = (
        select(col(Handoff.request_id))
        .where(of_tenant(session, Handoff), col(Handoff.id) == handoff_id)
        .scalar_subquery()
    )
    statement = select(Request).where(of_tenant(session, Request), col(Request.id) == request_id).with_for_update()
    request = await session.scalar(statement.execution_options(populate_existing=True))
    if request is None:
        raise NotFound
    return await session.get_one(Handoff, (request.tenant_id, handoff_id), populate_existing=True), request


async def held_by_partner(session: AsyncSession, caller: Caller, handoff_id: UUID) -> tuple[Handoff, Request]:
    """The same for the partner that it was sent to. Raises NotFound."""
    await handoff_routes.follow(session, caller, handoff_id)
    return await held(session, handoff_id)


async def move(
    session: AsyncSession,
    handoff: Handoff,
    action: HandoffAction,
    *,
    caller: Caller,
    effect_on: date,
    note: str | None = None,
) -> None:
    """Takes one transition, logs it with its author and shows it in the inbox. Raises IllegalTransition."""
    before, handoff.status = handoff.status, after(handoff.kind, handoff.status, action)
    handoff.version += 1
    session.add(
        HandoffTransition(
            tenant_id=handoff.tenant_id,
            handoff_id=handoff.id,
            account_id=caller.staff_account_id,
            partner_client_id=caller.partner_client_id,
            action=action,
            from_status=before,
            to_status=handoff.status,
            effect_on=effect_on,
            note=note,
        )
    )
    if action is not HandoffAction.SEND:
        await handoff_routes.show_status(session, handoff, caller=caller)


async def of_request(session: AsyncSession, request_id: UUID, kind: HandoffKind | None = None) -> Sequence[Handoff]:
    """The handoffs of a request, oldest first."""
    statement = select(Handoff).where(of_tenant(session, Handoff), col(Handoff.request_id) == request_id)
    if kind is not None:
        statement = statement.where(col(Handoff.kind) == kind)
    return (await session.scalars(statement.order_by(col(Handoff.id)))).all()


async def last_act_on(session: AsyncSession, request: Request, kind: HandoffKind | None = None) -> date:
    """The day before which nothing more can happen to the handoffs, of one kind or all: their latest act, or the
    request's.
    """
    statement = (
        select(func.max(HandoffTransition.effect_on))
        .join(
            Handoff,
            and_(
                col(Handoff.tenant_id) == HandoffTransition.tenant_id, col(Handoff.id) == HandoffTransition.handoff_id
            ),
        )
        .where(
            of_tenant(session, HandoffTransition),
            col(Handoff.request_id) == request.id,
            col(Handoff.kind).in_([kind] if kind else list(HandoffKind)),
            col(HandoffTransition.action).in_(_STATED),
        )
    )
    stated = await session.scalar(statement)
    of_request = await steps.last_act_on(session, request)
    return max(of_request, stated) if stated else of_request


async def withdraw_all(session: AsyncSession, request: Request, *, caller: Caller, effect_on: date) -> None:
    """Takes back what still lies with a lender when the request ends."""
    for handoff in await of_request(session, request.id):
        if handoff.status not in (HandoffStatus.REFUSED, HandoffStatus.WITHDRAWN):
            await move(session, handoff, HandoffAction.WITHDRAW, caller=caller, effect_on=effect_on)


async def told(session: AsyncSession, handoff: Handoff) -> dict[str, Any]:
    """The parts of a handoff that both sides read: its payload and its steps."""
    await session.flush()  # a step may just have been taken
    written = select(col(HandoffPayload.text)).where(
        of_tenant(session, HandoffPayload), col(HandoffPayload.handoff_id) == handoff.id
    )
    text = (await session.scalars(written)).one()
    statement = (
        select(HandoffTransition)
        .where(of_tenant(session, HandoffTransition), col(HandoffTransition.handoff_id) == handoff.id)
        .order_by(col(HandoffTransition.id))
    )
    taken = (await session.scalars(statement)).all()
    return {"payload": json.loads(text), "steps": [_step(step) for step in taken]}


def _step(step: HandoffTransition) -> HandoffStep:
    return HandoffStep(
        action=step.action,
        status=step.to_status,
        effect_on=step.effect_on,
        note=step.note,
        by="partner" if step.partner_client_id else "ccas",
        entered_at=step.entered_at,
    )

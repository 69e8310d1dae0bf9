"""The inbox of a partner across the CCAS that hand files over to it, and its answers."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.dates import check_day
from app.domain.errors import IllegalTransition
from app.domain.ficp import Standing
from app.domain.handoff_lifecycle import HandoffAction, HandoffKind, HandoffStatus
from app.domain.partner_errors import AnsweredByCheck
from app.domain.permissions import Caller
from app.domain.request_lifecycle import ENDED, RequestAction
from app.schemas.base import Page
from app.schemas.inbox import AcknowledgementCreate, AnswerCreate, InboxItem, InboxQuery, InboxRead, InboxState
from app.services import authorisations, handoff_routes, handoff_steps
from app.services import request_steps as steps
from app.services.check_standings import weigh
from app.services.pages import keyset_page
from app.tables import Handoff, HandoffRoute, Tenant
from app.tenancy import bind, of_tenant

_OF_HANDOFF = ("kind", "payload_sha256")
_PLAIN_ANSWERS = {"refused": HandoffAction.REFUSE, "more_information": HandoffAction.ASK}


async def list_page(session: AsyncSession, *, caller: Caller, query: InboxQuery) -> Page[InboxItem]:
    """What was handed over to the partner, newest first: its ways, then each CCAS in turn for what stands behind."""
    statement = (
        select(HandoffRoute, col(Tenant.slug))
        .join(Tenant, col(Tenant.id) == HandoffRoute.tenant_id)
        .where(col(HandoffRoute.partner_id) == caller.partner_id)
    )
    if query.status is not None:
        statement = statement.where(col(HandoffRoute.status) == query.status)
    scope = f"{caller.partner_id}/{HandoffRoute.__tablename__}"
    rows, next_cursor = await keyset_page(session, statement, HandoffRoute.handoff_id, scope=scope, query=query)
    routes: list[tuple[HandoffRoute, str]] = [(row[0], row[1]) for row in rows]
    behind = await _behind(session, [route for route, _ in routes])
    items = [
        InboxItem(
            id=route.handoff_id, tenant=slug, status=route.status, sent_at=route.sent_at, **behind[route.handoff_id]
        )
        for route, slug in routes
    ]
    return Page(items=items, next_cursor=next_cursor)


async def read(session: AsyncSession, handoff_id: UUID, *, caller: Caller) -> InboxRead:
    """One handoff with its payload, or NotFound."""
    await handoff_routes.follow(session, caller, handoff_id)
    return await _read(session, await handoff_steps.load(session, handoff_id))


async def acknowledge(
    session: AsyncSession, handoff_id: UUID, *, caller: Caller, today: date, body: AcknowledgementCreate | None
) -> InboxState:
    """The partner has the file. Raises NotFound, IllegalTransition."""
    handoff, _ = await handoff_steps.held_by_partner(session, caller, handoff_id)
    handoff.partner_reference = (body.reference if body else None) or handoff.partner_reference
    await handoff_steps.move(session, handoff, HandoffAction.ACKNOWLEDGE, caller=caller, effect_on=today)
    return await _state(session, handoff)


async def answer(
    session: AsyncSession, handoff_id: UUID, *, caller: Caller, today: date, body: AnswerCreate
) -> InboxState:
    """The lender's answer to a loan file; an acceptance is parked until its FICP check is favourable.

    A refusal leaves the request with the CCAS, which gives the person another answer or turns to another lender.

    Raises NotFound, AnsweredByCheck, IllegalTransition, AuthorisationMissing, DateInFuture, DateOutOfOrder.
    """
    handoff, request = await handoff_steps.held_by_partner(session, caller, handoff_id)
    if handoff.kind is HandoffKind.PRECHECK:
        raise AnsweredByCheck
    earliest = await handoff_steps.last_act_on(session, request, handoff.kind)
    check_day("decided_on", body.decided_on, not_before=earliest, today=today)
    action, on = _PLAIN_ANSWERS.get(body.decision), body.decided_on
    if action is None:
        await authorisations.check_still_given(session, request, handoff, on=on)
        action, on = await _acceptance(session, handoff, on=on)
    handoff.partner_reference = body.reference or handoff.partner_reference
    if action is not HandoffAction.ASK:
        handoff.answered_on = body.decided_on
    await handoff_steps.move(session, handoff, action, caller=caller, effect_on=on, note=body.asked)
    if action is HandoffAction.ACCEPT:
        steps.move(session, request, RequestAction.LENDER_ACCEPT, caller=caller, effect_on=on)
    return await _state(session, handoff)


async def _acceptance(session: AsyncSession, handoff: Handoff, *, on: date) -> tuple[HandoffAction, date]:
    """Whether an acceptance holds or is parked, and from which day: never before the consultation that allows it."""
    if handoff.answered_on is not None:
        raise IllegalTransition(action="accept", state=handoff.status.value)
    weighed = await weigh(session, handoff, on=on)
    if weighed.standing is not Standing.FAVOURABLE:
        return HandoffAction.PARK, on
    return HandoffAction.ACCEPT, max(on, weighed.consulted_on or on)


async def _behind(session: AsyncSession, routes: Sequence[HandoffRoute]) -> dict[UUID, dict[str, Any]]:
    """What the inbox shows of the handoffs themselves, read CCAS by CCAS."""
    found: dict[UUID, dict[str, Any]] = {}
    for tenant_id in dict.fromkeys(route.tenant_id for route in routes):
        await bind(session, tenant_id)
        ids = [route.handoff_id for route in routes if route.tenant_id == tenant_id]
        columns = [getattr(Handoff, name) for name in _OF_HANDOFF]
        statement = select(col(Handoff.id), *columns).where(of_tenant(session, Handoff), col(Handoff.id).in_(ids))
        for handoff_id, *values in (await session.execute(statement)).all():
            found[handoff_id] = dict(zip(_OF_HANDOFF, values, strict=True))
    return found


async def _state(session: AsyncSession, handoff: Handoff) -> InboxState:
    return InboxState(**await _plain(session, handoff, InboxState))


async def _read(session: AsyncSession, handoff: Handoff) -> InboxRead:
    told = await handoff_steps.told(session, handoff)
    request = await steps.load(session, handoff.request_id)
    if handoff.status is HandoffStatus.WITHDRAWN or request.status in ENDED:
        told["payload"] = None
    return InboxRead(**await _plain(session, handoff, InboxRead), **told)


async def _plain(session: AsyncSession, handoff: Handoff, form: type[InboxState]) -> dict[str, Any]:
    route = await session.get_one(HandoffRoute, handoff.id)
    tenant = await session.get_one(Tenant, handoff.tenant_id)
    return {**handoff.model_dump(include=set(form.model_fields)), "tenant": tenant.slug, "sent_at": route.sent_at}

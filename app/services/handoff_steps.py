"""The row of a handoff as its actions need it: found, held with its request, moved one step, logged, told."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.channels import SOURCE_OF, Channel
from app.domain.errors import NotFound
from app.domain.handoff_errors import NotAFile
from app.domain.handoff_lifecycle import FILES, OVER, HandoffAction, HandoffKind, after, is_over
from app.domain.partner_errors import HandoffClosed
from app.domain.permissions import Caller
from app.domain.request_lifecycle import ENDED
from app.schemas.handoffs import HandoffStep, PayloadRead
from app.services import events, handoff_payloads, handoff_routes, links, push_signatures
from app.services import request_steps as steps
from app.tables import Handoff, HandoffTransition, LenderLink, Request, Telling
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


async def held(session: AsyncSession, handoff_id: UUID) -> tuple[Handoff, Request | None]:
    """The row of a handoff, and of a file its request; held until the transaction ends. Raises NotFound.

    Whoever acts on a file or on its request holds the request; what is no file moves no request and is held alone.
    """
    known = await load(session, handoff_id)
    key = (known.tenant_id, handoff_id)
    if known.kind not in FILES:
        return await session.get_one(Handoff, key, populate_existing=True, with_for_update=True), None
    statement = select(Request).where(of_tenant(session, Request), col(Request.id) == known.request_id)
    statement = statement.with_for_update().execution_options(populate_existing=True)
    request = (await session.scalars(statement)).one()
    return await session.get_one(Handoff, key, populate_existing=True), request


async def held_for_partner(session: AsyncSession, caller: Caller, handoff_id: UUID) -> tuple[Handoff, Request | None]:
    """The same for the partner that it was sent to, which signs where their agreement asks for it.

    Raises NotFound, SignatureMissing.
    """
    await handoff_routes.follow(session, caller, handoff_id)
    handoff, request = await held(session, handoff_id)
    await push_signatures.check_signed_on(session, caller, handoff)
    return handoff, request


async def held_by_partner(session: AsyncSession, caller: Caller, handoff_id: UUID) -> tuple[Handoff, Request]:
    """The same of a file. Raises NotFound, SignatureMissing, NotAFile."""
    handoff, request = await held_for_partner(session, caller, handoff_id)
    if request is None:
        raise NotAFile
    return handoff, request


async def held_file(session: AsyncSession, handoff_id: UUID) -> tuple[Handoff, Request]:
    """The same of a file. Raises NotFound, NotAFile."""
    handoff, request = await held(session, handoff_id)
    if request is None:
        raise NotAFile
    return handoff, request


async def file_of(session: AsyncSession, handoff: Handoff) -> Request | None:
    """The request of a file, not held; null for what is no file."""
    if handoff.request_id is None or handoff.kind not in FILES:
        return None
    return await steps.load(session, handoff.request_id)


def is_closed(handoff: Handoff, request: Request | None) -> bool:
    """Whether the content is the partner's no more: it was taken back or refused, or the request of a file ended."""
    return is_over(handoff.kind, handoff.status) or (request is not None and request.status in ENDED)


def check_open(handoff: Handoff, request: Request | None) -> None:
    """Raises HandoffClosed where nothing that a lender tells can change the handoff any more."""
    if is_closed(handoff, request):
        raise HandoffClosed


async def move(
    session: AsyncSession,
    handoff: Handoff,
    action: HandoffAction,
    *,
    caller: Caller,
    effect_on: date,
    note: str | None = None,
    decided_on: date | None = None,
    reference: str | None = None,
) -> None:
    """Takes one transition, logs it with its author and shows it in the inbox. Raises IllegalTransition."""
    before, handoff.status = handoff.status, after(handoff.kind, handoff.status, action)
    handoff.version += 1
    session.add(
        HandoffTransition(
            tenant_id=handoff.tenant_id,
            handoff_id=handoff.id,
            **caller.author,
            action=action,
            from_status=before,
            to_status=handoff.status,
            effect_on=effect_on,
            note=note,
            decided_on=decided_on,
            partner_reference=reference,
        )
    )
    events.of_handoff(session, handoff, handoff.status.value)
    if action is not HandoffAction.SEND:
        await handoff_routes.show_status(session, handoff, caller=caller)


async def of_request(session: AsyncSession, request_id: UUID, kind: HandoffKind | None = None) -> Sequence[Handoff]:
    """The handoffs of the file of a request, of one kind or all, oldest first."""
    statement = select(Handoff).where(
        of_tenant(session, Handoff),
        col(Handoff.request_id) == request_id,
        col(Handoff.kind).in_([kind] if kind else FILES),
    )
    return (await session.scalars(statement.order_by(col(Handoff.id)))).all()


async def last_act_on(session: AsyncSession, request: Request, kind: HandoffKind | None = None) -> date:
    """The day before which nothing more can happen to the handoffs of a file, of one kind or all: their latest act, or
    the request's.
    """
    of_file = and_(col(Handoff.request_id) == request.id, col(Handoff.kind).in_([kind] if kind else FILES))
    stated = await last_step_on(session, of_file)
    of_request = await steps.last_act_on(session, request)
    return max(of_request, stated) if stated else of_request


async def last_act_of(session: AsyncSession, handoff: Handoff, request: Request | None) -> date:
    """The day before which nothing more can happen to a handoff that was sent; `request` as `held` gives it."""
    if request is not None:
        return await last_act_on(session, request, handoff.kind)
    on = await last_step_on(session, of_same(handoff))
    assert on is not None  # noqa: S101 - it was sent
    return on


def of_same(handoff: Handoff) -> ColumnElement[bool]:
    """The handoffs of the same claim, or of the same statement."""
    if handoff.guarantee_claim_id is not None:
        return col(Handoff.guarantee_claim_id) == handoff.guarantee_claim_id
    return col(Handoff.borne_interest_statement_id) == handoff.borne_interest_statement_id


async def last_step_on(session: AsyncSession, of: ColumnElement[bool]) -> date | None:
    """The latest day told of some handoffs; null where nothing was."""
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
            of,
            col(HandoffTransition.action).in_(_STATED),
        )
    )
    return await session.scalar(statement)


async def withdraw_all(session: AsyncSession, request: Request, *, caller: Caller, effect_on: date) -> None:
    """Takes back what still lies with a lender when the request ends; a refusal stays one. Links to any end with it.

    A precheck is taken back whichever way it went: what stays of its steps tells no more than that it was answered.
    """
    for handoff in await of_request(session, request.id):
        await links.revoke(session, LenderLink, col(LenderLink.handoff_id) == handoff.id)
        if not is_over(handoff.kind, handoff.status):
            await move(session, handoff, HandoffAction.WITHDRAW, caller=caller, effect_on=effect_on)


async def withdraw_claim(session: AsyncSession, claim_id: UUID, *, caller: Caller, effect_on: date) -> None:
    """Takes back what still lies with the lender of a claim that was entered in error."""
    statement = select(Handoff).where(
        of_tenant(session, Handoff), col(Handoff.guarantee_claim_id) == claim_id, col(Handoff.status).not_in(OVER)
    )
    for handoff in (await session.scalars(statement.with_for_update())).all():
        await move(session, handoff, HandoffAction.WITHDRAW, caller=caller, effect_on=effect_on)


async def told(session: AsyncSession, handoff: Handoff) -> dict[str, Any]:
    """The parts of a handoff that both sides read: what was last handed over, and its steps."""
    await session.flush()  # a step may just have been taken
    texts = await handoff_payloads.texts(session, handoff)
    return {"payload": json.loads(texts[-1].text), "steps": await _steps(session, handoff)}


async def payloads(session: AsyncSession, handoff: Handoff) -> list[PayloadRead]:
    """All that was handed over, for the staff."""
    return [
        PayloadRead(**text.model_dump(include=set(PayloadRead.model_fields)), payload=json.loads(text.text))
        for text in await handoff_payloads.texts(session, handoff)
    ]


async def _steps(session: AsyncSession, handoff: Handoff) -> list[HandoffStep]:
    statement = (
        select(HandoffTransition, col(Telling.channel))
        .outerjoin(Telling, and_(of_tenant(session, Telling), col(Telling.id) == HandoffTransition.telling_id))
        .where(of_tenant(session, HandoffTransition), col(HandoffTransition.handoff_id) == handoff.id)
        .order_by(col(HandoffTransition.id))
    )
    taken = (await session.execute(statement)).all()
    return [_step(step, channel) for step, channel in taken]


def _step(step: HandoffTransition, channel: Channel | None) -> HandoffStep:
    of_partner = step.account_id is None
    return HandoffStep(
        action=step.action,
        status=step.to_status,
        effect_on=step.effect_on,
        note=step.note,
        by="partner" if of_partner else "ccas",
        source=SOURCE_OF[channel or Channel.API] if of_partner else None,
        entered_at=step.entered_at,
    )

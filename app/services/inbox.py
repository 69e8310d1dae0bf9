"""The inbox of a partner across the CCAS that hand files over to it, and its answers."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.dates import check_day
from app.domain.errors import IllegalTransition
from app.domain.ficp import Standing
from app.domain.handoff_errors import AnswerDiffers
from app.domain.handoff_lifecycle import STAGE_OF, HandoffAction, HandoffKind, Withheld
from app.domain.partner_errors import AnsweredByCheck
from app.domain.permissions import Caller
from app.domain.query_keys import query_key
from app.domain.request_lifecycle import RequestAction
from app.schemas.base import Page
from app.schemas.handoffs import HandoffStep
from app.schemas.inbox import (
    AcknowledgementCreate,
    AnswerCreate,
    InboxAnswer,
    InboxItem,
    InboxQuery,
    InboxRead,
    InboxState,
    QueryKeys,
)
from app.services import authorisations, checks_wanted, handoff_contents, handoff_routes, handoff_steps
from app.services import request_steps as steps
from app.services.check_standings import weigh
from app.services.pages import keyset_page
from app.tables import Handoff, HandoffRoute, HandoffTransition, Tenant
from app.tenancy import bind, of_tenant

_OF_HANDOFF = ("kind", "payload_sha256")
_ANSWERS = {
    "accepted": HandoffAction.ACCEPT,
    "refused": HandoffAction.REFUSE,
    "more_information": HandoffAction.ASK,
}
# What an answer may have been followed by.
_TOLD_BY = {decision: frozenset({action}) for decision, action in _ANSWERS.items()} | {
    "accepted": frozenset({HandoffAction.ACCEPT, HandoffAction.PARK})
}


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


async def read(session: AsyncSession, handoff_id: UUID, *, caller: Caller, today: date) -> InboxRead:
    """One handoff, with its payload as long as the partner may read it. Raises NotFound."""
    await handoff_routes.follow(session, caller, handoff_id)
    return await _read(session, await handoff_steps.load(session, handoff_id), on=today)


async def acknowledge(
    session: AsyncSession, handoff_id: UUID, *, caller: Caller, today: date, body: AcknowledgementCreate | None
) -> InboxAnswer:
    """The partner has the file; told again, it is the same.

    Raises NotFound, SignatureMissing, IllegalTransition.
    """
    handoff, _ = await handoff_steps.held_for_partner(session, caller, handoff_id)
    reference = body.reference if body else None
    told = await _told(session, handoff, {HandoffAction.ACKNOWLEDGE})
    if any(_is_under(step, reference, caller) for step in told):
        return await _state(session, handoff, known=True)
    handoff.partner_reference = reference or handoff.partner_reference
    await handoff_steps.move(
        session, handoff, HandoffAction.ACKNOWLEDGE, caller=caller, effect_on=today, reference=reference
    )
    return await _state(session, handoff)


async def answer(
    session: AsyncSession, handoff_id: UUID, *, caller: Caller, today: date, body: AnswerCreate
) -> InboxAnswer:
    """The lender's answer; the acceptance of a loan file is parked until its FICP check opens the gate of the CCAS.

    A refusal leaves the file, the claim or the statement with the CCAS: a file goes to another lender or the person is
    given another answer, the others may be sent again once corrected. The same answer told again, whichever way, is the
    same answer, wherever the handoff stands by then.

    Raises NotFound, SignatureMissing, AnsweredByCheck, AnswerDiffers, IllegalTransition, AuthorisationMissing,
    DateInFuture, DateOutOfOrder.
    """
    handoff, request = await handoff_steps.held_for_partner(session, caller, handoff_id)
    if handoff.kind is HandoffKind.PRECHECK:
        raise AnsweredByCheck
    if await _is_known(session, handoff, body, caller=caller):
        return await _state(session, handoff, known=True)
    earliest = await handoff_steps.last_act_of(session, handoff, request)
    check_day("decided_on", body.decided_on, not_before=earliest, today=today)
    action, on = _ANSWERS[body.decision], body.decided_on
    if request is not None and action is HandoffAction.ACCEPT:
        await authorisations.check_still_given(session, request, handoff, on=on)
        action, on = await _acceptance(session, handoff, on=on)
    handoff.partner_reference = body.reference or handoff.partner_reference
    if action is not HandoffAction.ASK:
        handoff.answered_on = body.decided_on
    await handoff_steps.move(
        session,
        handoff,
        action,
        caller=caller,
        effect_on=on,
        note=body.asked,
        decided_on=body.decided_on,
        reference=body.reference,
    )
    if request is not None and action is HandoffAction.ACCEPT:
        steps.move(session, request, RequestAction.LENDER_ACCEPT, caller=caller, effect_on=on)
    return await _state(session, handoff)


async def _is_known(session: AsyncSession, handoff: Handoff, body: AnswerCreate, *, caller: Caller) -> bool:
    """Whether the answer was told before. Raises AnswerDiffers where an acceptance or a refusal was told otherwise."""
    steps_taken = await _told(session, handoff, _TOLD_BY[body.decision])
    given = [step for step in steps_taken if step.decided_on is not None]
    told = (body.decided_on, body.asked)
    if any((step.decided_on, step.note) == told and _is_under(step, body.reference, caller) for step in given):
        return True
    if given and body.asked is None:
        raise AnswerDiffers(decided_on=str(given[-1].decided_on))
    return False


async def _told(
    session: AsyncSession, handoff: Handoff, actions: Collection[HandoffAction]
) -> Sequence[HandoffTransition]:
    statement = select(HandoffTransition).where(
        of_tenant(session, HandoffTransition),
        col(HandoffTransition.handoff_id) == handoff.id,
        col(HandoffTransition.action).in_(actions),
    )
    return (await session.scalars(statement.order_by(col(HandoffTransition.id)))).all()


def _is_under(step: HandoffTransition, reference: str | None, caller: Caller) -> bool:
    """Whether a step was told under a reference; a letter or an officer that names none differs from no other."""
    references = (step.partner_reference, reference)
    by_people = step.telling_id is not None or caller.telling_id is not None
    return references[0] == references[1] or (by_people and None in references)


async def _acceptance(session: AsyncSession, handoff: Handoff, *, on: date) -> tuple[HandoffAction, date]:
    """Whether an acceptance holds or is parked, and from which day: never before the consultation that allows it."""
    if handoff.answered_on is not None:
        raise IllegalTransition(action="accept", state=handoff.status.value)
    weighed = await weigh(session, handoff, on=on)
    if not weighed.opens:
        return HandoffAction.PARK, on
    rests_on = weighed.consulted_on if weighed.standing is Standing.FAVOURABLE else None
    return HandoffAction.ACCEPT, max(on, rests_on or on)


async def _behind(session: AsyncSession, routes: Sequence[HandoffRoute]) -> dict[UUID, dict[str, Any]]:
    """What the inbox shows of the handoffs themselves, read CCAS by CCAS."""
    found: dict[UUID, dict[str, Any]] = {}
    for tenant_id in dict.fromkeys(route.tenant_id for route in routes):
        await bind(session, tenant_id)
        ids = [route.handoff_id for route in routes if route.tenant_id == tenant_id]
        columns = [*(getattr(Handoff, name) for name in _OF_HANDOFF), checks_wanted.wanted(session)]
        statement = select(col(Handoff.id), *columns).where(of_tenant(session, Handoff), col(Handoff.id).in_(ids))
        for handoff_id, *values in (await session.execute(statement)).all():
            found[handoff_id] = dict(zip((*_OF_HANDOFF, "check_wanted"), values, strict=True))
    return found


async def _state(session: AsyncSession, handoff: Handoff, *, known: bool = False) -> InboxAnswer:
    return InboxAnswer(**await _plain(session, handoff, InboxState), known=known)


async def _read(session: AsyncSession, handoff: Handoff, *, on: date) -> InboxRead:
    withheld = await handoff_contents.withheld(session, handoff, on=on)
    told = await handoff_steps.told(session, handoff)
    steps_told = [_shown(step, withheld) for step in told["steps"]]
    payload = None if withheld else told["payload"]
    return InboxRead(
        **await _plain(session, handoff, InboxRead),
        payload=payload,
        payload_withheld=withheld,
        ficp_query_keys=_query_keys(payload) if payload and handoff.kind in STAGE_OF else None,
        steps=steps_told,
    )


def _query_keys(payload: Mapping[str, Any]) -> QueryKeys:
    return QueryKeys(**{party: _query_key(payload[party]) for party in QueryKeys.model_fields})


def _query_key(person: Mapping[str, Any] | None) -> str | None:
    if person is None or person["birth_on"] is None:
        return None
    return query_key(person["birth_name"], date.fromisoformat(person["birth_on"]))


def _shown(step: HandoffStep, withheld: Withheld | None) -> HandoffStep:
    """A step as the partner reads it: why the CCAS took something back, for another lender perhaps, is its own; what it
    answered goes with the payload.
    """
    is_hidden = step.action is HandoffAction.WITHDRAW or (withheld and step.action is HandoffAction.COMPLETE)
    return step.model_copy(update={"note": None}) if is_hidden else step


async def _plain(session: AsyncSession, handoff: Handoff, form: type[InboxState]) -> dict[str, Any]:
    route = await session.get_one(HandoffRoute, handoff.id)
    tenant = await session.get_one(Tenant, handoff.tenant_id)
    return {
        **handoff.model_dump(include=set(form.model_fields)),
        "tenant": tenant.slug,
        "sent_at": route.sent_at,
        "check_wanted": await checks_wanted.is_wanted(session, handoff),
    }

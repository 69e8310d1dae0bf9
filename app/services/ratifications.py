"""Ratification of decisions taken ahead of a session (fast track): what a session must answer, and what it answered."""

from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.dates import check_day
from app.domain.decision_errors import AlreadyRatified, MinutesNotClosed, NothingToRatify
from app.domain.decisions import RATIFICATIONS
from app.domain.permissions import Caller
from app.domain.request_lifecycle import RequestAction, after
from app.schemas.ratifications import RatificationCreate, RatificationRead
from app.services import decision_sessions, decision_steps, four_eyes, rectifications, rules
from app.services import request_steps as steps
from app.tables import Decision, Ratification, Request
from app.tenancy import of_tenant


async def create(
    session: AsyncSession, decision_id: UUID, *, caller: Caller, today: date, body: RatificationCreate
) -> RatificationRead:
    """Records what the session answered: the decision takes effect, or the file is before the commission again.

    Raises NotFound, NothingToRatify, AlreadyRatified, DecisionNoLongerStands, IllegalTransition, NoRulesInForce,
    SessionRequired, FourEyes, SecondPersonMissing, DateInFuture, DateOutOfOrder, and what the session named refuses.
    """
    decision = await decision_steps.load(session, decision_id)
    await decision_sessions.take_turn(session, body.session_id)
    request = await steps.locked(session, decision.request_id)
    if not decision.provisional:
        raise NothingToRatify
    if await of_decision(session, decision) is not None:
        raise AlreadyRatified
    await rectifications.check_standing(session, decision)
    action = RATIFICATIONS[decision.outcome] if body.ratified else RequestAction.REFUSE_TO_RATIFY
    after(request.status, action)
    check_day("ratified_on", body.ratified_on, not_before=await steps.last_act_on(session, request), today=today)
    _, version = await rules.in_force(session, body.ratified_on)
    decision_sessions.check_required(version, body.session_id, fast_track=False)
    await _settle(session, decision, request, caller=caller, body=body)
    ratification = Ratification(
        tenant_id=request.tenant_id,
        request_id=request.id,
        decision_id=decision.id,
        account_id=caller.account_id,
        **body.model_dump(),
    )
    session.add(ratification)
    steps.move(session, request, action, caller=caller, effect_on=body.ratified_on)
    return read(ratification)


async def _settle(
    session: AsyncSession, decision: Decision, request: Request, *, caller: Caller, body: RatificationCreate
) -> None:
    """Outside a session, whoever decided ahead of it does not ratify alone; in a session, settles its agenda."""
    _, product = await rules.decided(session, decision, request)
    named = body.second_person
    if body.session_id is None:
        besides = decision.account_id
        await four_eyes.check(session, request, product, caller=caller, second_person=named, besides=besides)
        return
    if await decision_sessions.is_chaired_by(session, body.session_id, caller):
        await four_eyes.check(session, request, product, caller=caller, second_person=named)
    away = await four_eyes.without_vote(session, request, product)
    on, given = body.ratified_on, body.ratified
    await decision_sessions.ratified(session, body.session_id, decision, on=on, given=given, away=away)


async def check_minutes(session: AsyncSession, decision: Decision) -> None:
    """Raises MinutesNotClosed where the session that decided, or ratified, has not closed its minutes."""
    ratification = await of_decision(session, decision)
    if await decision_sessions.are_minutes_open(session, decision, ratification):
        raise MinutesNotClosed


async def of_decision(session: AsyncSession, decision: Decision) -> Ratification | None:
    """What the session answered on a decision; null where it has not, or nothing is asked of it."""
    if not decision.provisional:
        return None
    statement = select(Ratification).where(
        of_tenant(session, Ratification), col(Ratification.decision_id) == decision.id
    )
    return (await session.scalars(statement)).one_or_none()


async def check_may_ratify(session: AsyncSession, request: Request, *, caller: Caller) -> None:
    """Raises FourEyes where the caller cannot ratify, outside a session, what waits for it."""
    last = (
        select(Decision)
        .where(of_tenant(session, Decision), col(Decision.request_id) == request.id, col(Decision.provisional))
        .order_by(col(Decision.number).desc())
        .limit(1)
    )
    decision = (await session.scalars(last)).one()
    _, product = await rules.decided(session, decision, request)
    await four_eyes.asks_second_person(session, request, product, caller=caller, besides=decision.account_id)


def read(ratification: Ratification) -> RatificationRead:
    """The answer as it is told."""
    return RatificationRead.model_validate(ratification, from_attributes=True)

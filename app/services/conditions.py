"""Conditions precedent of a decision: each met on a day, all of them before the contract or the lender."""

from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.dates import check_day
from app.domain.decision_errors import ConditionAlreadyMet, ConditionsNotMet, NoSuchCondition
from app.domain.envelopes import HOLDING
from app.domain.errors import IllegalTransition
from app.domain.permissions import Caller
from app.schemas.conditions import ConditionMetCreate, ConditionRead
from app.services import decision_steps, rectifications
from app.services import request_steps as steps
from app.tables import ConditionMet, Decision
from app.tenancy import of_tenant


async def meet(
    session: AsyncSession, decision_id: UUID, number: int, *, caller: Caller, today: date, body: ConditionMetCreate
) -> ConditionRead:
    """Notes that a condition was met. Raises NotFound, DecisionNoLongerStands, IllegalTransition, NoSuchCondition,
    ConditionAlreadyMet, DateInFuture, DateOutOfOrder.
    """
    decision = await decision_steps.load(session, decision_id)
    request = await steps.locked(session, decision.request_id)
    await rectifications.check_standing(session, decision)
    if request.status not in HOLDING:
        raise IllegalTransition(action="meet_condition", state=request.status.value)
    if number > len(decision.conditions):
        raise NoSuchCondition(number=number)
    if number in await met(session, decision):
        raise ConditionAlreadyMet
    check_day("met_on", body.met_on, not_before=decision.decided_on, today=today)
    session.add(
        ConditionMet(
            tenant_id=decision.tenant_id,
            request_id=decision.request_id,
            decision_id=decision.id,
            number=number,
            met_on=body.met_on,
            account_id=caller.account_id,
        )
    )
    return ConditionRead(number=number, text=decision.conditions[number - 1], met_on=body.met_on)


async def met(session: AsyncSession, decision: Decision) -> dict[int, date]:
    """The day on which each condition that is met was, by its number."""
    if not decision.conditions:
        return {}
    statement = select(ConditionMet).where(
        of_tenant(session, ConditionMet), col(ConditionMet.decision_id) == decision.id
    )
    return {row.number: row.met_on for row in await session.scalars(statement)}


async def check_met(session: AsyncSession, decision: Decision) -> date:
    """The day from which the conditions of a decision leave the way free. Raises ConditionsNotMet, naming them."""
    days = await met(session, decision)
    lacking = [number for number in range(1, len(decision.conditions) + 1) if number not in days]
    if lacking:
        raise ConditionsNotMet(conditions=lacking)
    return max([decision.decided_on, *days.values()])

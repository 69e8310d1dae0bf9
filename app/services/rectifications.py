"""Rectifications: what corrects, withdraws or abrogates a decision, which stays as it was taken."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.dates import check_day
from app.domain.decisions import REFUSES
from app.domain.errors import FieldFault, Invalid
from app.domain.permissions import Caller
from app.domain.rectification_errors import DecidedNotWritten, DecisionNoLongerStands, LaterDecision
from app.domain.rectifications import DECIDED, ENDING, corrected
from app.domain.request_lifecycle import after
from app.parameters.codes import reasons_for
from app.schemas.rectifications import RectificationCreate, RectificationList, RectificationRead
from app.services import decision_steps, handoff_steps, other_answers
from app.services import request_steps as steps
from app.tables import Decision, Rectification, Request
from app.tenancy import of_tenant


async def create(
    session: AsyncSession, decision_id: UUID, *, caller: Caller, today: date, body: RectificationCreate
) -> RectificationRead:
    """Corrects what a decision says, or ends it: the file then goes back to the commission, and lenders lose it.

    Raises NotFound, DecisionNoLongerStands, DecidedNotWritten, LaterDecision, IllegalTransition, LoanInTheWay, Invalid,
    DateInFuture, DateOutOfOrder.
    """
    decision = await decision_steps.load(session, decision_id)
    request = await steps.locked(session, decision.request_id)
    await check_standing(session, decision)
    check_day("rectified_on", body.rectified_on, not_before=decision.decided_on, today=today)
    corrections = body.corrections.told()
    _check_corrections(decision, corrections)
    rectification = Rectification(
        tenant_id=decision.tenant_id,
        decision_id=decision.id,
        account_id=caller.account_id,
        corrections=corrections,
        **body.model_dump(exclude={"corrections"}),
    )
    if body.kind in ENDING:
        await _end(session, decision, request, rectification, caller=caller, today=today)
    session.add(rectification)  # once whole: history is never updated
    return RectificationRead.model_validate(rectification)


async def list_all(session: AsyncSession, decision_id: UUID) -> RectificationList:
    """The rectifications of a decision. Raises NotFound."""
    decision = await decision_steps.load(session, decision_id)
    return RectificationList(items=await of_decision(session, decision), next_cursor=None)


async def of_decision(session: AsyncSession, decision: Decision) -> list[RectificationRead]:
    """The rectifications of a decision, the oldest first."""
    return [RectificationRead.model_validate(row) for row in await _rows(session, decision)]


async def stands(session: AsyncSession, decision: Decision) -> bool:
    """Whether the decision was neither withdrawn nor abrogated."""
    return all(row.kind not in ENDING for row in await _rows(session, decision))


async def check_standing(session: AsyncSession, decision: Decision) -> None:
    """Raises DecisionNoLongerStands for a decision that was withdrawn or abrogated."""
    if not await stands(session, decision):
        raise DecisionNoLongerStands


async def as_corrected(session: AsyncSession, decision: Decision) -> dict[str, Any]:
    """What the decision says, its corrections read into it."""
    return corrected(decision.model_dump(), [row.corrections for row in await _rows(session, decision)])


async def last_decision(session: AsyncSession, request_id: UUID) -> Decision | None:
    """The last decision on a request, whether it stands or not."""
    statement = (
        select(Decision)
        .where(of_tenant(session, Decision), col(Decision.request_id) == request_id)
        .order_by(col(Decision.number).desc())
        .limit(1)
    )
    return (await session.scalars(statement)).one_or_none()


async def _rows(session: AsyncSession, decision: Decision) -> Sequence[Rectification]:
    statement = (
        select(Rectification)
        .where(of_tenant(session, Rectification), col(Rectification.decision_id) == decision.id)
        .order_by(col(Rectification.id))
    )
    return (await session.scalars(statement)).all()


def _check_corrections(decision: Decision, corrections: dict[str, Any]) -> None:
    decided = [name for name in DECIDED if name in corrections]
    if decided:
        raise DecidedNotWritten(corrected=decided)
    fitting = reasons_for("refuse" if decision.outcome in REFUSES else decision.outcome)
    if "reason_code" in corrections and corrections["reason_code"] not in fitting:
        raise Invalid(FieldFault("/body/corrections/reason_code", "reason_does_not_fit", {}))


async def _end(
    session: AsyncSession,
    decision: Decision,
    request: Request,
    rectification: Rectification,
    *,
    caller: Caller,
    today: date,
) -> None:
    """Sends the file back to the commission; the other answer that a refusal gave goes with what is withdrawn."""
    action, on = ENDING[rectification.kind], rectification.rectified_on
    if await _decided_since(session, decision):
        raise LaterDecision
    after(request.status, action)
    await steps.check_no_live_loan(session, request)
    check_day("rectified_on", on, not_before=await handoff_steps.last_act_on(session, request), today=today)
    await handoff_steps.withdraw_all(session, request, caller=caller, effect_on=on)
    answer = other_answers.told(request)
    rectification.other_answer = answer.model_dump(mode="json") if answer else None
    steps.move(session, request, action, caller=caller, effect_on=on)
    other_answers.forget(request)


async def _decided_since(session: AsyncSession, decision: Decision) -> bool:
    statement = select(func.max(col(Decision.number))).where(
        of_tenant(session, Decision), col(Decision.request_id) == decision.request_id
    )
    return (await session.scalars(statement)).one() > decision.number

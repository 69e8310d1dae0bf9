"""The versions of a schedule that have been in force, and the cancelling of the last change."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.errors import NotFound
from app.domain.loan_decisions import LoanDecisionKind
from app.domain.loan_lifecycle import LoanAction, after
from app.domain.permissions import Caller
from app.domain.schedule_changes import standing
from app.domain.schedule_errors import ChangeAlreadyCancelled, NoScheduleChange, NotCancelledHere, NotLastChange
from app.domain.schedule_kinds import ScheduleKind
from app.schemas.loan_decisions import LoanDecisionRead
from app.schemas.schedule_changes import ScheduleCancellationCreate, ScheduleChangeList, ScheduleChangeRead
from app.services import loan_decisions, loan_steps, schedule_versions, schedules
from app.tables import Loan, LoanDecision, ScheduleRow
from app.tenancy import of_tenant


async def list_all(session: AsyncSession, loan_id: UUID) -> ScheduleChangeList:
    """All of them, in the order in which they came into force. Raises NotFound."""
    loan = await loan_steps.load(session, loan_id)
    return ScheduleChangeList(items=await _read(session, loan), next_cursor=None)


async def last(session: AsyncSession, loan: Loan) -> ScheduleChangeRead:
    """The last of them."""
    return (await _read(session, loan))[-1]


async def cancel(
    session: AsyncSession, loan_id: UUID, version: int, *, caller: Caller, today: date, body: ScheduleCancellationCreate
) -> ScheduleChangeRead:
    """Undoes the change that made a version, if it is the last: the one before is in force again, from the same day.

    Raises NotFound, PartnerLends, IllegalTransition, NoScheduleChange, ChangeAlreadyCancelled, NotLastChange,
    NotCancelledHere, DateOutOfOrder, DateInFuture.
    """
    loan = await loan_steps.locked_own(session, loan_id)
    after(loan.stage, LoanAction.CANCEL_CHANGE)
    activations = (await schedules.timeline(session, loan)).activations
    activated = [schedule.version for _, schedule in activations]
    _check_last(activated, version)
    if activations[-1][1].kind in (ScheduleKind.PLAN, ScheduleKind.WITHDRAWAL):
        raise NotCancelledHere
    kind = LoanDecisionKind.CANCELLATION
    decision = await loan_decisions.record(session, loan, kind, body.decision, caller=caller, today=today)
    effective_on = activations[-1][0].effective_on or body.decision.decided_on
    loan_steps.move(session, loan, LoanAction.CANCEL_CHANGE, caller=caller, effect_on=effective_on)
    await schedule_versions.restore(session, loan, decision=decision, caller=caller)
    return await last(session, loan)


async def check_cancellable(session: AsyncSession, loan: Loan) -> None:
    """Raises NoScheduleChange where the contract's schedule is in force."""
    activations = (await schedules.timeline(session, loan)).activations
    if len(standing([schedule.version for _, schedule in activations])) == 1:
        raise NoScheduleChange


async def standing_ids(session: AsyncSession, loan: Loan) -> list[UUID]:
    """The versions that hold one upon the other, that in force last: those of changes that were not cancelled."""
    activations = (await schedules.timeline(session, loan)).activations
    ids = {schedule.version: schedule.id for _, schedule in activations}
    return [ids[version] for version in standing([schedule.version for _, schedule in activations])]


def _check_last(activated: Sequence[int], version: int) -> None:
    if version not in activated:
        raise NotFound
    held = standing(activated)
    if version not in held:
        raise ChangeAlreadyCancelled(version=version)
    if version != held[-1]:
        raise NotLastChange(version=held[-1])
    if len(held) == 1:
        raise NoScheduleChange


async def _read(session: AsyncSession, loan: Loan) -> list[ScheduleChangeRead]:
    activations = (await schedules.timeline(session, loan)).activations
    decisions = await _decisions(session, loan)
    spans = await _spans(session, [schedule.id for _, schedule in activations])
    items: list[ScheduleChangeRead] = []
    for place, (activation, schedule) in enumerate(activations):
        earlier = [item.version for item in items]
        early_cents = sum(part["interest_cents"] for part in schedule.prepayments)
        rows_cents, first_due_on, last_due_on = spans.get(schedule.id, (0, None, None))
        interest_cents = rows_cents + early_cents
        items.append(
            ScheduleChangeRead(
                id=activation.id,
                loan_id=loan.id,
                version=schedule.version,
                kind=schedule.kind,
                effective_on=activation.effective_on,
                # A lender's later version is put in force again after one that it told late.
                cancels_version=earlier[-1] if schedule.version in earlier and loan.partner_id is None else None,
                decision=decisions.get(activation.decision_id),
                interest_cents=interest_cents,
                cost_cents=interest_cents - items[-1].interest_cents if items else 0,
                first_due_on=first_due_on,
                last_due_on=last_due_on,
                is_in_force=place == len(activations) - 1,
                entered_at=activation.entered_at,
            )
        )
    return items


async def _decisions(session: AsyncSession, loan: Loan) -> dict[UUID | None, LoanDecisionRead]:
    statement = select(LoanDecision).where(of_tenant(session, LoanDecision), col(LoanDecision.loan_id) == loan.id)
    return {one.id: LoanDecisionRead.model_validate(one) for one in await session.scalars(statement)}


async def _spans(session: AsyncSession, schedule_ids: Sequence[UUID]) -> dict[UUID, tuple[int, Any, Any]]:
    """The interest of the rows of each version, in cents, and their first and last due dates."""
    statement = (
        select(
            col(ScheduleRow.schedule_id),
            func.sum(ScheduleRow.interest_cents),
            func.min(ScheduleRow.due_on),
            func.max(ScheduleRow.due_on),
        )
        .where(of_tenant(session, ScheduleRow), col(ScheduleRow.schedule_id).in_(schedule_ids))
        .group_by(col(ScheduleRow.schedule_id))
    )
    return {id_: (int(cents), first, last_) for id_, cents, first, last_ in await session.execute(statement)}

"""Over-indebtedness (surendettement) of the borrower of a loan of the CCAS's own funds."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import over_indebtedness as domain
from app.domain.amortization import ImpossiblePlan
from app.domain.dates import check_order
from app.domain.loan_decisions import LoanDecisionKind
from app.domain.loan_lifecycle import LoanAction, after
from app.domain.over_indebtedness import ProcedureEvent, ProcedureEventKind
from app.domain.over_indebtedness_errors import PlanTooSoon
from app.domain.permissions import Caller
from app.domain.rescheduling import reschedule
from app.domain.schedule_kinds import ScheduleKind
from app.schemas.over_indebtedness import ProcedureEventCreate, ProcedureEventList, ProcedureEventRead, ProcedurePlan
from app.services import loan_decisions, loan_steps, running_schedules, schedule_versions, suspensions
from app.tables import Loan, LoanDecision, ProcedureEventRow, Schedule
from app.tenancy import of_tenant


async def create(
    session: AsyncSession, loan_id: UUID, *, caller: Caller, today: date, body: ProcedureEventCreate
) -> ProcedureEventRead:
    """Records what happened in the procedure, and what it does to the schedule.

    Raises NotFound, PartnerLends, IllegalTransition, ProcedureOutOfOrder, SuspensionTooLong, PlanTooLong, PlanTooSoon,
    ImpossibleSchedule, DateOutOfOrder, DateInFuture.
    """
    loan = await loan_steps.locked_own(session, loan_id)
    after(loan.stage, LoanAction.RECORD_PROCEDURE)
    earlier = await suspensions.rows(session, loan.id)
    events, on = suspensions.events(earlier), body.decision.decided_on
    if events:
        check_order("decided_on", on, not_before=events[-1].on)
    if body.until is not None:
        check_order("until", body.until, not_before=on)
    domain.check_follows(events, ProcedureEvent(body.kind, on, body.until))
    kind = LoanDecisionKind.OVER_INDEBTEDNESS
    decision = await loan_decisions.record(session, loan, kind, body.decision, caller=caller, today=today)
    schedule = await _schedule(session, loan, earlier, body, decision=decision, caller=caller)
    row = ProcedureEventRow(
        tenant_id=loan.tenant_id,
        loan_id=loan.id,
        kind=body.kind,
        effect_on=on,
        until=body.until,
        decision_id=decision.id,
        schedule_id=schedule.id if schedule else None,
        account_id=caller.account_id,
    )
    session.add(row)
    loan.version += 1
    return _read(row, decision, schedule)


async def list_all(session: AsyncSession, loan_id: UUID) -> ProcedureEventList:
    """Those of one loan, the oldest first. Raises NotFound."""
    loan = await loan_steps.load(session, loan_id)
    statement = (
        select(ProcedureEventRow, LoanDecision, Schedule)
        .join(
            LoanDecision,
            and_(of_tenant(session, LoanDecision), col(LoanDecision.id) == ProcedureEventRow.decision_id),
        )
        .outerjoin(Schedule, and_(of_tenant(session, Schedule), col(Schedule.id) == ProcedureEventRow.schedule_id))
        .where(of_tenant(session, ProcedureEventRow), col(ProcedureEventRow.loan_id) == loan.id)
        .order_by(col(ProcedureEventRow.id))
    )
    items = [_read(*found) for found in await session.execute(statement)]
    return ProcedureEventList(items=items, next_cursor=None)


async def _schedule(
    session: AsyncSession,
    loan: Loan,
    earlier: Sequence[ProcedureEventRow],
    body: ProcedureEventCreate,
    *,
    decision: LoanDecision,
    caller: Caller,
) -> Schedule | None:
    """The version of the schedule that the event puts in force; null where it stays as it is."""
    if body.kind is ProcedureEventKind.LAPSED:
        replaced = _first_plan(earlier)
        if replaced is None:
            return None
        return await schedule_versions.revive(
            session, loan, replaced, on=decision.decided_on, decision=decision, caller=caller
        )
    if body.plan is None:
        return None
    if body.until is not None and body.plan.first_due_on <= body.until:
        raise PlanTooSoon(field="plan.first_due_on", until=body.until.isoformat())
    return await _plan(session, loan, suspensions.events(earlier), body.plan, decision=decision, caller=caller)


async def _plan(
    session: AsyncSession,
    loan: Loan,
    events: Sequence[ProcedureEvent],
    plan: ProcedurePlan,
    *,
    decision: LoanDecision,
    caller: Caller,
) -> Schedule:
    """What is left to pay, over the rows of the plan. What was erased of the debt by then is not spread."""
    on = decision.decided_on
    running = await running_schedules.read(session, loan, on=on)
    try:
        found = reschedule(running.version, on=on, paid_cents=running.settled_cents, **plan.model_dump())
    except ImpossiblePlan as fault:
        raise running_schedules.impossible(fault) from None
    domain.check_plan(events, on=on, last_due_on=found.last_due_on)
    return await schedule_versions.replace(
        session, loan, ScheduleKind.PLAN, found.version, decision=decision, caller=caller
    )


def _first_plan(rows: Sequence[ProcedureEventRow]) -> UUID | None:
    """The first version that the measures in force gave: the rights of the creditor are those from before it."""
    first: UUID | None = None
    for row in rows:
        first = None if row.kind is ProcedureEventKind.LAPSED else first or row.schedule_id
    return first


def _read(row: ProcedureEventRow, decision: LoanDecision, schedule: Schedule | None) -> ProcedureEventRead:
    return ProcedureEventRead(
        id=row.id,
        kind=row.kind,
        decided_on=decision.decided_on,
        decided_by=decision.decided_by,
        reference=decision.reference,
        until=row.until,
        schedule_version=schedule.version if schedule else None,
        entered_at=row.entered_at,
    )

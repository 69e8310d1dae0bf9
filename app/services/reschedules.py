"""Reschedulings (réaménagements) of loans of the CCAS's own funds."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain import rescheduling
from app.domain.amortization import RemainderOn
from app.domain.dates import check_order
from app.domain.errors import RuleNotStated
from app.domain.loan_decisions import LoanDecisionKind
from app.domain.loan_lifecycle import LoanAction, after
from app.domain.permissions import Caller
from app.domain.rescheduling import Rescheduling
from app.domain.schedule_changes import refusals_named
from app.schemas.reschedules import RescheduleCreate, RescheduleTerms
from app.schemas.schedule_changes import ScheduleChangeRead
from app.services import loan_states, loan_steps, schedule_changes, schedule_plans
from app.services.schedule_plans import Footing
from app.tables import Loan


async def create(
    session: AsyncSession, loan_id: UUID, *, caller: Caller, today: date, body: RescheduleCreate
) -> ScheduleChangeRead:
    """Spreads what is owed over other instalments, from a day on.

    Raises PartnerLends, IllegalTransition, PartNotPaidOut, ScheduleReplaced, NotAgreedInSession, RuleNotStated,
    ImpossibleSchedule, NothingOwed, DateOutOfOrder, DateInFuture.
    """
    loan = await loan_steps.locked_own(session, loan_id)
    after(loan.stage, LoanAction.RESCHEDULE)
    await schedule_plans.check_paid_out(session, loan)
    await loan_states.check_owed(session, loan, on=today)
    on = body.on or body.decision.decided_on
    footing = await schedule_plans.footing(session, loan, on=on, today=today, seen_version=body.schedule_version)
    planned = await plan(session, loan, footing, body, on=on)
    kind = LoanDecisionKind.RESCHEDULE
    decision = await schedule_plans.decide(session, loan, kind, body.decision, caller=caller, today=today)
    await schedule_plans.change(session, loan, LoanAction.RESCHEDULE, planned.version, decision=decision, caller=caller)
    return await schedule_changes.last(session, loan)


async def plan(
    session: AsyncSession, loan: Loan, footing: Footing, terms: RescheduleTerms, *, on: date
) -> Rescheduling:
    """What the terms would give from a day on, rounded as the rules of the loan say.

    Raises RuleNotStated, ImpossibleSchedule, NothingOwed, DateOutOfOrder.
    """
    check_order("first_due_on", terms.first_due_on, not_before=on)
    _, product = await loan_steps.rules_of(session, loan)
    rounding = product.rounding
    if rounding is None:
        raise RuleNotStated(path="rounding")
    last = RemainderOn.LAST in rounding.remainder_on
    with refusals_named(on):
        return rescheduling.reschedule(
            footing.version,
            on=on,
            paid_cents=footing.paid_cents,
            first_due_on=terms.first_due_on,
            anchor_day=terms.anchor_day,
            duration_months=terms.duration_months,
            instalment_cents=terms.instalment_cents,
            rate_percent=terms.rate_percent,
            rounding_unit_cents=rounding.unit_cents,
            rounding=rounding.mode,
            remainder_on=RemainderOn.LAST if last else rounding.remainder_on[0],
        )

"""The part of a loan of the CCAS's own funds that will never be paid out."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.amortization import ImpossiblePlan
from app.domain.disbursement_errors import PaidOutWhole
from app.domain.loan_decisions import LoanDecisionKind
from app.domain.loan_lifecycle import LoanAction, after
from app.domain.permissions import Caller
from app.domain.schedule_kinds import ScheduleKind
from app.domain.undrawn import over_paid_out
from app.schemas.loans import LoanRead
from app.schemas.undrawn import UndrawnCreate
from app.services import loan_decisions, loan_states, loan_steps, running_schedules, schedule_versions
from app.tables import Loan


async def create(session: AsyncSession, loan_id: UUID, *, caller: Caller, today: date, body: UndrawnCreate) -> LoanRead:
    """Gives the loan a schedule over what was paid out; no more of it is paid out from then on.

    Raises NotFound, PartnerLends, IllegalTransition, NothingPaidOut, PaidOutWhole, ImpossibleSchedule, DateOutOfOrder,
    DateInFuture.
    """
    loan = await loan_steps.locked_own(session, loan_id)
    after(loan.stage, LoanAction.GIVE_UP_UNDRAWN)
    kind = LoanDecisionKind.UNDRAWN
    decision = await loan_decisions.record(session, loan, kind, body.decision, caller=caller, today=today)
    on = decision.decided_on
    running = await check_undrawn(session, loan, on=on)
    try:
        version = over_paid_out(
            running.version,
            on=on,
            drawn_cents=running.drawn_cents,
            paid_cents=running.settled_cents,
            duration_months=body.duration_months,
            instalment_cents=body.instalment_cents,
        )
    except ImpossiblePlan as fault:
        raise running_schedules.impossible(fault) from None
    kind_of_version = ScheduleKind.UNDRAWN
    await schedule_versions.replace(session, loan, kind_of_version, version, decision=decision, caller=caller)
    return await loan_states.read(session, loan.id, as_of=today)


async def check_undrawn(session: AsyncSession, loan: Loan, *, on: date) -> running_schedules.Running:
    """The schedule that asks for more than was paid out. Raises NothingPaidOut, PaidOutWhole."""
    running = await running_schedules.read(session, loan, on=on)
    if running.drawn_cents >= running.version.principal_cents:
        raise PaidOutWhole
    return running

"""What a lender's reports make of our copy of its loan: its stage, its schedules, its ledger.

Nothing here depends on the order in which facts are told: each time, all that is known is laid out anew by the days of
their effect, and what is missing of it is added.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import loan_lifecycle
from app.domain.ledger import EntryKind
from app.domain.lender_reports import ReportKind
from app.domain.loan_lifecycle import LoanAction, LoanStage, Step
from app.domain.permissions import Caller
from app.services import (
    events,
    lender_losses,
    lender_reversals,
    lender_versions,
    loan_histories,
    loan_states,
    loan_steps,
    running_schedules,
)
from app.tables import LedgerEntry, LenderReport, Loan, LoanTransition
from app.tenancy import of_tenant

_IN_FORCE = (LoanStage.DISBURSED, LoanStage.LITIGATION)


async def start(session: AsyncSession, loan: Loan, *, caller: Caller) -> None:
    """Starts a partner's loan that all have signed and that was paid out, whichever was told first; what the partner
    has already reported of it takes its effect.
    """
    if loan.partner_id is None:
        return
    paid_on = await _paid_on(session, loan)
    if not paid_on:
        return
    if loan.stage in (LoanStage.ACCEPTED, *_IN_FORCE):
        await session.flush()  # the acceptance may just have been logged
        accepted_on = await loan_states.reached_on(session, loan, LoanStage.ACCEPTED)
        first = min(paid_on)
        effect_on, started_on = max(first, accepted_on or first), await _started_on(session, loan)
        # A part that was paid before the others may be told after them.
        if started_on is None or effect_on < started_on:
            _move_to_paid(session, loan, effect_on=effect_on, caller=caller)
    await settle(session, loan, caller=caller)


async def settle(session: AsyncSession, loan: Loan, *, caller: Caller) -> None:
    """Gives the reports on a loan that is held their effect, once it was paid out."""
    await session.flush()  # one may just have been added
    reports = await of_loan(session, loan)
    if not reports:
        return
    await lender_reversals.settle(session, loan, caller=caller)
    lent_cents = sum(cents for _, cents in await running_schedules.parts(session, loan, on=date.max))
    versions = await lender_versions.told(session, loan)
    await _step(session, loan, versions, caller=caller)
    await lender_versions.lay(session, loan, versions if lent_cents else [], lent_cents=lent_cents, caller=caller)
    await lender_losses.settle(session, loan, reports, lent_cents=lent_cents, caller=caller)


async def of_loan(session: AsyncSession, loan: Loan) -> Sequence[LenderReport]:
    """What was reported of a loan, by the days of its effect."""
    statement = select(LenderReport).where(of_tenant(session, LenderReport), col(LenderReport.loan_id) == loan.id)
    return lender_versions.in_order((await session.scalars(statement)).all())


def _move_to_paid(session: AsyncSession, loan: Loan, *, effect_on: date, caller: Caller) -> None:
    if loan.stage is not LoanStage.LITIGATION:
        loan_steps.move(session, loan, LoanAction.DISBURSE, caller=caller, effect_on=effect_on)
        return
    # It started earlier than was known, and stands where it has come to since.
    step = Step(LoanAction.DISBURSE, LoanStage.DISBURSED, effect_on)
    _log(session, loan, step, LoanStage.ACCEPTED, caller=caller)


async def _paid_on(session: AsyncSession, loan: Loan) -> Sequence[date]:
    """The days of what was told to be paid out, also of what was taken back since."""
    statement = select(col(LedgerEntry.effect_on)).where(
        of_tenant(session, LedgerEntry),
        col(LedgerEntry.loan_id) == loan.id,
        col(LedgerEntry.kind) == EntryKind.DISBURSEMENT,
    )
    return (await session.scalars(statement)).all()


async def _started_on(session: AsyncSession, loan: Loan) -> date | None:
    statement = select(func.min(LoanTransition.effect_on)).where(
        of_tenant(session, LoanTransition),
        col(LoanTransition.loan_id) == loan.id,
        col(LoanTransition.action) == LoanAction.DISBURSE,
    )
    return (await session.scalars(statement)).one()


async def _step(session: AsyncSession, loan: Loan, versions: Sequence[LenderReport], *, caller: Caller) -> None:
    """Enters the steps that are missing for the loan to stand, on each day, where the lender has it."""
    started_on = await _started_on(session, loan)
    if loan.stage not in _IN_FORCE or started_on is None:
        return
    wanted, decisions = {started_on: LoanStage.DISBURSED}, {}
    for one in versions:
        # A loan that started earlier than was known was called due earlier, too.
        day = max(one.effect_on, started_on)
        wanted[day] = LoanStage.LITIGATION if one.kind is ReportKind.ACCELERATION else LoanStage.DISBURSED
        decisions[day] = one.decision_id
    missing = loan_lifecycle.missing_steps(await loan_histories.steps_of(session, loan), wanted)
    for from_stage, step in missing:
        _log(session, loan, step, from_stage, caller=caller, decision_id=decisions.get(step.effect_on))
    if missing:
        before, loan.stage = loan.stage, list(wanted.values())[-1]
        moved = loan.stage is not before
        events.of_loan(session, loan, (loan.stage if moved else missing[-1][1].action).value)


def _log(
    session: AsyncSession,
    loan: Loan,
    step: Step,
    from_stage: LoanStage,
    *,
    caller: Caller,
    decision_id: UUID | None = None,
) -> None:
    """Writes a step down that others may follow already."""
    loan.version += 1
    session.add(
        LoanTransition(
            tenant_id=loan.tenant_id,
            loan_id=loan.id,
            action=step.action,
            from_stage=from_stage,
            to_stage=step.to_stage,
            effect_on=step.effect_on,
            decision_id=decision_id,
            **caller.author,
        )
    )

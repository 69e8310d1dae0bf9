"""The borrower's withdrawal from a contract (rétractation)."""

from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.contract_errors import AlreadyWithdrawn, NoWithdrawalPeriod, WithdrawalOver
from app.domain.dates import check_day
from app.domain.errors import IllegalTransition
from app.domain.loan_decisions import LoanAuthority, LoanDecisionKind
from app.domain.loan_lifecycle import LoanAction, LoanStage, after
from app.domain.national_law import refund_deadline
from app.domain.permissions import Caller
from app.domain.schedule_kinds import ScheduleKind
from app.domain.withdrawals import owed_back
from app.parameters.law import national_law
from app.schemas.loan_decisions import LoanDecisionCreate
from app.schemas.loans import LoanRead
from app.schemas.withdrawals import LoanWithdrawalCreate
from app.services import (
    contracts,
    loan_decisions,
    loan_states,
    loan_steps,
    loans,
    running_schedules,
    schedule_versions,
)
from app.tables import Loan, LoanTransition, Withdrawal
from app.tenancy import of_tenant


async def create(
    session: AsyncSession, loan_id: UUID, *, caller: Caller, today: date, body: LoanWithdrawalCreate
) -> LoanRead:
    """Records that the borrower withdraws from an accepted contract.

    Before the payment the loan is cancelled; a contract that all had signed is rescinded, and its request approved
    again. After the payment the principal is owed back by a day that is told, and no instalment is due any more; a
    partner's rows are left as it told them.

    Raises IllegalTransition, AlreadyWithdrawn, NoWithdrawalPeriod, WithdrawalOver, DateOutOfOrder, DateInFuture.
    """
    loan = await loan_steps.locked(session, loan_id)
    accepted_on, until = await check_may_withdraw(session, loan)
    check_day("withdrawn_on", body.withdrawn_on, not_before=accepted_on, today=today)
    if body.withdrawn_on > until:
        raise WithdrawalOver(field="withdrawn_on", not_after=until.isoformat())
    check_day("received_on", body.received_on or body.withdrawn_on, not_before=body.withdrawn_on, today=today)
    session.add(
        Withdrawal(
            tenant_id=loan.tenant_id,
            loan_id=loan.id,
            account_id=caller.account_id,
            refund_due_on=_refund_due_on(loan, body.withdrawn_on),
            **body.model_dump(),
        )
    )
    # Sent while the last party signed or the money left, it takes effect after them.
    effect_on = max(body.withdrawn_on, await _last_step_on(session, loan))
    await loans.rescind(session, loan, caller=caller, effect_on=effect_on)
    due_on = _refund_due_on(loan, body.withdrawn_on)
    loan_steps.move(session, loan, LoanAction.WITHDRAW, caller=caller, effect_on=effect_on)
    if due_on is not None and loan.partner_id is None:
        await _owe_back(session, loan, on=effect_on, due_on=due_on, caller=caller, today=today)
    return await loan_states.read(session, loan.id, as_of=today)


async def check_may_withdraw(session: AsyncSession, loan: Loan) -> tuple[date, date]:
    """The day of acceptance and the last day to withdraw. Raises as `create` does where there is nothing to leave."""
    after(loan.stage, LoanAction.WITHDRAW)
    told = await loan_states.withdrawal(session, loan)
    if told is not None:
        raise AlreadyWithdrawn(withdrawn_on=told.withdrawn_on.isoformat())
    days = await contracts.calendar(session, loan, await loan_states.signatures(session, loan))
    if days.accepted_on is None:
        raise IllegalTransition(action=LoanAction.WITHDRAW.value, state=loan.stage.value)
    if days.withdrawal_until is None:
        raise NoWithdrawalPeriod
    return days.accepted_on, days.withdrawal_until


async def _owe_back(session: AsyncSession, loan: Loan, *, on: date, due_on: date, caller: Caller, today: date) -> None:
    """Replaces the instalments by the principal that stands paid out, where any does."""
    parts = await running_schedules.parts(session, loan, on=today)
    if not parts:
        return
    told = LoanDecisionCreate(decided_on=on, decided_by=LoanAuthority.BORROWER)
    kind = LoanDecisionKind.WITHDRAWAL
    decision = await loan_decisions.record(session, loan, kind, told, caller=caller, today=today)
    version = owed_back(parts, rate_percent=loan.rate_percent, on=on, due_on=due_on)
    await schedule_versions.replace(session, loan, ScheduleKind.WITHDRAWAL, version, decision=decision, caller=caller)


def _refund_due_on(loan: Loan, withdrawn_on: date) -> date | None:
    if loan.stage is not LoanStage.DISBURSED:
        return None
    return refund_deadline(national_law(), withdrawn_on=withdrawn_on, offered_on=loan.offered_on)


async def _last_step_on(session: AsyncSession, loan: Loan) -> date:
    statement = select(func.max(col(LoanTransition.effect_on))).where(
        of_tenant(session, LoanTransition), col(LoanTransition.loan_id) == loan.id
    )
    return (await session.scalars(statement)).one()

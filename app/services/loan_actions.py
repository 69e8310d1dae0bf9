"""What a caller may do next with a loan, and why not the rest: the same guards as the acts themselves."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from functools import partial
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain import loan_lifecycle
from app.domain.loan_lifecycle import LoanAction
from app.domain.partner_errors import PartnerLends
from app.domain.permissions import Caller
from app.schemas.requests import ActionList
from app.services import (
    contracts,
    credit_refunds,
    disbursements,
    guarantee_claims,
    loan_states,
    loan_steps,
    loans,
    repayments,
    schedule_changes,
    schedule_plans,
    supports,
    suspensions,
    undrawn,
    withdrawals,
)
from app.services.possible_actions import listed, refusals
from app.tables import Loan

# Of a partner's loan, the partner tells.
OF_OWN_FUNDS = (
    *(LoanAction.DISBURSE, LoanAction.REPAY, LoanAction.REVERSE, LoanAction.OPEN_LITIGATION, LoanAction.END_LITIGATION),
    *(LoanAction.WRITE_OFF, LoanAction.DISCHARGE, LoanAction.REMIT),
    *(LoanAction.DEFER, LoanAction.RESCHEDULE, LoanAction.REPAY_EARLY, LoanAction.CANCEL_CHANGE, LoanAction.SUPPORT),
    *(LoanAction.GIVE_UP_UNDRAWN, LoanAction.REFUND_CREDIT, LoanAction.RECORD_PROCEDURE),
)

# What the public accountant tells to have received is recorded wherever the loan stands.
RECORDED_EVER = LoanAction.REPAY

_LOAN_OPERATIONS: dict[str, str] = {
    LoanAction.SIGN: "loans_sign",
    LoanAction.DISBURSE: "disbursements_create",
    LoanAction.REPAY: "repayments_create",
    LoanAction.REVERSE: "repayments_reverse",
    LoanAction.OPEN_LITIGATION: "litigations_create",
    LoanAction.END_LITIGATION: "litigations_end",
    LoanAction.WRITE_OFF: "write_offs_create",
    LoanAction.DISCHARGE: "discharges_create",
    LoanAction.REMIT: "remissions_create",
    LoanAction.CANCEL: "loans_cancel",
    LoanAction.WITHDRAW: "withdrawals_create",
    LoanAction.DEFER: "deferrals_create",
    LoanAction.RESCHEDULE: "reschedules_create",
    LoanAction.REPAY_EARLY: "early_repayments_create",
    LoanAction.CANCEL_CHANGE: "schedule_changes_cancel",
    LoanAction.SUPPORT: "supports_create",
    LoanAction.GIVE_UP_UNDRAWN: "undrawn_create",
    LoanAction.REFUND_CREDIT: "credit_refunds_create",
    LoanAction.RECORD_PROCEDURE: "over_indebtedness_create",
    LoanAction.CLAIM_GUARANTEE: "guarantee_claims_create",
}


async def of_loan(session: AsyncSession, loan_id: UUID, *, caller: Caller, today: date) -> ActionList:
    """Every action of a loan with the reasons against it: `role`, `state`, or the code of a refusal."""
    loan = await loan_steps.load(session, loan_id)
    obstacles: dict[str, list[str]] = {
        action: [] if action is RECORDED_EVER or (loan.stage, action) in loan_lifecycle.TRANSITIONS else ["state"]
        for action in LoanAction
        if action in _LOAN_OPERATIONS
    }
    if loan.partner_id is not None:
        obstacles |= {action: [PartnerLends.code] for action in OF_OWN_FUNDS if not obstacles[action]}
    for guarded, guard in _loan_guards(session, loan, today=today).items():
        if not obstacles[guarded]:
            obstacles[guarded] = await refusals(guard())
    return listed(caller, _LOAN_OPERATIONS, obstacles, await _days(session, loan))


def _loan_guards(session: AsyncSession, loan: Loan, *, today: date) -> dict[str, Callable[[], Awaitable[None]]]:
    """What must hold of a loan beyond its stage."""
    due = partial(loan_states.check_due, session, loan, on=today)
    owed = partial(loan_states.check_owed, session, loan, on=today)
    changed = partial(_checked_change, session, loan, on=today)
    return {
        LoanAction.REVERSE: partial(repayments.check_reversible, session, loan.id),
        LoanAction.DISBURSE: partial(disbursements.check_may_pay, session, loan, on=today),
        LoanAction.CANCEL: partial(loans.check_not_paid, session, loan),
        LoanAction.GIVE_UP_UNDRAWN: partial(_checked_undrawn, session, loan, on=today),
        LoanAction.REFUND_CREDIT: partial(credit_refunds.check_credit, session, loan, 1, on=today),
        LoanAction.WITHDRAW: partial(_checked_withdrawal, session, loan),
        LoanAction.WRITE_OFF: owed,
        LoanAction.DEFER: partial(_checked_deferral, session, loan, on=today),
        LoanAction.RESCHEDULE: changed,
        LoanAction.REPAY_EARLY: changed,
        LoanAction.CANCEL_CHANGE: partial(schedule_changes.check_cancellable, session, loan),
        LoanAction.SUPPORT: partial(supports.check_possible, session, loan, on=today),
        LoanAction.CLAIM_GUARANTEE: partial(guarantee_claims.check_any_claimable, session, loan),
        LoanAction.OPEN_LITIGATION: due,
        LoanAction.DISCHARGE: due,
        LoanAction.REMIT: due,
    }


async def _checked_deferral(session: AsyncSession, loan: Loan, *, on: date) -> None:
    await suspensions.check_not_suspended(session, loan, on=on)
    await _checked_change(session, loan, on=on)


async def _checked_change(session: AsyncSession, loan: Loan, *, on: date) -> None:
    await schedule_plans.check_paid_out(session, loan)
    await loan_states.check_owed(session, loan, on=on)


async def _checked_withdrawal(session: AsyncSession, loan: Loan) -> None:
    await withdrawals.check_may_withdraw(session, loan)


async def _checked_undrawn(session: AsyncSession, loan: Loan, *, on: date) -> None:
    await undrawn.check_undrawn(session, loan, on=on)


async def _days(session: AsyncSession, loan: Loan) -> Mapping[str, tuple[date | None, date | None]]:
    """The first and the last day of what the contract dates. A borrower signs until its last day."""
    contract = await contracts.calendar(session, loan, await loan_states.signatures(session, loan))
    possible = {
        LoanAction.SIGN: (loan.offered_on, loan.offer_valid_until),
        LoanAction.DISBURSE: (contract.earliest_release_on, None),
        LoanAction.WITHDRAW: (contract.accepted_on, contract.withdrawal_until),
    }
    return {action: days for action, days in possible.items() if (loan.stage, action) in loan_lifecycle.TRANSITIONS}

"""Loans in litigation (contentieux): opened and ended by the public accountant, who tells what is recovered."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.domain.dates import check_day, check_order
from app.domain.ending_errors import DecidedByAnother
from app.domain.ledger import EntryKind, RepaidBy, RepaymentSource
from app.domain.loan_decisions import LoanAuthority, LoanDecisionKind
from app.domain.loan_lifecycle import LoanAction, LoanStage, after
from app.domain.permissions import Caller
from app.schemas.litigations import LitigationCreate, LitigationEndCreate, LitigationList, LitigationRead
from app.schemas.loan_decisions import LoanDecisionCreate
from app.schemas.loans import LoanRead
from app.services import loan_decisions, loan_states, loan_steps
from app.tables import LedgerEntry, Loan, LoanTransition
from app.tenancy import of_tenant

# What the accountant does with the debt.
_STEPS = (LoanAction.OPEN_LITIGATION, LoanAction.END_LITIGATION)


async def create(
    session: AsyncSession, loan_id: UUID, *, caller: Caller, today: date, body: LitigationCreate
) -> LoanRead:
    """Notes that the public accountant took the loan to litigation, by a decision that is theirs.

    Raises PartnerLends, IllegalTransition, DecidedByAnother, NothingOwed, DateOutOfOrder, DateInFuture, NotFound.
    """
    loan = await loan_steps.locked_own(session, loan_id)
    disbursed_on = await loan_states.reached_on(session, loan, LoanStage.DISBURSED)
    after(loan.stage, LoanAction.OPEN_LITIGATION)
    steps = await _steps(session, loan)
    check_day("opened_on", body.opened_on, not_before=steps[-1].effect_on if steps else disbursed_on, today=today)
    await loan_states.check_due(session, loan, on=body.opened_on)
    theirs = LoanDecisionCreate(decided_on=body.opened_on, decided_by=LoanAuthority.ACCOUNTANT, reason=body.reason)
    told = body.decision or theirs
    if told.decided_by is not LoanAuthority.ACCOUNTANT:
        raise DecidedByAnother(field="decision.decided_by", authority=LoanAuthority.ACCOUNTANT.value)
    check_order("opened_on", body.opened_on, not_before=told.decided_on)
    decision = await loan_decisions.record(session, loan, LoanDecisionKind.LITIGATION, told, caller=caller, today=today)
    loan_steps.move(
        session,
        loan,
        LoanAction.OPEN_LITIGATION,
        caller=caller,
        effect_on=body.opened_on,
        reason=body.reason,
        decision_id=decision.id,
    )
    return await loan_states.read(session, loan.id, as_of=today)


async def end(
    session: AsyncSession, loan_id: UUID, *, caller: Caller, today: date, body: LitigationEndCreate
) -> LoanRead:
    """Notes that the public accountant took the debt back to amicable collection (recouvrement amiable).

    Raises PartnerLends, IllegalTransition, DateOutOfOrder, DateInFuture.
    """
    loan = await loan_steps.locked_own(session, loan_id)
    after(loan.stage, LoanAction.END_LITIGATION)
    opened_on = (await _steps(session, loan))[-1].effect_on
    check_day("ended_on", body.ended_on, not_before=opened_on, today=today)
    loan_steps.move(
        session, loan, LoanAction.END_LITIGATION, caller=caller, effect_on=body.ended_on, reason=body.reason
    )
    return await loan_states.read(session, loan.id, as_of=today)


async def list_all(session: AsyncSession, loan_id: UUID) -> LitigationList:
    """The times in litigation of one loan, oldest first. Raises NotFound."""
    loan = await loan_steps.load(session, loan_id)
    steps = await _steps(session, loan)
    received = await _received(session, loan)
    items = []
    for opened, ended in zip(steps[::2], [*steps[1::2], None], strict=False):
        ended_on = ended.effect_on if ended else None
        items.append(
            LitigationRead(
                opened_on=opened.effect_on,
                ended_on=ended_on,
                reason=opened.reason,
                decision_id=opened.decision_id,
                recovered_cents=sum(
                    cents for on, cents in received if opened.effect_on <= on and (ended_on is None or on < ended_on)
                ),
                entered_at=opened.entered_at,
            )
        )
    return LitigationList(items=items, next_cursor=None)


async def _steps(session: AsyncSession, loan: Loan) -> Sequence[LoanTransition]:
    """Opened, ended, opened again: each after the one before, in the order in which they were entered."""
    statement = (
        select(LoanTransition)
        .where(
            of_tenant(session, LoanTransition),
            col(LoanTransition.loan_id) == loan.id,
            col(LoanTransition.action).in_(_STEPS),
        )
        .order_by(col(LoanTransition.id))
    )
    return (await session.scalars(statement)).all()


async def _received(session: AsyncSession, loan: Loan) -> list[tuple[date, int]]:
    """What the accountant told that came from others than the CCAS and was not taken back: the day and the cents."""
    reversal = aliased(LedgerEntry)
    taken_back = exists().where(
        col(reversal.tenant_id) == LedgerEntry.tenant_id, col(reversal.reverses_id) == LedgerEntry.id
    )
    statement = select(col(LedgerEntry.effect_on), col(LedgerEntry.amount_cents)).where(
        of_tenant(session, LedgerEntry),
        col(LedgerEntry.loan_id) == loan.id,
        col(LedgerEntry.kind) == EntryKind.REPAYMENT,
        col(LedgerEntry.source) == RepaymentSource.PUBLIC_ACCOUNTANT,
        col(LedgerEntry.payer).is_distinct_from(RepaidBy.CCAS),
        ~taken_back,
    )
    return [(on, cents) for on, cents in await session.execute(statement)]

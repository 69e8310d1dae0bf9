"""Early repayments (remboursements anticipés): what a payment that the collector told does to the schedule."""

from dataclasses import asdict
from datetime import date
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import early_repayment
from app.domain.early_repayment import Choice
from app.domain.errors import NotFound, RuleNotStated
from app.domain.ledger import EntryKind
from app.domain.loan_decisions import LoanDecisionKind
from app.domain.loan_lifecycle import LoanAction, after
from app.domain.payoff import payoff
from app.domain.permissions import Caller
from app.domain.schedule_changes import beyond_due, refusals_named
from app.domain.schedule_errors import NothingBeyondDue, RepaymentAlreadyUsed, RepaymentTakenBack
from app.domain.schedule_versions import ScheduleVersion
from app.schemas.early_repayments import CoverRead, EarlyRepaymentCreate, EarlyRepaymentRead
from app.services import loan_states, loan_steps, schedule_changes, schedule_plans
from app.services.schedule_plans import Footing
from app.tables import EarlyRepayment, LedgerEntry, Loan, LoanDecision, Schedule
from app.tenancy import of_tenant


async def create(
    session: AsyncSession, loan_id: UUID, *, caller: Caller, today: date, body: EarlyRepaymentCreate
) -> EarlyRepaymentRead:
    """Makes of the part of a payment beyond what was due on its day what the borrower wants of it.

    Raises NotFound, PartnerLends, IllegalTransition, PartNotPaidOut, ScheduleReplaced, RepaymentTakenBack,
    RepaymentAlreadyUsed, NothingBeyondDue, NothingOwed, RuleNotStated, ImpossibleSchedule, DateOutOfOrder,
    DateInFuture.
    """
    loan = await loan_steps.locked_own(session, loan_id)
    after(loan.stage, LoanAction.REPAY_EARLY)
    await schedule_plans.check_paid_out(session, loan)
    await loan_states.check_not_lost(session, loan, on=today)
    repayment = await _repayment(session, loan, body.repayment_id)
    on = repayment.effect_on
    footing = await schedule_plans.footing(session, loan, on=on, today=today, seen_version=body.schedule_version)
    received, amount = footing.received_cents, repayment.amount_cents
    done, early = await plan(session, loan, footing, body.choice, on=on, received_cents=received, amount_cents=amount)
    kind = LoanDecisionKind.EARLY_REPAYMENT
    decision = await schedule_plans.decide(session, loan, kind, body.decision, caller=caller, today=today)
    schedule = None
    if done.version is not footing.version:
        schedule = await schedule_plans.change(
            session, loan, LoanAction.REPAY_EARLY, done.version, decision=decision, caller=caller
        )
    else:
        loan_steps.move(session, loan, LoanAction.REPAY_EARLY, caller=caller, effect_on=on)
    record = _record(loan, repayment, body.choice, early, decision, schedule)
    session.add(record)
    told = asdict(done)
    return EarlyRepaymentRead(
        id=record.id,
        loan_id=loan.id,
        repayment_id=repayment.id,
        choice=body.choice,
        on=on,
        amount_cents=early,
        **{name: told[name] for name in _FIGURES},
        covers=[CoverRead(**asdict(cover)) for cover in done.covers],
        change=await schedule_changes.last(session, loan) if schedule else None,
        entered_at=record.entered_at,
    )


_FIGURES = ("principal_cents", "interest_cents", "interest_saved_cents", "left_cents", "balance_cents")


async def plan(
    session: AsyncSession,
    loan: Loan,
    footing: Footing,
    choice: Choice,
    *,
    on: date,
    received_cents: int,
    amount_cents: int,
) -> tuple[early_repayment.EarlyRepayment, int]:
    """What a payment of a day would do, and the part of it, in cents, that comes early; what exceeds all that is owed
    stays a credit. ``received_cents`` counts the payment in.

    Raises NothingBeyondDue, RuleNotStated, ImpossibleSchedule, EarlyRepaymentLost.
    """
    _, product = await loan_steps.rules_of(session, loan)
    if product.rounding is None:
        raise RuleNotStated(path="rounding")
    with refusals_named(on):
        early = beyond_due(footing.version, on=on, paid_cents=received_cents, amount_cents=amount_cents)
        paid = received_cents - early
        taken = min(early, _most(footing.version, choice, on=on, paid_cents=paid))
        if taken < 1:
            raise NothingBeyondDue(on=on.isoformat())
        done = early_repayment.repay_early(
            footing.version,
            on=on,
            amount_cents=taken,
            choice=choice,
            paid_cents=paid,
            rounding_unit_cents=product.rounding.unit_cents,
            rounding=product.rounding.mode,
        )
    return done, taken


def _most(version: ScheduleVersion, choice: Choice, *, on: date, paid_cents: int) -> int:
    """What may come early at all: what settles; in advance, all the instalments to come with their interest."""
    if choice is Choice.ADVANCE:
        return version.principal_cents + version.interest_cents - paid_cents
    return payoff(version, on=on, paid_cents=paid_cents).amount_cents


async def _repayment(session: AsyncSession, loan: Loan, repayment_id: UUID) -> LedgerEntry:
    """The repayment, if it stands and has not changed the schedule in force. Raises NotFound, RepaymentTakenBack,
    RepaymentAlreadyUsed.
    """
    entry = await session.get(LedgerEntry, (loan.tenant_id, repayment_id))
    if entry is None or entry.loan_id != loan.id or entry.kind is not EntryKind.REPAYMENT:
        raise NotFound
    of_entry = of_tenant(session, LedgerEntry), col(LedgerEntry.reverses_id) == entry.id
    if (await session.scalars(select(exists().where(*of_entry)))).one():
        raise RepaymentTakenBack
    standing = await schedule_changes.standing_ids(session, loan)
    statement = (
        select(col(Schedule.version))
        .join(EarlyRepayment, col(EarlyRepayment.schedule_id) == Schedule.id)
        .where(
            of_tenant(session, EarlyRepayment),
            of_tenant(session, Schedule),
            col(EarlyRepayment.repayment_id) == entry.id,
            col(Schedule.id).in_(standing),
        )
    )
    version = (await session.scalars(statement.limit(1))).one_or_none()
    if version is not None:
        raise RepaymentAlreadyUsed(version=version)
    return entry


def _record(
    loan: Loan, repayment: LedgerEntry, choice: Choice, early: int, decision: LoanDecision, schedule: Schedule | None
) -> EarlyRepayment:
    return EarlyRepayment(
        tenant_id=loan.tenant_id,
        loan_id=loan.id,
        repayment_id=repayment.id,
        schedule_id=schedule.id if schedule else None,
        decision_id=decision.id,
        choice=choice,
        amount_cents=early,
    )

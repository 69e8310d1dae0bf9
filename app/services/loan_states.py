"""What a loan is on a day, put together from its contract, its log, its schedule and its ledger."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import books, interest_subsidies, loan_lifecycle
from app.domain.amortization import Instalment
from app.domain.books import Books
from app.domain.contracts import Calendar, LoanAnomaly, anomalies
from app.domain.errors import DateOutOfOrder, DueBeforePaid, NothingOwed, RuleNotStated
from app.domain.ledger import EntryKind, Fact, standing
from app.domain.loan_anomalies import of_repayments
from app.domain.loan_lifecycle import LoanStage, LoanStatus
from app.domain.products import Party
from app.schemas.loans import LoanRead, NextDue, SignatureRead
from app.schemas.withdrawals import LoanWithdrawalRead
from app.services import (
    contracts,
    lender_anomalies,
    lender_facts,
    liabilities,
    loan_books,
    loan_histories,
    loan_steps,
    positions,
    schedules,
    support_covers,
    suspensions,
)
from app.tables import Loan, LoanTransition, Request, Schedule, Signature, Withdrawal
from app.tenancy import of_tenant

PartOfLoan = TypeVar("PartOfLoan", Signature, LoanTransition, Withdrawal)

_PLAIN_FIELDS = (
    "id", "version", "reference", "request_id", "decision_id", "principal_cents", "rate_percent", "offered_on",
    "offer_valid_until", "legal_regime", "expected_disbursed_on", "former_reference", "entered_at",
)  # fmt: skip

_BALANCES = (
    "disbursed_cents", "outstanding_cents", "legally_due_cents", "repaid_cents", "credit_cents", "supported_cents",
    "written_off_cents", "discharged_cents", "remitted_cents", "recovered_cents",
)  # fmt: skip


async def read(session: AsyncSession, loan_id: UUID, *, as_of: date, known_at: datetime | None = None) -> LoanRead:
    """The loan at the end of a day, as known at an instant. Raises NotFound, DateOutOfOrder before the offer."""
    await session.flush()  # what was just entered is read back
    loan = await loan_steps.load(session, loan_id)
    if as_of < loan.offered_on:
        raise DateOutOfOrder(field="as_of", not_before=loan.offered_on.isoformat())
    schedule = await schedules.active(session, loan, on=as_of, known_at=known_at)
    slots = (await schedules.slots(session, [schedule]))[schedule.id]
    facts = await loan_books.facts(session, loan, known_at=known_at)
    state = books.books(facts, slots, on=as_of)
    stage = loan_lifecycle.stage_of_money(await stage_on(session, loan, as_of, known_at), state.disbursed_cents)
    signed = [signature for signature in await signatures(session, loan) if signature.signed_on <= as_of]
    position_on = await known_until(session, loan, known_at=known_at)
    is_suspended = await suspensions.is_suspended(session, loan, on=as_of, known_at=known_at)
    late = await support_covers.late(session, loan, state, facts, on=as_of, position_on=position_on, known_at=known_at)
    overdue_cents = 0 if is_suspended else sum(cents for _, cents in late)
    status = loan_lifecycle.status(
        stage,
        first_due_on=_first_due_on(state),
        outstanding_cents=state.outstanding_cents,
        overdue_cents=overdue_cents,
        is_suspended=is_suspended,
        on=as_of,
    )
    days = await contracts.calendar(session, loan, signed)
    return LoanRead(
        **{name: getattr(loan, name) for name in _PLAIN_FIELDS},
        **{name: getattr(state, name) for name in _BALANCES},
        as_of=as_of,
        known_at=known_at,
        status=status,
        suspended=is_suspended,
        liable=await liabilities.liable(session, loan, on=as_of),
        closing_reasons=await _closing_reasons(session, loan, as_of, known_at) if status is LoanStatus.CLOSED else [],
        overdue_cents=overdue_cents,
        position_on=position_on,
        next_due=_next_due(state),
        schedule_version=schedule.version,
        duration_months=len(state.rows),
        signatures=[SignatureRead.model_validate(signature) for signature in signed],
        awaiting_signature_of=await _awaited_on(session, loan, stage, signed),
        **asdict(days),
        withdrawal=await _withdrawal_on(session, loan, as_of, known_at),
        anomalies=await _anomalies(session, loan, facts, signed, state, stage, days, as_of=as_of),
        lender=await lender_facts.read(session, loan, slots, facts, state, as_of=as_of),
    )


async def _anomalies(
    session: AsyncSession,
    loan: Loan,
    facts: Sequence[Fact],
    signed: Sequence[Signature],
    state: Books,
    stage: LoanStage,
    days: Calendar,
    *,
    as_of: date,
) -> list[LoanAnomaly]:
    of_lender = await lender_anomalies.of_loan(
        session, loan, facts, signed, stage, first_due_on=_first_due_on(state), on=as_of
    )
    of_money = of_repayments(facts, state, stage, on=as_of)
    return [*anomalies(_paid_on(facts, as_of), days), *of_money, *of_lender]


async def known_until(session: AsyncSession, loan: Loan, *, known_at: datetime | None = None) -> date | None:
    """The day up to which who collects has told what was paid; null where nobody has yet."""
    if loan.partner_id is not None:
        return await lender_facts.position_on(session, loan)
    return await positions.latest(session, known_at=known_at)


async def borrower_rows(session: AsyncSession, loan: Loan) -> tuple[Schedule, tuple[Instalment, ...]]:
    """The schedule in force with its rows as the borrower pays them: what is owed, late and due is theirs."""
    schedule = await schedules.active(session, loan)
    rows, parts = await schedules.whole_rows(session, schedule)
    return schedule, interest_subsidies.borrower_rows(rows, parts)


async def signatures(session: AsyncSession, loan: Loan) -> Sequence[Signature]:
    """The signatures so far."""
    await session.flush()  # one may just have been added
    return (await session.scalars(_of_loan(session, Signature, loan).order_by("id"))).all()


async def withdrawal(session: AsyncSession, loan: Loan) -> Withdrawal | None:
    """The borrower's withdrawal, if there was one."""
    return (await session.scalars(_of_loan(session, Withdrawal, loan))).one_or_none()


async def _withdrawal_on(
    session: AsyncSession, loan: Loan, as_of: date, known_at: datetime | None
) -> LoanWithdrawalRead | None:
    told = await withdrawal(session, loan)
    if told is None or told.withdrawn_on > as_of or (known_at is not None and told.entered_at > known_at):
        return None
    return LoanWithdrawalRead.model_validate(told)


async def expected_parties(session: AsyncSession, loan: Loan) -> list[Party]:
    """Who signs: under the rules of the decision, or else as the lender's offer says. Raises RuleNotStated."""
    request = await session.get_one(Request, (loan.tenant_id, loan.request_id))
    told = tuple(Party(party) for party in loan.signed_by or ()) or None
    parties = told or (await loan_steps.rules_of(session, loan))[1].signed_by
    if parties is None:
        raise RuleNotStated(path="signed_by")
    co_borrower = [Party.CO_BORROWER] if request.co_applicant_id else []
    return [*parties, *co_borrower]


async def check_due_after(session: AsyncSession, loan: Loan, on: date) -> None:
    """Raises DueBeforePaid where the first instalment was due before a day: the loan would be late at birth."""
    _, rows = await borrower_rows(session, loan)
    if rows[0].due_on < on:
        raise DueBeforePaid(first_due_on=rows[0].due_on.isoformat())


async def check_owed(session: AsyncSession, loan: Loan, *, on: date) -> None:
    """Raises NothingOwed where the books held nothing of the loan on a day."""
    if (await loan_books.books(session, loan, on=on)).outstanding_cents == 0:
        raise NothingOwed(on=on.isoformat())


async def check_not_lost(session: AsyncSession, loan: Loan, *, on: date) -> None:
    """Raises NothingOwed where what the books held was lost, wholly or after what was repaid."""
    state = await loan_books.books(session, loan, on=on)
    lost = state.written_off_cents + state.discharged_cents + state.remitted_cents
    if lost and state.outstanding_cents == 0:
        raise NothingOwed(on=on.isoformat())


async def check_due(session: AsyncSession, loan: Loan, *, on: date) -> None:
    """Raises NothingOwed where nothing was legally due on a day, not even what the books no longer hold."""
    if (await loan_books.books(session, loan, on=on)).legally_due_cents == 0:
        raise NothingOwed(on=on.isoformat())


async def awaited_parties(session: AsyncSession, loan: Loan) -> list[Party]:
    """Who has still to sign."""
    return await _awaited_on(session, loan, loan.stage, await signatures(session, loan))


async def _awaited_on(session: AsyncSession, loan: Loan, stage: LoanStage, signed: Sequence[Signature]) -> list[Party]:
    if stage is not LoanStage.OFFERED:
        return []
    parties = {signature.party for signature in signed}
    return [party for party in await expected_parties(session, loan) if party not in parties]


async def reached_on(session: AsyncSession, loan: Loan, stage: LoanStage) -> date | None:
    """The date of effect at which the loan reached a stage, null if it has not."""
    statement = (
        _of_loan(session, LoanTransition, loan).where(col(LoanTransition.to_stage) == stage).order_by("id").limit(1)
    )
    transition = (await session.scalars(statement)).one_or_none()
    return transition.effect_on if transition else None


async def stage_on(session: AsyncSession, loan: Loan, as_of: date, known_at: datetime | None = None) -> LoanStage:
    """What had been done with the loan by the end of a day, as known at an instant."""
    statement = (
        _of_loan(session, LoanTransition, loan)
        .where(col(LoanTransition.effect_on) <= as_of)
        .order_by(col(LoanTransition.effect_on).desc(), col(LoanTransition.id).desc())
        .limit(1)
    )
    if known_at is not None:
        statement = statement.where(col(LoanTransition.entered_at) <= known_at)
    transition = (await session.scalars(statement)).one_or_none()
    return transition.to_stage if transition else LoanStage.OFFERED


async def _closing_reasons(
    session: AsyncSession, loan: Loan, as_of: date, known_at: datetime | None
) -> list[loan_lifecycle.ClosingReason]:
    return (await loan_histories.of_loan(session, loan, known_at=known_at)).closing_reasons(as_of)


def _paid_on(facts: Sequence[Fact], as_of: date) -> list[date]:
    return [fact.effect_on for fact in standing(facts, on=as_of) if fact.kind is EntryKind.DISBURSEMENT]


def _first_due_on(state: Books) -> date | None:
    return state.rows[0].due_on if state.rows else None


def _next_due(state: Books) -> NextDue | None:
    row = state.next_due()
    if row is None:
        return None
    return NextDue(number=row.number, ref=row.ref, due_on=row.due_on, amount_cents=row.left_cents)


def _of_loan(session: AsyncSession, table: type[PartOfLoan], loan: Loan) -> Select[PartOfLoan]:
    return select(table).where(of_tenant(session, table), col(table.loan_id) == loan.id)

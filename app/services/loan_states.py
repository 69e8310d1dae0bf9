"""What a loan is on a day, put together from its contract, its log, its schedule and its ledger."""

from collections.abc import Sequence
from datetime import date
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import ledger, loan_lifecycle
from app.domain.amortization import Instalment
from app.domain.errors import DateOutOfOrder, NotFound, RuleNotStated
from app.domain.ledger import Balances, Entry
from app.domain.loan_lifecycle import LoanStage, LoanStatus
from app.domain.rules import Party
from app.schemas.loans import LoanRead, NextDue, ScheduleRead, ScheduleRowRead, SignatureRead
from app.services import rules
from app.tables import (
    Decision,
    LedgerEntry,
    Loan,
    LoanTransition,
    Request,
    Schedule,
    ScheduleRow,
    Signature,
)
from app.tenancy import bound_tenant, of_tenant

PartOfLoan = TypeVar("PartOfLoan", Schedule, Signature, LoanTransition)

_PLAIN_FIELDS = (
    "id", "version", "reference", "request_id", "decision_id", "principal_cents", "rate_percent", "offered_on",
    "expected_disbursed_on", "entered_at",
)  # fmt: skip


async def load(session: AsyncSession, loan_id: UUID) -> Loan:
    """The row of a loan, or NotFound."""
    loan = await session.get(Loan, (bound_tenant(session), loan_id))
    if loan is None:
        raise NotFound
    return loan


async def read(session: AsyncSession, loan_id: UUID, *, as_of: date) -> LoanRead:
    """The loan at the end of a day. Raises NotFound, DateOutOfOrder for a day before the offer."""
    loan = await load(session, loan_id)
    if as_of < loan.offered_on:
        raise DateOutOfOrder(field="as_of", not_before=loan.offered_on.isoformat())
    schedule, rows = await last_schedule(session, loan)
    entries = await ledger_entries(session, loan)
    state = ledger.balances(entries, rows, on=as_of)
    stage = await _stage_on(session, loan, as_of)
    signed = await signatures(session, loan)
    late = loan_lifecycle.overdue_cents(rows, state.repaid_cents, as_of) if state.disbursed_cents else 0
    status = loan_lifecycle.status(stage, rows=rows, outstanding_cents=state.outstanding_cents, overdue=late, on=as_of)
    return LoanRead(
        **{name: getattr(loan, name) for name in _PLAIN_FIELDS},
        as_of=as_of,
        status=status,
        closing_reasons=_closing_reasons(status, stage, entries, rows, as_of),
        outstanding_cents=state.outstanding_cents,
        overdue_cents=late,
        repaid_cents=state.repaid_cents,
        credit_cents=state.credit_cents,
        next_due=_next_due(state, rows),
        schedule_version=schedule.version,
        duration_months=len(rows),
        signatures=[SignatureRead.model_validate(signature) for signature in signed],
        awaiting_signature_of=await awaited_parties(session, loan),
    )


async def read_schedule(session: AsyncSession, loan_id: UUID, *, version: int | None) -> ScheduleRead:
    """One version of the schedule, the last where none is named. Raises NotFound."""
    loan = await load(session, loan_id)
    schedule, rows = await last_schedule(session, loan, version=version)
    return ScheduleRead(
        loan_id=loan.id,
        version=schedule.version,
        rows=[ScheduleRowRead.model_validate(row) for row in rows],
    )


async def last_schedule(
    session: AsyncSession, loan: Loan, *, version: int | None = None
) -> tuple[Schedule, tuple[Instalment, ...]]:
    """The last schedule, or the version named, with its rows. Raises NotFound."""
    statement = _of_loan(session, Schedule, loan).order_by(col(Schedule.version).desc()).limit(1)
    if version is not None:
        statement = statement.where(col(Schedule.version) == version)
    schedule = (await session.scalars(statement)).one_or_none()
    if schedule is None:
        raise NotFound
    names = Instalment.__slots__
    rows = await session.execute(
        select(*(getattr(ScheduleRow, name) for name in names))
        .where(of_tenant(session, ScheduleRow), col(ScheduleRow.schedule_id) == schedule.id)
        .order_by(col(ScheduleRow.number))
    )
    return schedule, tuple(Instalment(**row) for row in rows.mappings())


async def ledger_entries(session: AsyncSession, loan: Loan) -> list[Entry]:
    """The entries of the loan, whatever their date of effect."""
    statement = select(
        col(LedgerEntry.id), col(LedgerEntry.kind), col(LedgerEntry.amount_cents), col(LedgerEntry.effect_on)
    ).where(of_tenant(session, LedgerEntry), col(LedgerEntry.loan_id) == loan.id)
    return [Entry(**row) for row in (await session.execute(statement)).mappings()]


async def signatures(session: AsyncSession, loan: Loan) -> Sequence[Signature]:
    """The signatures so far."""
    await session.flush()  # one may just have been added
    return (await session.scalars(_of_loan(session, Signature, loan).order_by("id"))).all()


async def expected_parties(session: AsyncSession, loan: Loan) -> list[Party]:
    """Who signs, under the rules of the decision. Raises RuleNotStated."""
    decision = await session.get_one(Decision, (loan.tenant_id, loan.decision_id))
    request = await session.get_one(Request, (loan.tenant_id, loan.request_id))
    version = await rules.by_id(session, decision.rule_version_id)
    parties = rules.product(version, request.product, on=decision.decided_on).signed_by
    if parties is None:
        raise RuleNotStated(path="signed_by")
    co_borrower = [Party.CO_BORROWER] if request.co_applicant_id else []
    return [*parties, *co_borrower]


async def awaited_parties(session: AsyncSession, loan: Loan) -> list[Party]:
    """Who has still to sign."""
    signed = {signature.party for signature in await signatures(session, loan)}
    return [party for party in await expected_parties(session, loan) if party not in signed]


async def reached_on(session: AsyncSession, loan: Loan, stage: LoanStage) -> date | None:
    """The date of effect at which the loan reached a stage, null if it has not."""
    statement = (
        _of_loan(session, LoanTransition, loan).where(col(LoanTransition.to_stage) == stage).order_by("id").limit(1)
    )
    transition = (await session.scalars(statement)).one_or_none()
    return transition.effect_on if transition else None


async def _stage_on(session: AsyncSession, loan: Loan, as_of: date) -> LoanStage:
    await session.flush()  # a step may just have been taken
    statement = (
        _of_loan(session, LoanTransition, loan)
        .where(col(LoanTransition.effect_on) <= as_of)
        .order_by(col(LoanTransition.effect_on).desc(), col(LoanTransition.id).desc())
        .limit(1)
    )
    return (await session.scalars(statement)).one().to_stage


def _closing_reasons(
    status: LoanStatus, stage: LoanStage, entries: list[Entry], rows: tuple[Instalment, ...], as_of: date
) -> list[loan_lifecycle.ClosingReason]:
    settled = ledger.settled_on(entries, rows, on=as_of) if status is LoanStatus.CLOSED else None
    if settled is None:
        return []
    return loan_lifecycle.closing_reasons(
        in_litigation=stage is LoanStage.LITIGATION, settled_on=settled, last_due_on=rows[-1].due_on
    )


def _next_due(state: Balances, rows: tuple[Instalment, ...]) -> NextDue | None:
    following = loan_lifecycle.next_due(rows, state.repaid_cents) if state.disbursed_cents else None
    if following is None:
        return None
    row, left = following
    return NextDue(number=row.number, due_on=row.due_on, amount_cents=left)


def _of_loan(session: AsyncSession, table: type[PartOfLoan], loan: Loan) -> Select[PartOfLoan]:
    return select(table).where(of_tenant(session, table), col(table.loan_id) == loan.id)

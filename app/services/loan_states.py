"""What a loan is on a day, put together from its contract, its log, its schedule and its ledger."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import interest_subsidies, ledger, loan_lifecycle, statements
from app.domain.amortization import Instalment
from app.domain.contracts import anomalies
from app.domain.errors import DateOutOfOrder, DueBeforePaid, NothingOwed, RuleNotStated
from app.domain.ledger import Balances, Entry, EntryKind
from app.domain.loan_lifecycle import LoanStage, LoanStatus
from app.domain.products import Party
from app.schemas.loans import LoanRead, NextDue, SignatureRead
from app.schemas.withdrawals import LoanWithdrawalRead
from app.services import contracts, lender_facts, loan_steps, schedules
from app.tables import LedgerEntry, Loan, LoanTransition, Request, Schedule, Signature, Withdrawal
from app.tenancy import of_tenant

PartOfLoan = TypeVar("PartOfLoan", Signature, LoanTransition, Withdrawal)

_PLAIN_FIELDS = (
    "id", "version", "reference", "request_id", "decision_id", "principal_cents", "rate_percent", "offered_on",
    "offer_valid_until", "legal_regime", "expected_disbursed_on", "entered_at",
)  # fmt: skip


async def read(session: AsyncSession, loan_id: UUID, *, as_of: date) -> LoanRead:
    """The loan at the end of a day. Raises NotFound, DateOutOfOrder for a day before the offer."""
    await session.flush()  # what was just entered is read back
    loan = await loan_steps.load(session, loan_id)
    if as_of < loan.offered_on:
        raise DateOutOfOrder(field="as_of", not_before=loan.offered_on.isoformat())
    schedule, rows = await borrower_rows(session, loan)
    entries = await ledger_entries(session, loan)
    state = ledger.balances(entries, rows, on=as_of)
    stage = await _stage_on(session, loan, as_of)
    signed = [signature for signature in await signatures(session, loan) if signature.signed_on <= as_of]
    position_on = await lender_facts.position_on(session, loan)
    known_on = statements.overdue_known_on(as_of, position_on) if loan.partner_id else as_of
    owed = state.disbursed_cents and known_on is not None
    late = loan_lifecycle.overdue_cents(rows, state.repaid_cents, known_on or as_of) if owed else 0
    status = loan_lifecycle.status(stage, rows=rows, outstanding_cents=state.outstanding_cents, overdue=late, on=as_of)
    days = await contracts.calendar(session, loan, signed)
    paid = [entry.effect_on for entry in entries if entry.kind is EntryKind.DISBURSEMENT and entry.effect_on <= as_of]
    return LoanRead(
        **{name: getattr(loan, name) for name in _PLAIN_FIELDS},
        as_of=as_of,
        status=status,
        closing_reasons=await _closing_reasons(session, loan, entries, rows, as_of)
        if status is LoanStatus.CLOSED
        else [],
        outstanding_cents=state.outstanding_cents,
        overdue_cents=late,
        repaid_cents=state.repaid_cents,
        credit_cents=state.credit_cents,
        next_due=_next_due(state, rows),
        schedule_version=schedule.version,
        duration_months=len(rows),
        signatures=[SignatureRead.model_validate(signature) for signature in signed],
        awaiting_signature_of=await _awaited_on(session, loan, stage, signed),
        **asdict(days),
        withdrawal=await _withdrawal_on(session, loan, as_of),
        anomalies=anomalies(paid, days),
        lender=await lender_facts.read(session, loan, rows, entries, as_of=as_of),
    )


async def borrower_rows(session: AsyncSession, loan: Loan) -> tuple[Schedule, tuple[Instalment, ...]]:
    """The last schedule with its rows as the borrower pays them: what is owed, late and due is theirs."""
    schedule = await schedules.last(session, loan)
    rows, parts = await schedules.whole_rows(session, schedule)
    return schedule, interest_subsidies.borrower_rows(rows, parts)


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


async def withdrawal(session: AsyncSession, loan: Loan) -> Withdrawal | None:
    """The borrower's withdrawal, if there was one."""
    return (await session.scalars(_of_loan(session, Withdrawal, loan))).one_or_none()


async def _withdrawal_on(session: AsyncSession, loan: Loan, as_of: date) -> LoanWithdrawalRead | None:
    told = await withdrawal(session, loan)
    return LoanWithdrawalRead.model_validate(told) if told and told.withdrawn_on <= as_of else None


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
    """Raises NothingOwed where the loan was wholly repaid on a day."""
    _, rows = await borrower_rows(session, loan)
    if ledger.balances(await ledger_entries(session, loan), rows, on=on).outstanding_cents == 0:
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


async def _stage_on(session: AsyncSession, loan: Loan, as_of: date) -> LoanStage:
    statement = (
        _of_loan(session, LoanTransition, loan)
        .where(col(LoanTransition.effect_on) <= as_of)
        .order_by(col(LoanTransition.effect_on).desc(), col(LoanTransition.id).desc())
        .limit(1)
    )
    return (await session.scalars(statement)).one().to_stage


async def _closing_reasons(
    session: AsyncSession, loan: Loan, entries: list[Entry], rows: tuple[Instalment, ...], as_of: date
) -> list[loan_lifecycle.ClosingReason]:
    settled = ledger.settled_on(entries, rows, on=as_of)
    if settled is None:
        return []
    litigation_on = await reached_on(session, loan, LoanStage.LITIGATION)
    return loan_lifecycle.closing_reasons(
        in_litigation=litigation_on is not None and litigation_on <= settled,
        settled_on=settled,
        last_due_on=rows[-1].due_on,
    )


def _next_due(state: Balances, rows: tuple[Instalment, ...]) -> NextDue | None:
    following = loan_lifecycle.next_due(rows, state.repaid_cents) if state.disbursed_cents else None
    if following is None:
        return None
    row, left = following
    return NextDue(number=row.number, due_on=row.due_on, amount_cents=left)


def _of_loan(session: AsyncSession, table: type[PartOfLoan], loan: Loan) -> Select[PartOfLoan]:
    return select(table).where(of_tenant(session, table), col(table.loan_id) == loan.id)

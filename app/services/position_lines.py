"""One line of the accountant's position: money enters the ledger, litigation is noted, a loss waits for the board."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.domain import loan_anomalies, titles
from app.domain.accounting_errors import LoanUnknown, PositionsDiffer, TitleUnknown
from app.domain.contracts import LoanAnomaly
from app.domain.dates import check_day
from app.domain.errors import ReferenceAlreadyUsed
from app.domain.ledger import EntryKind, RepaymentSource, standing
from app.domain.loan_lifecycle import LoanAction, LoanStage
from app.domain.partner_errors import DateAfterPosition
from app.domain.permissions import Caller
from app.domain.position_files import MONEY, OF_THE_BOARD, PositionAnomaly, TitleState, ToldTitle
from app.domain.titles import SlipKind
from app.schemas.repayments import ReversalCreate
from app.services import loan_books, loan_states, loan_steps, repayments, schedules, slip_lines
from app.tables import LedgerEntry, Loan, PositionLine, Schedule, ScheduleRow
from app.tenancy import bound_tenant, of_tenant

_ENDED_BY = {TitleState.NON_VALEUR: EntryKind.WRITE_OFF, TitleState.EXTINGUISHED: EntryKind.DISCHARGE}


@dataclass(frozen=True, slots=True)
class Source:
    """Where the lines come from: the file, the day up to which it tells all, who brings it and when."""

    file_sha256: str
    position_on: date
    caller: Caller
    today: date

    @property
    def tenant_id(self) -> UUID | None:
        """The tenant of the caller."""
        return self.caller.tenant_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a line: what it made or met, whether that was known before, or waits for a decision."""

    id: UUID
    loan_id: UUID
    known: bool = False
    to_decide: bool = False
    left_cents: int | None = None
    anomalies: tuple[LoanAnomaly | PositionAnomaly, ...] = ()


@dataclass(frozen=True, slots=True)
class Named:
    """The title that a line names, and the instalment that it asks now; null for the loan as a whole."""

    title_ref: str | None = None
    instalment_ref: int | None = None


async def record(session: AsyncSession, told: ToldTitle, *, source: Source) -> Outcome:
    """Records a line that can be read.

    Raises PositionsDiffer, LoanUnknown, PartnerLends, TitleUnknown, DateAfterPosition, ReferenceAlreadyUsed,
    DateOutOfOrder, DateInFuture.
    """
    if told.position_on != source.position_on:
        raise PositionsDiffer(position_on=source.position_on.isoformat())
    if told.collected_on is not None and told.collected_on > told.position_on:
        raise DateAfterPosition(field="DATE_ENCAISSEMENT", position_on=told.position_on.isoformat())
    loan = await _locked(session, told.loan_reference)
    named = await _named(session, loan, told)
    if told.state in MONEY:
        return await _received(session, loan, named, told, source)
    if told.state is TitleState.LITIGATION:
        return await _in_litigation(session, loan, named, told, source)
    if told.state in OF_THE_BOARD:
        return await _lost(session, loan, named, told, source)
    if told.state is TitleState.REJECTED:
        return await _rejected(session, loan, named, told, source)
    line, known = await _noted(session, loan, named, told, source)
    return Outcome(id=line.id, loan_id=loan.id, known=known)


async def _locked(session: AsyncSession, reference: str) -> Loan:
    statement = select(col(Loan.id)).where(of_tenant(session, Loan), col(Loan.reference) == reference)
    loan_id = (await session.scalars(statement)).one_or_none()
    if loan_id is None:
        raise LoanUnknown
    return await loan_steps.locked_own(session, loan_id)


async def _named(session: AsyncSession, loan: Loan, told: ToldTitle) -> Named:
    """The title by its reference, or by the number that it was told under, or else has in the schedule in force."""
    if told.title_ref is None and told.number is None:
        return Named()
    lines = await slip_lines.told_of(session, SlipKind.TITRES, loan)
    standing_titles = titles.standing(map(slip_lines.title_line, lines))
    asks_now = {title.ref: title.stands_for for title in standing_titles}
    # A number goes to another instalment once one is put off: the title that stands is meant.
    numbered = [(title.number, title.ref) for title in reversed(standing_titles)]
    numbered += [(line.number, line.ref) for line in reversed(lines)]
    ref = told.title_ref or next((ref for number, ref in numbered if number == told.number), None)
    if ref is None:
        refs = await schedules.refs_of(session, await schedules.active(session, loan, on=told.position_on))
        if told.number not in refs:
            raise TitleUnknown
        ref = f"{refs[told.number]:03d}"
    elif ref not in {line.ref for line in lines} and not await _is_instalment(session, loan, ref):
        raise TitleUnknown
    now = asks_now.get(ref, ref)
    return Named(ref, int(now) if now.isdigit() else None)


async def _is_instalment(session: AsyncSession, loan: Loan, ref: str) -> bool:
    if not ref.isdigit():
        return False
    statement = (
        select(col(ScheduleRow.id))
        .join(Schedule, col(Schedule.id) == ScheduleRow.schedule_id)
        .where(of_tenant(session, ScheduleRow), of_tenant(session, Schedule), col(Schedule.loan_id) == loan.id)
        .where(col(ScheduleRow.ref) == int(ref))
        .limit(1)
    )
    return (await session.scalars(statement)).one_or_none() is not None


async def _received(session: AsyncSession, loan: Loan, named: Named, told: ToldTitle, source: Source) -> Outcome:
    assert told.collected_on is not None  # noqa: S101 - a line of money was read with its day, amount and reference
    assert told.amount_cents is not None and told.reference is not None  # noqa: S101, PT018
    receipts = await _receipts(session, loan, told)
    same = [receipt for receipt in receipts if receipt.reference == told.reference]
    if same:
        return Outcome(id=same[0].id, loan_id=loan.id, known=True)
    entry, known = await repayments.enter(
        session,
        loan,
        caller=source.caller,
        today=source.today,
        told=repayments.Told(
            amount_cents=told.amount_cents,
            received_on=told.collected_on,
            source=RepaymentSource.PUBLIC_ACCOUNTANT,
            reference=told.reference,
            instalment_ref=named.instalment_ref,
        ),
        field="DATE_ENCAISSEMENT",
    )
    if not known:
        _note(session, loan, named, told, source, ledger_entry_id=entry.id)
    facts = await loan_books.facts(session, loan)
    books = await loan_books.books(session, loan, on=told.position_on)
    left = next((row.left_cents for row in books.rows if row.ref == named.instalment_ref), None)
    found = loan_anomalies.of_repayments(facts, books, loan.stage, on=told.position_on)
    told_twice = (PositionAnomaly.LIKE_A_RECEIPT,) if receipts else ()
    return Outcome(id=entry.id, loan_id=loan.id, known=known, left_cents=left, anomalies=(*found, *told_twice))


async def _receipts(session: AsyncSession, loan: Loan, told: ToldTitle) -> Sequence[LedgerEntry]:
    """The receipts of a régisseur that stand and may be of the same money: he hands it over to the accountant."""
    reversal = aliased(LedgerEntry)
    statement = select(LedgerEntry).where(
        of_tenant(session, LedgerEntry),
        col(LedgerEntry.loan_id) == loan.id,
        col(LedgerEntry.source) == RepaymentSource.CASH_OFFICER,
        col(LedgerEntry.amount_cents) == told.amount_cents,
        or_(col(LedgerEntry.reference) == told.reference, col(LedgerEntry.effect_on) == told.collected_on),
        ~exists().where(col(reversal.tenant_id) == LedgerEntry.tenant_id, col(reversal.reverses_id) == LedgerEntry.id),
    )
    return (await session.scalars(statement)).all()


async def _in_litigation(session: AsyncSession, loan: Loan, named: Named, told: ToldTitle, source: Source) -> Outcome:
    """Notes that the loan went to litigation, where it was owed; elsewhere what was told, with its anomaly."""
    if loan.stage is LoanStage.LITIGATION:
        line, known = await _noted(session, loan, named, told, source)
        return Outcome(id=line.id, loan_id=loan.id, known=known)
    opened_on = told.collected_on or told.position_on
    is_owed = (
        loan.stage is LoanStage.DISBURSED and (await loan_books.books(session, loan, on=opened_on)).outstanding_cents
    )
    if is_owed:
        disbursed_on = await loan_states.reached_on(session, loan, LoanStage.DISBURSED)
        check_day("DATE_ENCAISSEMENT", opened_on, not_before=disbursed_on, today=source.today)
        loan_steps.move(
            session,
            loan,
            LoanAction.OPEN_LITIGATION,
            caller=source.caller,
            effect_on=opened_on,
            reason=TitleState.LITIGATION.value,
        )
    line, known = await _noted(session, loan, named, told, source)
    anomalies = () if is_owed else (PositionAnomaly.NOT_OWED,)
    return Outcome(id=line.id, loan_id=loan.id, known=known and not is_owed, anomalies=anomalies)


async def _lost(session: AsyncSession, loan: Loan, named: Named, told: ToldTitle, source: Source) -> Outcome:
    """Non-valeurs and créances éteintes are decided or noted by the board: known where they were, to decide otherwise.

    One decision may be told of several titles: what the lines of a loan add up to is what must have been decided.
    """
    line, _ = await _noted(session, loan, named, told, source)
    known = standing(await loan_books.facts(session, loan), on=source.today)
    ended = [fact for fact in known if fact.kind is _ENDED_BY[told.state]]
    lines = await _lines(session, loan, told.state)
    asked = sum(one.amount_cents or 0 for one in lines)
    if ended and sum(fact.amount_cents for fact in ended) >= asked:
        return Outcome(id=ended[-1].id, loan_id=loan.id, known=True)
    return Outcome(id=line.id, loan_id=loan.id, to_decide=True)


async def _rejected(session: AsyncSession, loan: Loan, named: Named, told: ToldTitle, source: Source) -> Outcome:
    """A payment that came back is taken back; a title that the accountant did not take is for the staff to see to."""
    assert told.collected_on is not None  # noqa: S101 - a line of rejection was read with its day
    payment = await _payment(session, loan, told.reference) if told.reference else None
    if payment is None:
        line, _ = await _noted(session, loan, named, told, source)
        return Outcome(id=line.id, loan_id=loan.id, to_decide=True)
    if told.amount_cents not in (None, payment.amount_cents):
        raise ReferenceAlreadyUsed
    reversal = await _reversal(session, payment)
    if reversal is not None:
        return Outcome(id=reversal.id, loan_id=loan.id, known=True)
    entry = await repayments.reverse(
        session,
        loan.id,
        payment.id,
        caller=source.caller,
        today=source.today,
        body=ReversalCreate(reversed_on=told.collected_on, reason=TitleState.REJECTED.value),
    )
    _note(session, loan, named, told, source, ledger_entry_id=entry.id)
    return Outcome(id=entry.id, loan_id=loan.id)


async def _payment(session: AsyncSession, loan: Loan, reference: str) -> LedgerEntry | None:
    """The last payment that the accountant told under a reference."""
    statement = (
        select(LedgerEntry)
        .where(of_tenant(session, LedgerEntry), col(LedgerEntry.loan_id) == loan.id)
        .where(col(LedgerEntry.source) == RepaymentSource.PUBLIC_ACCOUNTANT, col(LedgerEntry.reference) == reference)
        .order_by(col(LedgerEntry.reference_use).desc())
        .limit(1)
    )
    return (await session.scalars(statement)).one_or_none()


async def _reversal(session: AsyncSession, payment: LedgerEntry) -> LedgerEntry | None:
    statement = select(LedgerEntry).where(of_tenant(session, LedgerEntry), col(LedgerEntry.reverses_id) == payment.id)
    return (await session.scalars(statement)).one_or_none()


async def _noted(
    session: AsyncSession, loan: Loan, named: Named, told: ToldTitle, source: Source
) -> tuple[PositionLine, bool]:
    """The line as it was noted, and whether an earlier file told the same."""
    same = [line for line in await _lines(session, loan, told.state) if _is_told(line, named, told)]
    if same:
        return same[0], True
    line = _note(session, loan, named, told, source)
    await session.flush()  # what is asked of the lines next counts it
    return line, False


async def _lines(session: AsyncSession, loan: Loan, state: TitleState) -> Sequence[PositionLine]:
    statement = (
        select(PositionLine)
        .where(of_tenant(session, PositionLine), col(PositionLine.loan_id) == loan.id)
        .where(col(PositionLine.state) == state)
        .order_by(col(PositionLine.id))
    )
    return (await session.scalars(statement)).all()


def _is_told(line: PositionLine, named: Named, told: ToldTitle) -> bool:
    return (line.title_ref, line.amount_cents, line.collected_on, line.reference) == (
        named.title_ref,
        told.amount_cents,
        told.collected_on,
        told.reference,
    )


def _note(
    session: AsyncSession,
    loan: Loan,
    named: Named,
    told: ToldTitle,
    source: Source,
    *,
    ledger_entry_id: UUID | None = None,
) -> PositionLine:
    line = PositionLine(
        tenant_id=bound_tenant(session),
        file_sha256=source.file_sha256,
        loan_id=loan.id,
        title_ref=named.title_ref,
        state=told.state,
        collected_on=told.collected_on,
        amount_cents=told.amount_cents,
        reference=told.reference,
        position_on=told.position_on,
        ledger_entry_id=ledger_entry_id,
        account_id=source.caller.account_id,
    )
    session.add(line)
    return line

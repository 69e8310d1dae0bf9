"""What a slip has to tell: titles of what falls due and their corrections, mandates of what was paid out."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import date
from uuid import UUID

from sqlalchemy import Select, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.domain import books, titles
from app.domain.allocation import Slot
from app.domain.ledger import EntryKind
from app.domain.position_files import TitleState
from app.domain.titles import LineType, Owed, SlipKind, TitleLine
from app.schemas.accounting_slips import SlipParty
from app.services import own_books, slip_parties
from app.services.own_books import State
from app.services.slip_parties import Contract
from app.tables import AccountingLine, AccountingSlip, LedgerEntry, Loan, Organisation, PayeeRow, PositionLine
from app.tenancy import of_tenant

OBJECT_LENGTH_MAX = 160

_TITLE_NAMES = tuple(field.name for field in fields(TitleLine))


async def of_titles(session: AsyncSession, slip: AccountingSlip) -> list[AccountingLine]:
    """The lines that make the titles told so far those of the schedules in force on the day of the slip."""
    contracts = await slip_parties.contracts(session)
    states = await own_books.states(session, list(contracts), on=slip.issued_on)
    told = await _told(session, SlipKind.TITRES)
    rejected = await _rejected(session)
    lines: list[AccountingLine] = []
    for loan_id, contract in sorted(contracts.items(), key=lambda one: one[1].loan_reference):
        owed = _owed(states[loan_id], after=contract.taken_over_until)
        earlier = told.get(loan_id, [])
        standing = titles.standing(map(title_line, earlier), rejected=rejected.get(loan_id, set()))
        count = max((part.number or 0 for part in owed), default=0)
        for change in titles.changes(standing, owed, due_until=slip.due_until):
            words = _words(contract, contract.debtor, _object(change.number, count))
            line = _line(slip, loan_id, change, words)
            line.rank, line.turn = len(lines) + 1, _turn([*earlier, *lines], loan_id, change.ref)
            lines.append(line)
    return lines


async def of_payments(session: AsyncSession, slip: AccountingSlip) -> list[AccountingLine]:
    """A line for each payment up to the day asked, and for each that was told and taken back since."""
    contracts = await slip_parties.contracts(session)
    payees = await slip_parties.payees(session, slip.due_until)
    told = await _told(session, SlipKind.MANDATS)
    known = {line.ledger_entry_id: line for lines in told.values() for line in lines}
    lines: list[AccountingLine] = []
    for entry, contract in [(one, contracts[one.loan_id]) for one in await _payments(session, slip.due_until)]:
        if entry.id in known:
            continue
        paid = known.get(entry.reverses_id) if entry.reverses_id else None
        earlier = [*told.get(entry.loan_id, []), *(line for line in lines if line.loan_id == entry.loan_id)]
        ref = paid.ref if paid else f"V{len({line.ref for line in earlier}) + 1:03d}"
        change = TitleLine(
            type=LineType.ANNULATION if paid else LineType.EMISSION,
            ref=ref,
            stands_for=ref,
            number=None,
            due_on=entry.effect_on,
            principal_cents=entry.amount_cents,
            interest_cents=0,
        )
        words = dict(paid.told) if paid else _words_of_payment(entry, contract, payees.get(entry.id))
        line = _line(slip, entry.loan_id, change, words)
        line.rank, line.turn = len(lines) + 1, _turn(earlier, entry.loan_id, ref)
        line.ledger_entry_id = entry.id
        lines.append(line)
    return lines


async def told_of(session: AsyncSession, kind: SlipKind, loan: Loan) -> Sequence[AccountingLine]:
    """The lines of the slips of a kind that are of one loan, in the order in which they were told."""
    return (await session.scalars(_lines_told(session, kind).where(col(AccountingLine.loan_id) == loan.id))).all()


def title_line(line: AccountingLine) -> TitleLine:
    """A line as the titles count it."""
    return TitleLine(**{name: getattr(line, name) for name in _TITLE_NAMES})


async def _told(session: AsyncSession, kind: SlipKind) -> dict[UUID, list[AccountingLine]]:
    found: dict[UUID, list[AccountingLine]] = {}
    for line in await session.scalars(_lines_told(session, kind)):
        found.setdefault(line.loan_id, []).append(line)
    return found


def _lines_told(session: AsyncSession, kind: SlipKind) -> Select[AccountingLine]:
    return (
        select(AccountingLine)
        .join(AccountingSlip, col(AccountingSlip.id) == AccountingLine.slip_id)
        .where(of_tenant(session, AccountingLine), of_tenant(session, AccountingSlip))
        .where(col(AccountingSlip.kind) == kind)
        .order_by(col(AccountingSlip.year), col(AccountingSlip.number), col(AccountingLine.rank))
    )


async def _payments(session: AsyncSession, until: date) -> Sequence[LedgerEntry]:
    """The payments of own funds up to a day, and what took one back, in the order of entry; a payment that was taken
    back before it was told is none, nor is one that was taken over from spreadsheets.
    """
    statement = (
        select(LedgerEntry)
        .join(Loan, col(Loan.id) == LedgerEntry.loan_id)
        .where(of_tenant(session, LedgerEntry), of_tenant(session, Loan), col(Loan.partner_id).is_(None))
        .where(col(LedgerEntry.kind).in_([EntryKind.DISBURSEMENT, EntryKind.REVERSAL]))
        .where(col(LedgerEntry.effect_on) <= until)
        .where(col(LedgerEntry.effect_on) > func.coalesce(col(Loan.former_position_on), date.min))
        .order_by(col(LedgerEntry.id))
    )
    entries = (await session.scalars(statement)).all()
    told = select(col(AccountingLine.ledger_entry_id)).where(of_tenant(session, AccountingLine))
    exported = set(await session.scalars(told))
    paid = {entry.id for entry in entries if entry.kind is EntryKind.DISBURSEMENT}
    taken_back = {entry.reverses_id for entry in entries} & paid - exported
    return [
        entry
        for entry in entries
        if (entry.id in paid and entry.id not in taken_back) or entry.reverses_id in paid & exported
    ]


async def _rejected(session: AsyncSession) -> dict[UUID, set[str]]:
    """The titles that the accountant did not take since they were last told, by loan: they are told anew."""
    later = aliased(AccountingLine)
    statement = select(col(PositionLine.loan_id), col(PositionLine.title_ref)).where(
        of_tenant(session, PositionLine),
        col(PositionLine.state) == TitleState.REJECTED,
        col(PositionLine.ledger_entry_id).is_(None),
        col(PositionLine.title_ref).is_not(None),
        ~exists().where(
            col(later.tenant_id) == PositionLine.tenant_id,
            col(later.loan_id) == PositionLine.loan_id,
            col(later.ref) == PositionLine.title_ref,
            col(later.entered_at) > PositionLine.entered_at,
        ),
    )
    found: dict[UUID, set[str]] = {}
    for loan_id, ref in await session.execute(statement):
        found.setdefault(loan_id, set()).add(str(ref))
    return found


def _owed(state: State, *, after: date | None) -> list[Owed]:
    """What the schedule asks of a loan that was paid out, nothing of another; of one that was taken over, what falls
    due after a day and was not paid ahead by then.
    """
    if not state.is_paid_out:
        return []
    gone = {row.ref: row.lost_cents + row.undrawn_cents for row in state.books.rows}
    if after is not None:
        for row in books.books(state.facts, state.slots, on=after).rows:
            gone[row.ref] = min(row.total_cents, gone[row.ref] + row.paid_cents)
    return [
        Owed(
            # Of several early repayments of one day, the first stands for the day.
            ref=f"{slot.ref:03d}" if slot.ref else f"RA{slot.due_on:%Y%m%d}",
            number=slot.number if slot.ref else None,
            due_on=slot.due_on,
            principal_cents=slot.principal_cents,
            interest_cents=slot.interest_cents,
            lost_cents=gone.get(slot.ref, 0) if slot.ref else 0,
        )
        for slot in _by_day(state.slots)
        if after is None or slot.due_on > after
    ]


def _by_day(slots: Iterable[Slot]) -> list[Slot]:
    """The slots, the early repayments of one day as one."""
    found: dict[object, Slot] = {}
    for slot in slots:
        key = slot.ref or slot.due_on
        same = found.get(key)
        found[key] = slot if same is None else _sum(same, slot)
    return list(found.values())


def _sum(one: Slot, other: Slot) -> Slot:
    return Slot(
        ref=None,
        number=one.number,
        due_on=one.due_on,
        principal_cents=one.principal_cents + other.principal_cents,
        interest_cents=one.interest_cents + other.interest_cents,
    )


def _object(number: int | None, count: int) -> str:
    of = "REMBOURSEMENT ANTICIPE" if number is None else f"ECH {number}/{max(number, count)}"
    return f"MICROCREDIT {of}"


def _words(contract: Contract, party: SlipParty, subject: str) -> dict[str, object]:
    return {
        "party": party.model_dump(mode="json"),
        "invoice_number": None,
        "object": subject[:OBJECT_LENGTH_MAX],
        "decision_reference": contract.decision_reference,
        "decided_on": contract.decided_on.isoformat(),
    }


def _words_of_payment(
    entry: LedgerEntry, contract: Contract, known: tuple[PayeeRow, Organisation | None] | None
) -> dict[str, object]:
    party, invoice_number = slip_parties.payee(entry, contract, known)
    words = _words(contract, party, f"VERSEMENT {contract.loan_reference}")
    return {**words, "invoice_number": invoice_number}


def _line(slip: AccountingSlip, loan_id: UUID, change: TitleLine, told: dict[str, object]) -> AccountingLine:
    return AccountingLine(
        tenant_id=slip.tenant_id,
        slip_id=slip.id,
        loan_id=loan_id,
        ledger_entry_id=None,
        told=told,
        **{name: getattr(change, name) for name in _TITLE_NAMES},
    )


def _turn(lines: Iterable[AccountingLine], loan_id: UUID, ref: str) -> int:
    return 1 + sum(1 for line in lines if (line.loan_id, line.ref) == (loan_id, ref))

"""Money that comes back on a loan: entries are added, a correction is a reversal."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.domain.dates import check_day, check_order
from app.domain.errors import AlreadyReversed, NoRepayment, NotFound, ReferenceAlreadyUsed
from app.domain.ledger import EntryKind, RepaidBy, RepaymentSource
from app.domain.loan_lifecycle import LoanAction, LoanStage, after
from app.domain.permissions import Caller
from app.schemas.repayments import LedgerEntryRead, LedgerLineRead, LedgerRead, RepaymentCreate, ReversalCreate
from app.services import loan_states, loan_steps, postings
from app.tables import LedgerEntry, LedgerLine, Loan
from app.tenancy import of_tenant

_COLUMNS = [getattr(LedgerEntry, name) for name in LedgerEntryRead.model_fields if name != "lines"]


async def create(
    session: AsyncSession, loan_id: UUID, *, caller: Caller, today: date, body: RepaymentCreate
) -> LedgerEntryRead:
    """Enters a repayment of a loan of the CCAS's own funds.

    What the public accountant tells is a fact: recorded wherever the loan stands, and shown as an anomaly where nothing
    was owed. What a régisseur received is an act of the CCAS.

    Raises PartnerLends, IllegalTransition, NothingOwed, ReferenceAlreadyUsed, DateOutOfOrder, DateInFuture.
    """
    loan = await loan_steps.locked_own(session, loan_id)
    if body.source is RepaymentSource.CASH_OFFICER:
        await _check_due(session, loan, on=body.received_on)
    entry, _ = await enter(session, loan, caller=caller, today=today, told=Told(**body.model_dump()))
    return await entry_read(session, entry)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A repayment as its source tells it, in cents."""

    amount_cents: int
    received_on: date
    source: RepaymentSource
    reference: str
    payer: RepaidBy | None = None
    instalment_ref: int | None = None
    cash_officer: str | None = None


async def enter(
    session: AsyncSession, loan: Loan, *, caller: Caller, today: date, told: Told, field: str = "received_on"
) -> tuple[LedgerEntry, bool]:
    """The entry of a repayment, and whether it was told before. `field` is what its source calls its day.

    The same reference with the same content is the same entry, never a second payment; one that was taken back frees
    its reference, but a lender's: what it presents again has a reference of its own.

    Raises ReferenceAlreadyUsed, DateInFuture.
    """
    check_day(field, told.received_on, not_before=None, today=today)
    earlier = await _of_reference(session, told, loan.partner_id)
    is_lender = told.source is RepaymentSource.LENDER
    standing = [known for known, taken_back in earlier if is_lender or not taken_back]
    if standing:
        return _same_or_refused(standing[0], loan.id, told), True
    entry = LedgerEntry(
        tenant_id=loan.tenant_id,
        loan_id=loan.id,
        kind=EntryKind.REPAYMENT,
        amount_cents=told.amount_cents,
        effect_on=told.received_on,
        source=told.source,
        reference=told.reference,
        reference_use=len(earlier) + 1,
        payer=told.payer,
        instalment_ref=told.instalment_ref,
        cash_officer=told.cash_officer,
        partner_id=loan.partner_id,
        **caller.author,
    )
    await postings.enter(session, loan, entry)
    return entry, False


async def reverse(
    session: AsyncSession,
    loan_id: UUID,
    repayment_id: UUID,
    *,
    caller: Caller,
    today: date,
    body: ReversalCreate,
) -> LedgerEntryRead:
    """Takes a repayment back, once, by an opposite entry (contre-passation).

    Raises NotFound, PartnerLends, AlreadyReversed, DateOutOfOrder, DateInFuture.
    """
    loan = await loan_steps.locked_own(session, loan_id)
    repayment = await session.get(LedgerEntry, (loan.tenant_id, repayment_id))
    if repayment is None or repayment.loan_id != loan.id or repayment.kind is not EntryKind.REPAYMENT:
        raise NotFound
    return await take_back(session, loan, repayment, caller=caller, today=today, body=body)


async def take_back(
    session: AsyncSession, loan: Loan, taken_back: LedgerEntry, *, caller: Caller, today: date, body: ReversalCreate
) -> LedgerEntryRead:
    """Enters the opposite of an entry of a loan that is held, once.

    Raises IllegalTransition, AlreadyReversed, DateOutOfOrder, DateInFuture.
    """
    after(loan.stage, LoanAction.REVERSE)
    check_day("reversed_on", body.reversed_on, not_before=taken_back.effect_on, today=today)
    if await _is_reversed(session, taken_back):
        raise AlreadyReversed
    entry = LedgerEntry(
        tenant_id=loan.tenant_id,
        loan_id=loan.id,
        kind=EntryKind.REVERSAL,
        amount_cents=taken_back.amount_cents,
        effect_on=body.reversed_on,
        reverses_id=taken_back.id,
        reason=body.reason,
        **caller.author,
    )
    await postings.enter(session, loan, entry)
    return await entry_read(session, entry)


async def ledger(session: AsyncSession, loan_id: UUID) -> LedgerRead:
    """All entries of a loan in the order of entry. Raises NotFound."""
    loan = await loan_steps.load(session, loan_id)
    entries = select(*_COLUMNS).where(of_tenant(session, LedgerEntry), col(LedgerEntry.loan_id) == loan.id)
    rows = (await session.execute(entries.order_by(col(LedgerEntry.id)))).mappings().all()
    lines = await _lines(session, col(LedgerLine.loan_id) == loan.id)
    return LedgerRead(items=[LedgerEntryRead(**row, lines=lines.get(row["id"], [])) for row in rows], next_cursor=None)


async def entry_read(session: AsyncSession, entry: LedgerEntry) -> LedgerEntryRead:
    """An entry with its lines."""
    lines = await _lines(session, col(LedgerLine.entry_id) == entry.id)
    return LedgerEntryRead(**{column.key: getattr(entry, column.key) for column in _COLUMNS}, lines=lines[entry.id])


async def _lines(session: AsyncSession, chosen: ColumnElement[bool]) -> dict[UUID, list[LedgerLineRead]]:
    statement = (
        select(
            col(LedgerLine.entry_id),
            col(LedgerLine.account),
            col(LedgerLine.amount_cents),
            col(LedgerLine.effect_on),
        )
        .where(of_tenant(session, LedgerLine), chosen)
        .order_by(col(LedgerLine.id))
    )
    found: dict[UUID, list[LedgerLineRead]] = {}
    for entry_id, account, amount_cents, effect_on in await session.execute(statement):
        line = LedgerLineRead(account=account, amount_cents=amount_cents, effect_on=effect_on)
        found.setdefault(entry_id, []).append(line)
    return found


async def _check_due(session: AsyncSession, loan: Loan, *, on: date) -> None:
    """Raises IllegalTransition, DateOutOfOrder, NothingOwed where nothing can be received by the CCAS itself."""
    after(loan.stage, LoanAction.REPAY)
    disbursed_on = await loan_states.reached_on(session, loan, LoanStage.DISBURSED)
    check_order("received_on", on, not_before=disbursed_on or on)
    await loan_states.check_due(session, loan, on=on)


async def _of_reference(session: AsyncSession, told: Told, partner_id: UUID | None) -> list[tuple[LedgerEntry, bool]]:
    """The repayments that carry the reference, each with whether it was taken back."""
    reversal = aliased(LedgerEntry)
    taken_back = exists().where(
        col(reversal.tenant_id) == LedgerEntry.tenant_id, col(reversal.reverses_id) == LedgerEntry.id
    )
    statement = select(LedgerEntry, taken_back).where(
        of_tenant(session, LedgerEntry),
        col(LedgerEntry.kind) == EntryKind.REPAYMENT,
        col(LedgerEntry.source) == told.source,
        col(LedgerEntry.reference) == told.reference,
        col(LedgerEntry.partner_id).is_not_distinct_from(partner_id),
    )
    return [(entry, was_taken_back) for entry, was_taken_back in await session.execute(statement)]


async def of_lender(session: AsyncSession, loan: Loan, reference: str) -> tuple[LedgerEntry, bool] | None:
    """The repayment of a lender's loan that carries its reference, and whether it was taken back; null before it is
    told, or where it is of another loan.
    """
    told = Told(amount_cents=0, received_on=loan.offered_on, source=RepaymentSource.LENDER, reference=reference)
    known = await _of_reference(session, told, loan.partner_id)
    return next((one for one in known if one[0].loan_id == loan.id), None)


async def check_reversible(session: AsyncSession, loan_id: UUID) -> None:
    """Raises NoRepayment where no repayment stands."""
    reversal = aliased(LedgerEntry)
    taken_back = exists().where(
        col(reversal.tenant_id) == LedgerEntry.tenant_id, col(reversal.reverses_id) == LedgerEntry.id
    )
    standing = select(col(LedgerEntry.id)).where(
        of_tenant(session, LedgerEntry),
        col(LedgerEntry.loan_id) == loan_id,
        col(LedgerEntry.kind) == EntryKind.REPAYMENT,
        ~taken_back,
    )
    if (await session.scalars(standing.limit(1))).one_or_none() is None:
        raise NoRepayment


def _same_or_refused(entry: LedgerEntry, loan_id: UUID, told: Told) -> LedgerEntry:
    if (entry.loan_id, entry.amount_cents, entry.effect_on) != (loan_id, told.amount_cents, told.received_on):
        raise ReferenceAlreadyUsed
    return entry


async def _is_reversed(session: AsyncSession, repayment: LedgerEntry) -> bool:
    statement = select(col(LedgerEntry.id)).where(
        of_tenant(session, LedgerEntry), col(LedgerEntry.reverses_id) == repayment.id
    )
    return (await session.scalars(statement)).one_or_none() is not None

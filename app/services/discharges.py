"""Debts that the law erases (créances éteintes), debtor by debtor; the board takes note of them."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import discharges as domain
from app.domain.contracts import BORROWERS
from app.domain.dates import check_day, check_order
from app.domain.discharges import Erasure
from app.domain.ending_errors import AboveLegallyDue, LaterDischarge, NotABorrower
from app.domain.errors import AlreadyReversed, NotFound, NothingOwed
from app.domain.ledger import EntryKind
from app.domain.loan_lifecycle import LoanAction, after
from app.domain.permissions import Caller
from app.domain.products import Party
from app.schemas.discharges import DischargeCreate, DischargeList, DischargeRead, DischargeReversalCreate
from app.services import loan_books, loan_parties, loan_steps, losses
from app.services.losses import Loss
from app.tables import Discharge, DischargeReversal, LedgerEntry, Loan
from app.tenancy import of_tenant

Told = tuple[Discharge, LedgerEntry | None, DischargeReversal | None]


async def create(
    session: AsyncSession, loan_id: UUID, *, caller: Caller, today: date, body: DischargeCreate
) -> DischargeRead:
    """Notes an erasure of a loan of the CCAS's own funds; what no borrower owes any more leaves the books.

    Raises NotFound, PartnerLends, IllegalTransition, DecidedByAnother, NotABorrower, DateOutOfOrder, DateInFuture,
    NothingOwed, AboveLegallyDue, LaterLossUnfit.
    """
    loan = await loan_steps.locked_own(session, loan_id)
    paid_on = await losses.check_open(session, loan, EntryKind.DISCHARGE)
    losses.check_board(body.decision)
    check_day("discharged_on", body.discharged_on, not_before=paid_on, today=today)
    check_order("decided_on", body.decision.decided_on, not_before=body.discharged_on)
    parties = await debtors(session, loan)
    erasure = Erasure(_debtor(parties, body.person_id), body.amount_cents)
    standing = [discharge for discharge, _, reversal in await _told(session, loan) if reversal is None]
    await _check_owed(session, loan, [*parties], standing, erasure, on=body.discharged_on)
    gone = _gone(parties, standing, erasure) - _gone(parties, standing)
    loss = Loss(
        kind=EntryKind.DISCHARGE,
        amount_cents=gone,
        effect_on=_leaves_on(standing, erasure, body.discharged_on),
        field="discharged_on",
    )
    fact = await losses.admitted(session, loan, loss) if gone else None
    decision = await losses.record(session, loan, loss.kind, body.decision, caller=caller, today=today)
    entry = None
    if fact is not None:
        entry = await losses.enter(session, loan, fact, decision, reference=body.reference, caller=caller)
    discharge = Discharge(
        tenant_id=loan.tenant_id,
        loan_id=loan.id,
        debtor=erasure.debtor,
        entry_id=entry.id if entry else None,
        decision_id=decision.id,
        account_id=caller.account_id,
        **body.model_dump(exclude={"person_id", "decision"}),
    )
    session.add(discharge)
    loan.version += 1
    return _read((discharge, entry, None), parties)


async def list_all(session: AsyncSession, loan_id: UUID) -> DischargeList:
    """Those of one loan, in the order of entry. Raises NotFound."""
    loan = await loan_steps.load(session, loan_id)
    parties = await debtors(session, loan)
    items = [_read(told, parties) for told in await _told(session, loan)]
    return DischargeList(items=items, next_cursor=None)


async def reverse(
    session: AsyncSession,
    loan_id: UUID,
    discharge_id: UUID,
    *,
    caller: Caller,
    today: date,
    body: DischargeReversalCreate,
) -> DischargeRead:
    """Takes an erasure back, and its entry where there is one.

    Raises NotFound, PartnerLends, and as `take_back` does.
    """
    loan = await loan_steps.locked_own(session, loan_id)
    read, _ = await take_back(session, loan, discharge_id, caller=caller, today=today, body=body)
    return read


async def take_back(
    session: AsyncSession,
    loan: Loan,
    discharge_id: UUID,
    *,
    caller: Caller,
    today: date,
    body: DischargeReversalCreate,
) -> tuple[DischargeRead, LedgerEntry | None]:
    """Takes an erasure of a loan that is held back; also the entry that takes its own entry back.

    Raises NotFound, IllegalTransition, AlreadyReversed, LaterDischarge, LaterLossUnfit, DateOutOfOrder, DateInFuture.
    """
    told = await _told(session, loan)
    found = next((one for one in told if one[0].id == discharge_id), None)
    if found is None:
        raise NotFound
    discharge, entry, reversal = found
    if reversal is not None:
        raise AlreadyReversed
    after(loan.stage, LoanAction.REVERSE)
    check_day("reversed_on", body.reversed_on, not_before=discharge.discharged_on, today=today)
    parties = await debtors(session, loan)
    _check_last(parties, [one for one, _, taken_back in told if taken_back is None], discharge, entry)
    opposite = None
    if entry is not None:
        opposite = await losses.take_back(session, loan, entry, **body.model_dump(), caller=caller, today=today)
    reversal = DischargeReversal(
        tenant_id=loan.tenant_id, discharge_id=discharge.id, account_id=caller.account_id, **body.model_dump()
    )
    session.add(reversal)
    loan.version += 1
    return _read((discharge, entry, reversal), parties), opposite


async def of_entry(session: AsyncSession, entry: LedgerEntry) -> UUID:
    """The erasure that an entry tells."""
    statement = select(col(Discharge.id)).where(of_tenant(session, Discharge), col(Discharge.entry_id) == entry.id)
    return (await session.scalars(statement)).one()


async def debtors(session: AsyncSession, loan: Loan) -> dict[Party, UUID]:
    """Who borrowed: the borrower, then the co-borrower where there is one."""
    people = await loan_parties.borrowers(session, loan)
    return {party: person.id for party, person in zip(BORROWERS, people, strict=False)}


async def not_to_ask(session: AsyncSession, loan: Loan, *, on: date) -> list[Party]:
    """The borrowers of whom nothing is asked any more on a day: the law erased what they owed."""
    told = await _told(session, loan)
    erased = [
        discharge
        for discharge, _, reversal in told
        if discharge.discharged_on <= on and (reversal is None or reversal.reversed_on > on)
    ]
    if not erased:
        return []
    state = await loan_books.books(session, loan, on=on)
    return domain.not_to_ask([*await debtors(session, loan)], _erasures(erased), state.legally_due_cents)


async def _told(session: AsyncSession, loan: Loan) -> list[Told]:
    """The erasures of a loan, each with the entry by which it left the books and how it was taken back."""
    statement = (
        select(Discharge, LedgerEntry, DischargeReversal)
        .outerjoin(LedgerEntry, and_(of_tenant(session, LedgerEntry), col(LedgerEntry.id) == Discharge.entry_id))
        .outerjoin(
            DischargeReversal,
            and_(of_tenant(session, DischargeReversal), col(DischargeReversal.discharge_id) == Discharge.id),
        )
        .where(of_tenant(session, Discharge), col(Discharge.loan_id) == loan.id)
        .order_by(col(Discharge.id))
    )
    return [(discharge, entry, reversal) for discharge, entry, reversal in await session.execute(statement)]


async def _check_owed(
    session: AsyncSession,
    loan: Loan,
    parties: Sequence[Party],
    standing: Sequence[Discharge],
    erasure: Erasure,
    *,
    on: date,
) -> None:
    """Raises NothingOwed, or AboveLegallyDue for more than the debtor owed, that day and after what was noted since."""
    for day in sorted({on} | {one.discharged_on for one in standing if one.discharged_on > on}):
        due = (await loan_books.books(session, loan, on=day)).legally_due_cents
        if due == 0 and day == on:
            raise NothingOwed(on=day.isoformat())
        owed = domain.owed_cents(parties, _erasures([one for one in standing if one.discharged_on <= day]), due)
        bound = min(cents for party, cents in owed.items() if erasure.debtor in (None, party))
        if erasure.amount_cents > bound:
            raise AboveLegallyDue(due_cents=bound, on=day.isoformat())


def _check_last(
    parties: dict[Party, UUID], standing: Sequence[Discharge], discharge: Discharge, entry: LedgerEntry | None
) -> None:
    """Raises LaterDischarge where what another erasure took from the books rests on this one."""
    others = [one for one in standing if one.id != discharge.id]
    if _gone(parties, standing) - _gone(parties, others) != (entry.amount_cents if entry else 0):
        last = max(one.discharged_on for one in others if one.entry_id is not None)
        raise LaterDischarge(discharged_on=last.isoformat())


def _gone(parties: dict[Party, UUID], standing: Sequence[Discharge], *more: Erasure) -> int:
    return domain.gone_cents([*parties], [*_erasures(standing), *more])


def _erasures(discharges: Sequence[Discharge]) -> list[Erasure]:
    return [Erasure(one.debtor, one.amount_cents) for one in discharges]


def _leaves_on(standing: Sequence[Discharge], erasure: Erasure, on: date) -> date:
    """When the last of the borrowers was freed: what one alone is erased of stays in the books until then."""
    if erasure.debtor is None:
        return on
    return max([on, *(one.discharged_on for one in standing if one.debtor not in (None, erasure.debtor))])


def _debtor(parties: dict[Party, UUID], person_id: UUID | None) -> Party | None:
    if person_id is None:
        return None
    found = next((party for party, borrower_id in parties.items() if borrower_id == person_id), None)
    if found is None:
        raise NotABorrower(field="person_id")
    return found


def _read(told: Told, parties: dict[Party, UUID]) -> DischargeRead:
    discharge, entry, reversal = told
    left, off_books = (entry.amount_cents, entry.off_books_cents) if entry else (0, 0)
    names = ("id", "amount_cents", "discharged_on", "ground", "reference", "entry_id", "decision_id", "entered_at")
    return DischargeRead(
        **{name: getattr(discharge, name) for name in names},
        books_cents=left - off_books,
        off_books_cents=off_books,
        still_owed_cents=discharge.amount_cents - left,
        person_id=parties[discharge.debtor] if discharge.debtor else None,
        reversed_on=reversal.reversed_on if reversal else None,
    )

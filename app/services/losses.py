"""What the board makes of a debt that will not be repaid: the entry by which it leaves the books, or is ended."""

from dataclasses import dataclass
from datetime import date
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain import losses
from app.domain.books import SlotsOn
from app.domain.dates import check_day
from app.domain.ending_errors import DecidedByAnother
from app.domain.errors import AlreadyReversed, IllegalTransition
from app.domain.ledger import EntryKind, Fact
from app.domain.loan_decisions import LoanAuthority, LoanDecisionKind
from app.domain.loan_lifecycle import LoanAction, LoanStage, after
from app.domain.permissions import Caller
from app.schemas.loan_decisions import LoanDecisionCreate
from app.services import loan_books, loan_decisions, loan_states, postings, schedules
from app.tables import LedgerEntry, Loan, LoanDecision

ACTIONS = {
    EntryKind.WRITE_OFF: LoanAction.WRITE_OFF,
    EntryKind.DISCHARGE: LoanAction.DISCHARGE,
    EntryKind.REMISSION: LoanAction.REMIT,
}
_DECISIONS = {
    EntryKind.WRITE_OFF: LoanDecisionKind.WRITE_OFF,
    EntryKind.DISCHARGE: LoanDecisionKind.DISCHARGE,
    EntryKind.REMISSION: LoanDecisionKind.REMISSION,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A debt that is lost, in cents; `field` is what the act that tells it calls its day."""

    kind: EntryKind
    amount_cents: int
    effect_on: date
    field: str
    reference: str | None = None


async def decide(
    session: AsyncSession, loan: Loan, loss: Loss, decision: LoanDecisionCreate, *, caller: Caller, today: date
) -> LedgerEntry:
    """Enters a loss of a loan that is held, from the day on which the board decided it or a later one.

    Raises IllegalTransition, DecidedByAnother, DateOutOfOrder, DateInFuture, NothingOwed, WriteOffAboveOutstanding,
    AboveLegallyDue, LaterLossUnfit, NotFound.
    """
    paid_on = await check_open(session, loan, loss.kind)
    check_board(decision)
    check_day(loss.field, loss.effect_on, not_before=max(paid_on, decision.decided_on), today=today)
    fact = await admitted(session, loan, loss)
    told = await record(session, loan, loss.kind, decision, caller=caller, today=today)
    return await enter(session, loan, fact, told, reference=loss.reference, caller=caller)


async def check_open(session: AsyncSession, loan: Loan, kind: EntryKind) -> date:
    """The day on which the money left. Raises IllegalTransition where none did, or nothing is done any more."""
    after(loan.stage, ACTIONS[kind])
    paid_on = await loan_states.reached_on(session, loan, LoanStage.DISBURSED)
    if paid_on is None:
        raise IllegalTransition(action=ACTIONS[kind].value, state=loan.stage.value)
    return paid_on


def check_board(decision: LoanDecisionCreate) -> None:
    """Raises DecidedByAnother: what is lost of public money is for the board (conseil d'administration) to decide."""
    if decision.decided_by is not LoanAuthority.BOARD:
        raise DecidedByAnother(field="decision.decided_by", authority=LoanAuthority.BOARD.value)


async def admitted(session: AsyncSession, loan: Loan, loss: Loss) -> Fact:
    """The loss within its bounds. Raises NothingOwed, WriteOffAboveOutstanding, AboveLegallyDue, LaterLossUnfit."""
    fact = Fact(id=uuid4(), kind=loss.kind, amount_cents=loss.amount_cents, effect_on=loss.effect_on)
    return losses.admitted(await loan_books.facts(session, loan), fact, await slots_on(session, loan))


async def slots_on(session: AsyncSession, loan: Loan) -> SlotsOn:
    """What the borrower may pay, day by day."""
    return await schedules.slots_on(session, await schedules.timeline(session, loan))


async def record(
    session: AsyncSession, loan: Loan, kind: EntryKind, decision: LoanDecisionCreate, *, caller: Caller, today: date
) -> LoanDecision:
    """Records the board's decision on a loss. Raises DateOutOfOrder, DateInFuture, NotFound."""
    return await loan_decisions.record(session, loan, _DECISIONS[kind], decision, caller=caller, today=today)


async def enter(
    session: AsyncSession, loan: Loan, fact: Fact, decision: LoanDecision, *, reference: str | None, caller: Caller
) -> LedgerEntry:
    """The entry of a loss that was admitted."""
    entry = LedgerEntry(
        tenant_id=loan.tenant_id,
        loan_id=loan.id,
        kind=fact.kind,
        amount_cents=fact.amount_cents,
        off_books_cents=fact.off_books_cents,
        effect_on=fact.effect_on,
        reference=reference,
        decision_id=decision.id,
        **caller.author,
    )
    await postings.enter(session, loan, entry)
    return entry


async def take_back(
    session: AsyncSession,
    loan: Loan,
    entry: LedgerEntry,
    *,
    reversed_on: date,
    reason: str,
    caller: Caller,
    today: date,
) -> LedgerEntry:
    """Takes an entry of a loss back, once, from a day on that is not before its own.

    Raises IllegalTransition, AlreadyReversed, LaterLossUnfit, DateOutOfOrder, DateInFuture.
    """
    after(loan.stage, LoanAction.REVERSE)
    check_day("reversed_on", reversed_on, not_before=entry.effect_on, today=today)
    facts = await loan_books.facts(session, loan)
    if any(fact.reverses_id == entry.id for fact in facts):
        raise AlreadyReversed
    reversal = LedgerEntry(
        tenant_id=loan.tenant_id,
        loan_id=loan.id,
        kind=EntryKind.REVERSAL,
        amount_cents=entry.amount_cents,
        effect_on=reversed_on,
        reverses_id=entry.id,
        reason=reason,
        **caller.author,
    )
    losses.check_taken_back(facts, postings.fact_of(reversal), await slots_on(session, loan))
    await postings.enter(session, loan, reversal)
    return reversal

"""The money of a loan that is taken over from a spreadsheet: paid out, paid back, lost; and litigation."""

from datetime import date
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.accounting_errors import LossAboveDebt
from app.domain.accounting_files import amount
from app.domain.discharges import DischargeGround
from app.domain.errors import RuleNotStated
from app.domain.ledger import EntryKind, PayeeKind, RepaidBy, RepaymentSource
from app.domain.loan_decisions import LoanAuthority, LoanDecisionKind
from app.domain.loan_lifecycle import LoanAction
from app.domain.permissions import Caller
from app.domain.portfolio_files import ToldLoan
from app.domain.products import Product
from app.schemas.loan_decisions import LoanDecisionCreate
from app.services import loan_books, loan_decisions, loan_steps, postings, repayments
from app.tables import Discharge, LedgerEntry, Loan

_SERIES = "REPRISE"
_DECISIONS = {EntryKind.WRITE_OFF: LoanDecisionKind.WRITE_OFF, EntryKind.DISCHARGE: LoanDecisionKind.DISCHARGE}


def payee_of(told: ToldLoan, product: Product) -> PayeeKind:
    """To whom the loan was paid, or else as the rules had it. Raises RuleNotStated where neither says."""
    if told.payee is not None:
        return told.payee
    if product.payee is None:
        raise RuleNotStated(path="payee")
    return product.payee


async def enter(
    session: AsyncSession, loan: Loan, told: ToldLoan, *, payee: PayeeKind, caller: Caller, today: date
) -> None:
    """Enters all that the line tells, in the order in which a loan lives.

    Raises ReferenceAlreadyUsed, LossAboveDebt.
    """
    disbursement = LedgerEntry(
        tenant_id=loan.tenant_id,
        loan_id=loan.id,
        kind=EntryKind.DISBURSEMENT,
        amount_cents=told.principal_cents,
        effect_on=told.disbursed_on,
        payee_kind=payee,
        **caller.author,
    )
    await postings.enter(session, loan, disbursement)
    loan_steps.move(session, loan, LoanAction.DISBURSE, caller=caller, effect_on=told.disbursed_on)
    await session.flush()  # what follows asks when the money left
    await _enter_repayments(session, loan, told, caller=caller, today=today)
    await _enter_losses(session, loan, told, caller=caller, today=today)
    if told.litigation_on is not None:
        loan_steps.move(session, loan, LoanAction.OPEN_LITIGATION, caller=caller, effect_on=told.litigation_on)


async def _enter_repayments(session: AsyncSession, loan: Loan, told: ToldLoan, *, caller: Caller, today: date) -> None:
    """What the accountant told over the years is one sum, and one more for what the CCAS paid of it."""
    if told.repaid_on is None:
        return
    parts = (
        (f"{_SERIES}/{told.reference}", told.repaid_cents - told.supported_cents, None),
        (f"{_SERIES}/{told.reference}/SOUTIEN", told.supported_cents, RepaidBy.CCAS),
    )
    for reference, cents, payer in parts:
        if cents:
            repayment = repayments.Told(
                amount_cents=cents,
                received_on=told.repaid_on,
                source=RepaymentSource.PUBLIC_ACCOUNTANT,
                reference=reference,
                payer=payer,
            )
            await repayments.enter(session, loan, caller=caller, today=today, told=repayment, field="DERNIER_PAIEMENT")


async def _enter_losses(session: AsyncSession, loan: Loan, told: ToldLoan, *, caller: Caller, today: date) -> None:
    lose = partial(_lose, session, loan, reference=told.reference, caller=caller, today=today)
    losses = []
    if told.written_off_on is not None:
        losses.append((told.written_off_on, EntryKind.WRITE_OFF, told.written_off_cents))
    if told.discharged_on is not None:
        losses.append((told.discharged_on, EntryKind.DISCHARGE, told.discharged_cents))
    for on, kind, cents in sorted(losses, key=lambda loss: loss[0]):
        entry = await lose(kind, cents, on=on)
        if kind is EntryKind.DISCHARGE and told.discharge_ground is not None:
            _erase(session, entry, told.discharge_ground)


async def _lose(
    session: AsyncSession,
    loan: Loan,
    kind: EntryKind,
    cents: int,
    *,
    on: date,
    reference: str,
    caller: Caller,
    today: date,
) -> LedgerEntry:
    """A non-valeur bears on what the books hold, an erasure on all that is legally due. Raises LossAboveDebt."""
    books = await loan_books.books(session, loan, on=on)
    left = books.outstanding_cents if kind is EntryKind.WRITE_OFF else books.legally_due_cents
    if cents > left:
        column = "NON_VALEUR" if kind is EntryKind.WRITE_OFF else "ETEINT"
        raise LossAboveDebt(column=column, left=amount(left))
    # The board alone admits a debt en non-valeur, and takes note of what the law erased.
    decided = LoanDecisionCreate(decided_on=on, decided_by=LoanAuthority.BOARD)
    decision = await loan_decisions.record(session, loan, _DECISIONS[kind], decided, caller=caller, today=today)
    entry = LedgerEntry(
        tenant_id=loan.tenant_id,
        loan_id=loan.id,
        kind=kind,
        amount_cents=cents,
        off_books_cents=max(0, cents - books.outstanding_cents),
        effect_on=on,
        reference=f"{_SERIES}/{reference}",
        decision_id=decision.id,
        **caller.author,
    )
    await postings.enter(session, loan, entry)
    return entry


def _erase(session: AsyncSession, entry: LedgerEntry, ground: DischargeGround) -> None:
    """What the entry ended is no more the debt of anybody."""
    assert entry.decision_id is not None and entry.account_id is not None  # noqa: S101, PT018 - staff, the board's
    session.add(
        Discharge(
            tenant_id=entry.tenant_id,
            loan_id=entry.loan_id,
            debtor=None,
            amount_cents=entry.amount_cents,
            discharged_on=entry.effect_on,
            ground=ground,
            reference=entry.reference,
            entry_id=entry.id,
            decision_id=entry.decision_id,
            account_id=entry.account_id,
        )
    )

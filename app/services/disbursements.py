"""Paying a loan of the CCAS's own funds out, in parts or whole."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.domain.breaches import Breach, Severity
from app.domain.contract_errors import AlreadyWithdrawn, ReleaseTooEarly
from app.domain.dates import check_day, check_order
from app.domain.disbursement_errors import MoreThanLent, NoSuchBorrower, NotASupplier
from app.domain.eligibility import text_of
from app.domain.errors import NotFound, RulesBreached
from app.domain.ledger import EntryKind, PayeeKind
from app.domain.loan_lifecycle import LoanAction, LoanStage, after
from app.domain.losses import check_taken_back
from app.domain.organisations import OrganisationKind
from app.domain.permissions import Caller
from app.domain.products import Party
from app.schemas.disbursements import (
    DisbursementCreate,
    DisbursementList,
    DisbursementPayee,
    DisbursementRead,
    Payee,
    PayeeRead,
)
from app.schemas.loans import LoanRead
from app.schemas.repayments import LedgerEntryRead, ReversalCreate
from app.services import (
    contracts,
    loan_books,
    loan_states,
    loan_steps,
    losses,
    organisations,
    postings,
    repayments,
    running_schedules,
)
from app.tables import LedgerEntry, Loan, PayeeRow, Request
from app.tenancy import of_tenant

_OF_PAYEE = ("organisation_id", "siret", "invoice_reference", "instruction_on")
_IBAN_SHOWN = 4


async def create(
    session: AsyncSession, loan_id: UUID, *, caller: Caller, today: date, body: DisbursementCreate
) -> LoanRead:
    """Pays a loan of the CCAS's own funds out, or a part of it: the first payment starts it.

    Raises PartnerLends, IllegalTransition, AlreadyWithdrawn, ReleaseTooEarly, MoreThanLent, DateInFuture,
    DateOutOfOrder, DueBeforePaid, RulesBreached, OrganisationUnknown, OrganisationClosed, NotASupplier, NoSuchBorrower.
    """
    loan = await loan_steps.locked_own(session, loan_id)
    after(loan.stage, LoanAction.DISBURSE)
    await _check_not_withdrawn(session, loan)
    await check_release(session, loan, on=body.disbursed_on)
    left_cents = await running_schedules.left_to_pay_out(session, loan)
    if body.amount_cents > left_cents:
        raise MoreThanLent(field="amount_cents", left_cents=left_cents)
    payee = await _payee(session, loan, body.payee, on=body.disbursed_on)
    paid = Paid(body.amount_cents, body.disbursed_on, body.payee, body.reference)
    entry = await _record(session, loan, caller=caller, today=today, paid=paid)
    payee.entry_id = entry.id
    session.add(payee)
    return await loan_states.read(session, loan.id, as_of=today)


async def reverse(
    session: AsyncSession, loan_id: UUID, disbursement_id: UUID, *, caller: Caller, today: date, body: ReversalCreate
) -> LedgerEntryRead:
    """Takes a payment back, once, by an opposite entry: the money never arrived, or is with the CCAS again.

    Raises NotFound, PartnerLends, AlreadyReversed, DateOutOfOrder, DateInFuture, LaterLossUnfit where what was lost
    since is more than what stays paid out.
    """
    loan = await loan_steps.locked_own(session, loan_id)
    paid = await session.get(LedgerEntry, (loan.tenant_id, disbursement_id))
    if paid is None or paid.loan_id != loan.id or paid.kind is not EntryKind.DISBURSEMENT:
        raise NotFound
    read = await repayments.take_back(session, loan, paid, caller=caller, today=today, body=body)
    reversal = await session.get_one(LedgerEntry, (loan.tenant_id, read.id))
    known = [one for one in await loan_books.facts(session, loan) if one.id != read.id]
    check_taken_back(known, postings.fact_of(reversal), await losses.slots_on(session, loan))
    return read


async def list_all(session: AsyncSession, loan_id: UUID) -> DisbursementList:
    """Every part of a loan, in the order of entry. Raises NotFound."""
    loan = await loan_steps.load(session, loan_id)
    back = aliased(LedgerEntry)
    statement = (
        select(LedgerEntry, PayeeRow, col(back.effect_on))
        .outerjoin(PayeeRow, and_(of_tenant(session, PayeeRow), col(PayeeRow.entry_id) == LedgerEntry.id))
        .outerjoin(back, and_(of_tenant(session, back), col(back.reverses_id) == LedgerEntry.id))
        .where(
            of_tenant(session, LedgerEntry),
            col(LedgerEntry.loan_id) == loan.id,
            col(LedgerEntry.kind) == EntryKind.DISBURSEMENT,
        )
        .order_by(col(LedgerEntry.id))
    )
    items = [_read(*found) for found in await session.execute(statement)]
    return DisbursementList(items=items, next_cursor=None)


async def check_release(session: AsyncSession, loan: Loan, *, on: date) -> None:
    """Raises ReleaseTooEarly before the first day on which the money of an accepted loan may leave."""
    days = await contracts.calendar(session, loan, await loan_states.signatures(session, loan))
    if days.earliest_release_on is not None and on < days.earliest_release_on:
        raise ReleaseTooEarly(field="disbursed_on", not_before=days.earliest_release_on.isoformat())


async def _check_not_withdrawn(session: AsyncSession, loan: Loan) -> None:
    told = await loan_states.withdrawal(session, loan)
    if told is not None:
        raise AlreadyWithdrawn(withdrawn_on=told.withdrawn_on.isoformat())


async def check_may_pay(session: AsyncSession, loan: Loan, *, on: date) -> None:
    """Raises ReleaseTooEarly, MoreThanLent where nothing is left to be paid out."""
    await _check_not_withdrawn(session, loan)
    await check_release(session, loan, on=on)
    if await running_schedules.left_to_pay_out(session, loan) == 0:
        raise MoreThanLent(field="amount_cents", left_cents=0)


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment as it is told, in cents."""

    amount_cents: int
    disbursed_on: date
    payee: Payee
    reference: str | None


async def _record(session: AsyncSession, loan: Loan, *, caller: Caller, today: date, paid: Paid) -> LedgerEntry:
    accepted_on = await loan_states.reached_on(session, loan, LoanStage.ACCEPTED)
    check_day("disbursed_on", paid.disbursed_on, not_before=accepted_on, today=today)
    await _check_payment(session, loan, paid)
    entry = LedgerEntry(
        tenant_id=loan.tenant_id,
        loan_id=loan.id,
        kind=EntryKind.DISBURSEMENT,
        amount_cents=paid.amount_cents,
        effect_on=paid.disbursed_on,
        reference=paid.reference,
        payee_kind=paid.payee.kind,
        payee_name=paid.payee.name,
        partner_id=loan.partner_id,
        **caller.author,
    )
    await postings.enter(session, loan, entry)
    if loan.stage is LoanStage.ACCEPTED:
        loan_steps.move(session, loan, LoanAction.DISBURSE, caller=caller, effect_on=paid.disbursed_on)
    return entry


async def _check_payment(session: AsyncSession, loan: Loan, paid: Paid) -> None:
    """Raises DueBeforePaid where the loan would be late at birth, RulesBreached for a payee the rules do not name."""
    if loan.stage is LoanStage.ACCEPTED:
        await loan_states.check_due_after(session, loan, paid.disbursed_on)
    version, product = await loan_steps.rules_of(session, loan)
    if product.payee not in (None, paid.payee.kind):
        refuse = Severity.REFUSE
        text = text_of(product, "payee") or version.reference
        raise RulesBreached([Breach("payee", product.payee, paid.payee.kind, refuse, text)])


async def _payee(session: AsyncSession, loan: Loan, payee: DisbursementPayee, *, on: date) -> PayeeRow:
    """What is kept of a payee. Raises OrganisationUnknown, OrganisationClosed, NotASupplier, NoSuchBorrower,
    DateOutOfOrder for an instruction after the payment.
    """
    supplier = await organisations.check_known(session, payee.organisation_id, on=on)
    if supplier is not None and OrganisationKind.SUPPLIER not in supplier.kinds:
        raise NotASupplier
    if payee.instruction_on is not None:
        check_order("disbursed_on", on, not_before=payee.instruction_on)
    person = payee.person or (Party.BORROWER if payee.kind is PayeeKind.BORROWER else None)
    if person is Party.CO_BORROWER:
        request = await session.get_one(Request, (loan.tenant_id, loan.request_id))
        if request.co_applicant_id is None:
            raise NoSuchBorrower(person=person.value)
    return PayeeRow(
        tenant_id=loan.tenant_id,
        **{name: getattr(payee, name) for name in _OF_PAYEE},
        person=person,
        iban_last4=payee.iban[-_IBAN_SHOWN:] if payee.iban else None,
    )


def _read(entry: LedgerEntry, payee: PayeeRow | None, reversed_on: date | None) -> DisbursementRead:
    known = {name: getattr(payee, name, None) for name in (*_OF_PAYEE, "person", "iban_last4")}
    return DisbursementRead(
        id=entry.id,
        amount_cents=entry.amount_cents,
        disbursed_on=entry.effect_on,
        reference=entry.reference,
        payee=PayeeRead(kind=entry.payee_kind, name=entry.payee_name, **known),
        reversed_on=reversed_on,
        entered_at=entry.entered_at,
    )

"""What was paid beyond what was owed on a loan of the CCAS's own funds, and is given back."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.books import books
from app.domain.dates import check_day
from app.domain.disbursement_errors import CreditTooSmall
from app.domain.ledger import EntryKind
from app.domain.loan_lifecycle import LoanAction, after
from app.domain.permissions import Caller
from app.schemas.credit_refunds import CreditRefundCreate
from app.schemas.repayments import LedgerEntryRead
from app.services import loan_books, loan_steps, postings, repayments, schedules
from app.tables import LedgerEntry, Loan


async def create(
    session: AsyncSession, loan_id: UUID, *, caller: Caller, today: date, body: CreditRefundCreate
) -> LedgerEntryRead:
    """Gives a credit back, or a part of it.

    Raises NotFound, PartnerLends, IllegalTransition, CreditTooSmall, DateInFuture.
    """
    loan = await loan_steps.locked_own(session, loan_id)
    check_day("refunded_on", body.refunded_on, not_before=None, today=today)
    await check_credit(session, loan, body.amount_cents, on=body.refunded_on)
    entry = LedgerEntry(
        tenant_id=loan.tenant_id,
        loan_id=loan.id,
        kind=EntryKind.CREDIT_REFUND,
        amount_cents=body.amount_cents,
        effect_on=body.refunded_on,
        reference=body.reference,
        **caller.author,
    )
    await postings.enter(session, loan, entry)
    return await repayments.entry_read(session, entry)


async def check_credit(session: AsyncSession, loan: Loan, amount_cents: int, *, on: date) -> None:
    """Raises IllegalTransition, CreditTooSmall where an amount was not overpaid on a day, or no longer is since."""
    after(loan.stage, LoanAction.REFUND_CREDIT)
    facts = await loan_books.facts(session, loan)
    versions = await schedules.timeline(session, loan)
    slots_on = await schedules.slots_on(session, versions)
    days = {on, *(day for day in (*versions.days, *(fact.effect_on for fact in facts)) if day > on)}
    credit_cents = min(books(facts, slots_on(day), on=day).credit_cents for day in days)
    if amount_cents > credit_cents:
        raise CreditTooSmall(on=on.isoformat(), credit_cents=credit_cents)

"""A partner that paid its loan out, whole or in parts: a fact, recorded as it tells it wherever the loan stands."""

from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.dates import check_day
from app.domain.errors import DisbursementDiffers, ReferenceAlreadyUsed
from app.domain.ledger import EntryKind
from app.domain.lender_reports import ReversedKind
from app.domain.loan_lifecycle import LoanAction
from app.domain.permissions import Caller
from app.schemas.offers import LenderDisbursementCreate, OfferRead
from app.services import lender_books, lender_reversals, offers, postings, running_schedules
from app.tables import LedgerEntry, Loan
from app.tenancy import of_tenant


async def create(
    session: AsyncSession, handoff_id: UUID, *, caller: Caller, today: date, body: LenderDisbursementCreate
) -> OfferRead:
    """Records that the partner paid, before the signatures or after the loan was given up too: that is shown.

    The same reference with the same content is the same payment, never a second one, also once it was taken back.

    Raises NotFound, IllegalTransition where no loan was offered, ReferenceAlreadyUsed, DisbursementDiffers where more
    would be paid than the contract lends, DateInFuture.
    """
    loan = await offers.reported_loan(session, caller, handoff_id, LoanAction.DISBURSE)
    check_day("disbursed_on", body.disbursed_on, not_before=None, today=today)
    if await _is_known(session, loan, body):
        return offers.read(loan, known=True)
    paid = await running_schedules.parts(session, loan, on=date.max)
    is_mistake = await lender_reversals.is_awaited(session, loan, ReversedKind.DISBURSEMENT, body.reference)
    if not is_mistake and sum(cents for _, cents in paid) + body.amount_cents > loan.principal_cents:
        raise DisbursementDiffers(principal_cents=loan.principal_cents)
    entry = LedgerEntry(
        tenant_id=loan.tenant_id,
        loan_id=loan.id,
        kind=EntryKind.DISBURSEMENT,
        amount_cents=body.amount_cents,
        effect_on=body.disbursed_on,
        reference=body.reference,
        payee_kind=body.payee.kind,
        payee_name=body.payee.name,
        partner_id=loan.partner_id,
        **caller.author,
    )
    await postings.enter(session, loan, entry)
    await lender_books.start(session, loan, caller=caller)
    return offers.read(loan)


async def _is_known(session: AsyncSession, loan: Loan, body: LenderDisbursementCreate) -> bool:
    statement = select(LedgerEntry).where(
        of_tenant(session, LedgerEntry),
        col(LedgerEntry.loan_id) == loan.id,
        col(LedgerEntry.kind) == EntryKind.DISBURSEMENT,
        col(LedgerEntry.reference) == body.reference,
    )
    earlier = (await session.scalars(statement)).one_or_none()
    if earlier is None:
        return False
    told = (body.amount_cents, body.disbursed_on, body.payee.kind, body.payee.name)
    if (earlier.amount_cents, earlier.effect_on, earlier.payee_kind, earlier.payee_name) != told:
        raise ReferenceAlreadyUsed
    return True

"""Paying a loan out: the CCAS its own, or a partner that tells of the payment."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.breaches import Breach, Severity
from app.domain.contract_errors import ReleaseTooEarly
from app.domain.dates import check_day
from app.domain.eligibility import text_of
from app.domain.errors import DisbursementDiffers, RulesBreached
from app.domain.ledger import EntryKind
from app.domain.loan_lifecycle import LoanAction, LoanStage, after
from app.domain.permissions import Caller
from app.schemas.loans import DisbursementCreate, LoanRead
from app.schemas.offers import LenderDisbursementCreate, OfferRead
from app.services import contracts, loan_states, loan_steps, offers
from app.tables import LedgerEntry, Loan


async def create(
    session: AsyncSession, loan_id: UUID, *, caller: Caller, today: date, body: DisbursementCreate
) -> LoanRead:
    """Pays a loan of the CCAS's own funds out, whole.

    Raises PartnerLends, IllegalTransition, ReleaseTooEarly, DisbursementDiffers, DateInFuture, DueBeforePaid,
    RulesBreached.
    """
    loan = await loan_steps.locked_own(session, loan_id)
    after(loan.stage, LoanAction.DISBURSE)
    await check_release(session, loan, on=body.disbursed_on)
    await _record(session, loan, caller=caller, today=today, body=body)
    return await loan_states.read(session, loan.id, as_of=today)


async def create_by_lender(
    session: AsyncSession, handoff_id: UUID, *, caller: Caller, today: date, body: LenderDisbursementCreate
) -> OfferRead:
    """Records that the partner paid its loan out, whole, under its own reference, too early or not: a fact reported.

    Raises as `create` does but for ReleaseTooEarly, DateOutOfOrder, NotFound.
    """
    loan = await offers.held_loan(session, caller, handoff_id, LoanAction.DISBURSE)
    await _record(session, loan, caller=caller, today=today, body=body, reference=body.reference)
    return offers.read(loan)


async def check_release(session: AsyncSession, loan: Loan, *, on: date) -> None:
    """Raises ReleaseTooEarly before the first day on which the money of an accepted loan may leave."""
    days = await contracts.calendar(session, loan, await loan_states.signatures(session, loan))
    if days.earliest_release_on is not None and on < days.earliest_release_on:
        raise ReleaseTooEarly(field="disbursed_on", not_before=days.earliest_release_on.isoformat())


async def _record(
    session: AsyncSession,
    loan: Loan,
    *,
    caller: Caller,
    today: date,
    body: DisbursementCreate,
    reference: str | None = None,
) -> None:
    accepted_on = await loan_states.reached_on(session, loan, LoanStage.ACCEPTED)
    after(loan.stage, LoanAction.DISBURSE)
    check_day("disbursed_on", body.disbursed_on, not_before=accepted_on, today=today)
    if body.amount_cents != loan.principal_cents:
        raise DisbursementDiffers(principal_cents=loan.principal_cents)
    await _check_payment(session, loan, body)
    session.add(
        LedgerEntry(
            tenant_id=loan.tenant_id,
            loan_id=loan.id,
            kind=EntryKind.DISBURSEMENT,
            amount_cents=body.amount_cents,
            effect_on=body.disbursed_on,
            reference=reference,
            payee_kind=body.payee.kind,
            payee_name=body.payee.name,
            partner_id=loan.partner_id,
            account_id=caller.staff_account_id,
            partner_client_id=caller.partner_client_id,
        )
    )
    loan_steps.move(session, loan, LoanAction.DISBURSE, caller=caller, effect_on=body.disbursed_on)


async def _check_payment(session: AsyncSession, loan: Loan, body: DisbursementCreate) -> None:
    """Raises DueBeforePaid where the loan would be late at birth, RulesBreached for a payee the rules do not name."""
    await loan_states.check_due_after(session, loan, body.disbursed_on)
    version, product = await loan_steps.rules_of(session, loan)
    if product.payee not in (None, body.payee.kind):
        refuse = Severity.REFUSE
        text = text_of(product, "payee") or version.reference
        raise RulesBreached([Breach("payee", product.payee, body.payee.kind, refuse, text)])

"""What a lender tells of the money of its loan against the contract, or against what it told itself: shown."""

from collections.abc import Iterator, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.contracts import LoanAnomaly
from app.domain.ledger import EntryKind, Fact, PayeeKind, standing
from app.domain.loan_lifecycle import LoanStage
from app.services import loan_steps, returned_debits
from app.tables import LedgerEntry, Loan, Signature
from app.tenancy import of_tenant


async def of_loan(
    session: AsyncSession,
    loan: Loan,
    facts: Sequence[Fact],
    signed: Sequence[Signature],
    stage: LoanStage,
    *,
    first_due_on: date | None,
    on: date,
) -> list[LoanAnomaly]:
    """The anomalies of a partner's loan on a day, from the facts and the signatures known; none of an own one."""
    if loan.partner_id is None:
        return []
    paid = [one for one in standing(facts, on=on) if one.kind is EntryKind.DISBURSEMENT]
    found = list(_of_payments(loan, paid, signed, stage, first_due_on=first_due_on))
    _, product = await loan_steps.rules_of(session, loan)
    if product.payee is not None and await _paid_to_another(session, paid, product.payee):
        found.append(LoanAnomaly.PAID_TO_ANOTHER_PAYEE)
    repaid_on = {one.id: one.effect_on for one in facts if one.kind is EntryKind.REPAYMENT}
    returned = [one for one in facts if one.kind is EntryKind.REVERSAL and one.effect_on <= on]
    if any(one.effect_on < repaid_on[one.reverses_id] for one in returned if one.reverses_id in repaid_on):
        found.append(LoanAnomaly.RETURNED_BEFORE_REPAID)
    waiting = await returned_debits.waiting(session, loan)
    if any(line.returned_on is not None and line.returned_on <= on for line in waiting):
        found.append(LoanAnomaly.RETURN_OF_UNKNOWN_REPAYMENT)
    return found


def _of_payments(
    loan: Loan,
    paid: Sequence[Fact],
    signed: Sequence[Signature],
    stage: LoanStage,
    *,
    first_due_on: date | None,
) -> Iterator[LoanAnomaly]:
    if not paid:
        return
    first = min(one.effect_on for one in paid)
    if stage is LoanStage.CANCELLED:
        yield LoanAnomaly.PAID_AFTER_CANCELLATION
    elif stage is LoanStage.OFFERED or any(first < one.signed_on for one in signed):
        yield LoanAnomaly.PAID_BEFORE_SIGNATURE
    if first_due_on is not None and first > first_due_on:
        yield LoanAnomaly.PAID_AFTER_FIRST_DUE
    if sum(one.amount_cents for one in paid) < loan.principal_cents:
        yield LoanAnomaly.PAID_IN_PART


async def _paid_to_another(session: AsyncSession, paid: Sequence[Fact], payee: PayeeKind) -> bool:
    statement = select(col(LedgerEntry.id)).where(
        of_tenant(session, LedgerEntry),
        col(LedgerEntry.id).in_([one.id for one in paid]),
        col(LedgerEntry.payee_kind) != payee,
    )
    return (await session.scalars(statement.limit(1))).one_or_none() is not None

"""Interest that third parties give back to a borrower at the end of a loan, under the conditions of the rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import borne_interest
from app.domain.amortization import Instalment
from app.domain.borne_interest_errors import AlreadyRefunded, LoanNotRepaid
from app.domain.dates import check_day
from app.domain.ledger import EntryKind, Fact, standing
from app.domain.lenders import RefundCondition
from app.domain.permissions import Caller
from app.schemas.interest_refunds import InterestRefundCreate, InterestRefundList, InterestRefundRead
from app.services import guarantee_facts, lender_facts, loan_books, loan_states, loan_steps, partner_loans
from app.tables import InterestRefund, Loan
from app.tenancy import of_tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class _Repaid:
    """How a loan was repaid: the borrower's rows, the facts, the day that settled it, whether each came on time."""

    rows: Sequence[Instalment]
    facts: Sequence[Fact]
    settled_on: date
    never_late: bool


async def create(
    session: AsyncSession, loan_id: UUID, *, caller: Caller, today: date, body: InterestRefundCreate
) -> InterestRefundRead:
    """Records the refund that the rules of the loan promise, once, of the interest that the borrower paid.

    Raises NotFound, RefundNotPromised, RefundPayerNotNamed, LoanNotRepaid, RefundConditionNotMet, AlreadyRefunded,
    DateInFuture.
    """
    loan = await loan_steps.locked(session, loan_id)
    _, product = await loan_steps.rules_of(session, loan)
    borne_interest.check_promised(product)
    check_day("refunded_on", body.refunded_on, not_before=None, today=today)
    repaid = await _repaid(session, loan, on=body.refunded_on)
    promised = borne_interest.refund(_interest_paid(repaid, loan), product, body.payer, rate_percent=loan.rate_percent)
    for known in await _of_loan(session, loan):
        if known.payer == promised.payer:
            raise AlreadyRefunded(refunded_on=known.refunded_on.isoformat())
    computed = [RefundCondition.FULLY_REPAID, *([RefundCondition.NEVER_LATE] if repaid.never_late else [])]
    borne_interest.check_conditions(promised.conditions, [*computed, *body.attested])
    refund = InterestRefund(
        tenant_id=loan.tenant_id,
        loan_id=loan.id,
        payer=promised.payer,
        amount_cents=promised.cents,
        refunded_on=body.refunded_on,
        reference=body.reference,
        conditions=[condition.value for condition in promised.conditions],
        account_id=caller.account_id,
    )
    session.add(refund)
    loan.version += 1
    return InterestRefundRead.model_validate(refund)


async def list_of_loan(session: AsyncSession, loan_id: UUID) -> InterestRefundList:
    """The refunds of a loan. Raises NotFound."""
    loan = await loan_steps.load(session, loan_id)
    items = [InterestRefundRead.model_validate(one) for one in await _of_loan(session, loan)]
    return InterestRefundList(items=items, next_cursor=None)


async def _of_loan(session: AsyncSession, loan: Loan) -> Sequence[InterestRefund]:
    statement = (
        select(InterestRefund)
        .where(of_tenant(session, InterestRefund), col(InterestRefund.loan_id) == loan.id)
        .order_by(col(InterestRefund.id))
    )
    return (await session.scalars(statement)).all()


async def _repaid(session: AsyncSession, loan: Loan, *, on: date) -> _Repaid:
    """How the loan was repaid by a day. Raises LoanNotRepaid; one of which a loss was told never was."""
    _, rows = await loan_states.borrower_rows(session, loan)
    facts = await loan_books.facts(session, loan)
    lent = await partner_loans.paid_out(session, loan_id=loan.id)
    settled = lent[0].settled_on() if lent else await loan_books.settled_on(session, loan, on=on)
    lost = (await guarantee_facts.of_loans(session, [loan.id])).claimed() or any(
        fact.kind is EntryKind.LOSS for fact in facts
    )
    if settled is None or settled > on or lost:
        raise LoanNotRepaid(on=on.isoformat())
    unpaid = await lender_facts.told_unpaid(session, loan, date.max)
    return _Repaid(
        rows=rows,
        facts=facts,
        settled_on=settled,
        never_late=not unpaid and borne_interest.never_late(rows, facts, until=settled),
    )


def _interest_paid(repaid: _Repaid, loan: Loan) -> list[Instalment]:
    known = standing(repaid.facts, on=repaid.settled_on)
    paid = sum(fact.amount_cents for fact in known if fact.kind is EntryKind.REPAYMENT) - loan.principal_cents
    return borne_interest.interest_paid(
        repaid.rows,
        settled=repaid.settled_on,
        disbursed_on=min(fact.effect_on for fact in known),
        paid_cents=max(0, paid),
    )

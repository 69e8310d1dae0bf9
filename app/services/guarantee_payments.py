"""What guarantors pay on the claims made on them."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.dates import check_day
from app.domain.errors import NotFound, ReferenceAlreadyUsed
from app.domain.guarantee_errors import PaymentAboveClaim
from app.domain.permissions import Caller
from app.schemas.guarantee_claims import GuaranteeReversalCreate
from app.schemas.guarantee_payments import GuaranteePaymentCreate, GuaranteePaymentRead
from app.services import guarantee_claims, guarantee_facts, loan_steps
from app.services.guarantee_facts import Facts
from app.tables import GuaranteeClaim, GuaranteePayment, GuaranteeReversal


async def create(
    session: AsyncSession, claim_id: UUID, *, caller: Caller, today: date, body: GuaranteePaymentCreate
) -> GuaranteePaymentRead:
    """Records what the guarantor paid; the same reference with the same content is the same payment.

    Raises NotFound, GuaranteeEntryReversed, ReferenceAlreadyUsed, PaymentAboveClaim, DateOutOfOrder, DateInFuture.
    """
    claim, facts = await _locked(session, claim_id)
    facts.check_standing(claim)
    check_day("paid_on", body.paid_on, not_before=claim.lost_on, today=today)
    earlier = [one for one in facts.payments if (one.claim_id, one.reference) == (claim.id, body.reference)]
    standing = facts.standing(earlier)
    if standing:
        if (standing[0].amount_cents, standing[0].paid_on) != (body.amount_cents, body.paid_on):
            raise ReferenceAlreadyUsed
        return _read(facts, standing[0])
    left = facts.state(claim).left_cents
    if body.amount_cents > left:
        raise PaymentAboveClaim(left_cents=left)
    payment = GuaranteePayment(
        tenant_id=claim.tenant_id,
        claim_id=claim.id,
        reference_use=len(earlier) + 1,
        account_id=caller.account_id,
        **body.model_dump(),
    )
    session.add(payment)
    return _read(facts, payment)


async def reverse(
    session: AsyncSession,
    claim_id: UUID,
    payment_id: UUID,
    *,
    caller: Caller,
    today: date,
    body: GuaranteeReversalCreate,
) -> GuaranteePaymentRead:
    """Takes a payment back, once. Raises NotFound, GuaranteeEntryReversed, DateOutOfOrder, DateInFuture."""
    claim, facts = await _locked(session, claim_id)
    payment = next((one for one in facts.payments if (one.id, one.claim_id) == (payment_id, claim.id)), None)
    if payment is None:
        raise NotFound
    facts.check_standing(payment)
    check_day("reversed_on", body.reversed_on, not_before=payment.paid_on, today=today)
    taken_back = GuaranteeReversal(
        tenant_id=claim.tenant_id, payment_id=payment.id, account_id=caller.account_id, **body.model_dump()
    )
    session.add(taken_back)
    facts.reversals[payment.id] = taken_back
    return _read(facts, payment)


async def _locked(session: AsyncSession, claim_id: UUID) -> tuple[GuaranteeClaim, Facts]:
    claim = await guarantee_claims.load(session, claim_id)
    loan = await loan_steps.locked(session, claim.loan_id)
    loan.version += 1
    return claim, await guarantee_facts.of_loans(session, [loan.id])


def _read(facts: Facts, payment: GuaranteePayment) -> GuaranteePaymentRead:
    return GuaranteePaymentRead(**payment.model_dump(), reversed_on=facts.reversed_on(payment))

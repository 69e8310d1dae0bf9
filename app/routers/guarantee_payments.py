"""What guarantors pay on the claims made on them."""

from fastapi import status

from app.dependencies import Caller, ClaimId, GuaranteePaymentId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.guarantee_claims import GuaranteeReversalCreate
from app.schemas.guarantee_payments import GuaranteePaymentCreate, GuaranteePaymentRead
from app.services import guarantee_payments

router = strict_router("/v1/guarantee-claims/{claim_id}/payments", "guarantees")


@router.post("", status_code=status.HTTP_201_CREATED, summary="A guarantor pays")
async def create(
    session: Transaction, caller: Caller, today: Today, claim_id: ClaimId, body: GuaranteePaymentCreate
) -> GuaranteePaymentRead:
    """Whole or in part, never more than is left of the claim."""
    return await guarantee_payments.create(session, claim_id, caller=caller, today=today, body=body)


@router.post(
    "/{guarantee_payment_id}/reversal", status_code=status.HTTP_201_CREATED, summary="A guarantor's payment taken back"
)
async def reverse(
    session: Transaction,
    caller: Caller,
    today: Today,
    claim_id: ClaimId,
    guarantee_payment_id: GuaranteePaymentId,
    body: GuaranteeReversalCreate,
) -> GuaranteePaymentRead:
    """Once, where it was entered in error."""
    return await guarantee_payments.reverse(
        session, claim_id, guarantee_payment_id, caller=caller, today=today, body=body
    )

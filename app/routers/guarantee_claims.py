"""Calls on the guarantors of a loan."""

from fastapi import status

from app.dependencies import Caller, ClaimId, LoanId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.guarantee_claims import (
    GuaranteeClaimCreate,
    GuaranteeClaimList,
    GuaranteeClaimRead,
    GuaranteeReversalCreate,
)
from app.services import guarantee_claims

router = strict_router("/v1", "guarantees")


@router.post(
    "/loans/{loan_id}/guarantee-claims", status_code=status.HTTP_201_CREATED, summary="A loss, and a guarantor called"
)
async def create(
    session: Transaction, caller: Caller, today: Today, loan_id: LoanId, body: GuaranteeClaimCreate
) -> GuaranteeClaimRead:
    """As the bank's letter tells the loss; the claim is what the rules of the loan have the guarantor cover of it."""
    return await guarantee_claims.create(session, loan_id, caller=caller, today=today, body=body)


@router.get("/loans/{loan_id}/guarantee-claims", summary="The claims of a loan")
async def list_(session: Transaction, caller: Caller, loan_id: LoanId) -> GuaranteeClaimList:
    """In the order in which they were entered."""
    return await guarantee_claims.list_of_loan(session, loan_id)


@router.get("/guarantee-claims/{claim_id}", summary="One claim")
async def read(session: Transaction, caller: Caller, claim_id: ClaimId) -> GuaranteeClaimRead:
    """With what was paid on it and what is left."""
    return await guarantee_claims.read(session, claim_id)


@router.post("/guarantee-claims/{claim_id}/reversal", status_code=status.HTTP_201_CREATED, summary="A claim taken back")
async def reverse(
    session: Transaction, caller: Caller, today: Today, claim_id: ClaimId, body: GuaranteeReversalCreate
) -> GuaranteeClaimRead:
    """Once, where it was entered in error and nothing was paid or recovered on it."""
    return await guarantee_claims.reverse(session, claim_id, caller=caller, today=today, body=body)

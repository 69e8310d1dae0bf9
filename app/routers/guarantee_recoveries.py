"""What the lender recovered after a loss that guarantors bore with it."""

from fastapi import status

from app.dependencies import Caller, GuaranteeRecoveryId, LoanId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.guarantee_claims import GuaranteeReversalCreate
from app.schemas.guarantee_recoveries import GuaranteeRecoveryCreate, GuaranteeRecoveryList, GuaranteeRecoveryRead
from app.services import guarantee_recoveries

router = strict_router("/v1/loans/{loan_id}/guarantee-recoveries", "guarantees")


@router.post("", status_code=status.HTTP_201_CREATED, summary="Money recovered after a loss")
async def create(
    session: Transaction, caller: Caller, today: Today, loan_id: LoanId, body: GuaranteeRecoveryCreate
) -> GuaranteeRecoveryRead:
    """Shared back as the guarantors and the lender bear the loss."""
    return await guarantee_recoveries.create(session, loan_id, caller=caller, today=today, body=body)


@router.get("", summary="The recoveries on a loan")
async def list_(session: Transaction, caller: Caller, loan_id: LoanId) -> GuaranteeRecoveryList:
    """In the order in which they were entered."""
    return await guarantee_recoveries.list_of_loan(session, loan_id)


@router.post("/{guarantee_recovery_id}/reversal", status_code=status.HTTP_201_CREATED, summary="A recovery taken back")
async def reverse(
    session: Transaction,
    caller: Caller,
    today: Today,
    loan_id: LoanId,
    guarantee_recovery_id: GuaranteeRecoveryId,
    body: GuaranteeReversalCreate,
) -> GuaranteeRecoveryRead:
    """Once, where it was entered in error."""
    return await guarantee_recoveries.reverse(
        session, loan_id, guarantee_recovery_id, caller=caller, today=today, body=body
    )

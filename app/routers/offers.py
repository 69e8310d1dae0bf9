"""The loan of a partner: its offer, and the payment of it."""

from fastapi import status

from app.dependencies import Caller, HandoffId, TodayAtCcas, Transaction
from app.routing import router as strict_router
from app.schemas.offers import LenderDisbursementCreate, OfferCreate, OfferRead
from app.services import lender_disbursements, offers

router = strict_router("/v1/partner/handoffs/{handoff_id}", "offers")


@router.post("/offers", status_code=status.HTTP_201_CREATED, summary="The lender offers its loan")
async def create(
    session: Transaction, caller: Caller, today: TodayAtCcas, handoff_id: HandoffId, body: OfferCreate
) -> OfferRead:
    """With its own rows, within the agreement and the rules of the CCAS."""
    return await offers.create(session, handoff_id, caller=caller, today=today, body=body)


@router.post("/disbursements", status_code=status.HTTP_201_CREATED, summary="The lender paid its loan out")
async def disburse(
    session: Transaction, caller: Caller, today: TodayAtCcas, handoff_id: HandoffId, body: LenderDisbursementCreate
) -> OfferRead:
    """Whole or in part, under its own reference: a fact, recorded wherever the loan stands."""
    return await lender_disbursements.create(session, handoff_id, caller=caller, today=today, body=body)

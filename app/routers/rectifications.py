"""Rectifications of a decision."""

from fastapi import status

from app.dependencies import Caller, DecisionId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.rectifications import RectificationCreate, RectificationList, RectificationRead
from app.services import rectifications

router = strict_router("/v1/decisions/{decision_id}/rectifications", "decisions")


@router.post("", status_code=status.HTTP_201_CREATED, summary="A decision is corrected, withdrawn or abrogated")
async def create(
    session: Transaction, caller: Caller, today: Today, decision_id: DecisionId, body: RectificationCreate
) -> RectificationRead:
    """The decision stays as it was taken; one that is withdrawn or abrogated is decided anew."""
    return await rectifications.create(session, decision_id, caller=caller, today=today, body=body)


@router.get("", summary="The rectifications of a decision")
async def list_(session: Transaction, caller: Caller, decision_id: DecisionId) -> RectificationList:
    """The oldest first."""
    return await rectifications.list_all(session, decision_id)

"""Ratifications of decisions that were taken ahead of a session."""

from fastapi import status

from app.dependencies import Caller, DecisionId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.ratifications import RatificationCreate, RatificationRead
from app.services import ratifications

router = strict_router("/v1", "decisions")


@router.post(
    "/decisions/{decision_id}/ratifications",
    status_code=status.HTTP_201_CREATED,
    summary="What the session answered on a decision taken ahead of it",
)
async def create(
    session: Transaction, caller: Caller, today: Today, decision_id: DecisionId, body: RatificationCreate
) -> RatificationRead:
    """Ratified, it takes effect; otherwise the file is before the commission again."""
    return await ratifications.create(session, decision_id, caller=caller, today=today, body=body)

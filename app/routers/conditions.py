"""Conditions precedent of decisions."""

from fastapi import status

from app.dependencies import Caller, ConditionNumber, DecisionId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.conditions import ConditionMetCreate, ConditionRead
from app.services import conditions

router = strict_router("/v1", "decisions")


@router.post(
    "/decisions/{decision_id}/conditions/{condition_number}/met",
    status_code=status.HTTP_201_CREATED,
    summary="A condition of a decision is met",
)
async def meet(
    session: Transaction,
    caller: Caller,
    today: Today,
    decision_id: DecisionId,
    condition_number: ConditionNumber,
    body: ConditionMetCreate,
) -> ConditionRead:
    """All of them, before a contract is offered or the file goes to the lender."""
    return await conditions.meet(session, decision_id, condition_number, caller=caller, today=today, body=body)

"""The budget of a request over the term of a loan that is only imagined."""

from typing import Annotated

from fastapi import Query

from app.dependencies import Caller, RequestId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.budget_projections import ProjectionQuery, ProjectionRead
from app.services import budget_projections

router = strict_router("/v1/requests/{request_id}/budget/projection", "plans")


@router.get("", summary="The month of the household over the term of a loan")
async def read(
    session: Transaction,
    caller: Caller,
    today: Today,
    request_id: RequestId,
    query: Annotated[ProjectionQuery, Query()],
) -> ProjectionRead:
    """What is left to live on and what debts take, before the instalment and after it; stores nothing."""
    return await budget_projections.read(session, request_id, today=today, query=query)

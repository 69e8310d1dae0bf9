"""What was decided over a time, counted."""

from typing import Annotated

from fastapi import Query

from app.dependencies import Caller, Today, Transaction
from app.routing import router as strict_router
from app.schemas.decision_figures import DecisionFiguresQuery, DecisionFiguresRead
from app.services import decision_figures

router = strict_router("/v1/decisions/figures", "decisions")


@router.get("", summary="Decisions counted")
async def read(
    session: Transaction, caller: Caller, today: Today, query: Annotated[DecisionFiguresQuery, Query()]
) -> DecisionFiguresRead:
    """By outcome; the loans decided are those contracted and those that are not, some of them for long."""
    return await decision_figures.read(session, today=today, query=query)

"""Loans of own funds counted."""

from typing import Annotated

from fastapi import Query

from app.dependencies import Caller, Today, Transaction
from app.routing import router as strict_router
from app.schemas.loan_figures import PortfolioQuery, PortfolioRead
from app.services import loan_figures

router = strict_router("/v1/loans/figures", "loans")


@router.get("", summary="Loans counted")
async def read(
    session: Transaction, caller: Caller, today: Today, query: Annotated[PortfolioQuery, Query()]
) -> PortfolioRead:
    """Contracted over a time: settled and why, erased, active and how; and where the money is."""
    return await loan_figures.read(session, today=today, query=query)

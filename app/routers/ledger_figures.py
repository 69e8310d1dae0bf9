"""What is left to recover, and the accounts behind it."""

from typing import Annotated

from fastapi import Query

from app.dependencies import Caller, Today, Transaction
from app.routing import router as strict_router
from app.schemas.ledger_figures import OutstandingQuery, OutstandingRead
from app.services import ledger_figures

router = strict_router("/v1/figures/outstanding", "accounting")


@router.get("", summary="What is left to recover on a day")
async def read(
    session: Transaction, caller: Caller, today: Today, query: Annotated[OutstandingQuery, Query()]
) -> OutstandingRead:
    """Loan by loan, with the account of loans (274) and the trial balance; as it was known at an instant."""
    return await ledger_figures.read(session, caller=caller, today=today, query=query)

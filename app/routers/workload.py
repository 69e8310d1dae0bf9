"""How much work there is, and for how many posts."""

from typing import Annotated

from fastapi import Query

from app.dependencies import Caller, Today, Transaction
from app.routing import router as strict_router
from app.schemas.workload import WorkloadQuery, WorkloadRead
from app.services import workload

router = strict_router("/v1/workload", "workload")


@router.get("", summary="The workload of a period")
async def read(
    session: Transaction, caller: Caller, today: Today, query: Annotated[WorkloadQuery, Query()]
) -> WorkloadRead:
    """By referent, for the whole, for one full-time post, and by commune; the last twelve months unless told."""
    return await workload.read(session, caller=caller, today=today, query=query)

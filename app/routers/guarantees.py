"""What guarantors are exposed to."""

from typing import Annotated

from fastapi import Query

from app.dependencies import Caller, Today, Transaction
from app.routing import router as strict_router
from app.schemas.guarantees import GuaranteeList, GuaranteeQuery
from app.services import guarantees

router = strict_router("/v1/guarantees", "guarantees")


@router.get("", summary="The guarantors of the loans of partners")
async def list_(
    session: Transaction, caller: Caller, today: Today, query: Annotated[GuaranteeQuery, Query()]
) -> GuaranteeList:
    """Exposure, calls, and what is left under each cap; what the rules do not state is named and not computed."""
    return await guarantees.list_all(session, today=today, query=query)

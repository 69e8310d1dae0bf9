"""What happened to what a partner was handed, read instead of being pushed."""

from typing import Annotated

from fastapi import Query

from app.dependencies import Caller, Transaction
from app.routing import router as strict_router
from app.schemas.events import EventQuery
from app.schemas.partner_events import PartnerEventList
from app.services import partner_events

router = strict_router("/v1/partner/events", "partner events")


@router.get("", summary="What happened after a position, oldest first")
async def list_(session: Transaction, caller: Caller, query: Annotated[EventQuery, Query()]) -> PartnerEventList:
    """The bodies that webhooks are sent, whether or not there is one: whoever reads all of them knows as much."""
    return await partner_events.list_after(session, caller=caller, query=query)

"""The log of events of a CCAS."""

from typing import Annotated

from fastapi import Query

from app.dependencies import Caller, Transaction
from app.routing import router as strict_router
from app.schemas.events import EventList, EventQuery
from app.services import events

router = strict_router("/v1/events", "events")


@router.get("", summary="What happened after a position, oldest first")
async def list_(session: Transaction, caller: Caller, query: Annotated[EventQuery, Query()]) -> EventList:
    """Steps of requests, handoffs and loans: identifiers and states, of the communes that the caller sees."""
    return await events.list_after(session, query=query)

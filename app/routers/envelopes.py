"""The yearly envelopes of loans and of grants."""

from typing import Annotated

from fastapi import Query, status

from app.dependencies import Caller, Today, Transaction
from app.routing import router as strict_router
from app.schemas.envelopes import EnvelopeCreate, EnvelopeEntryRead, EnvelopeList, EnvelopeQuery
from app.services import envelopes

router = strict_router("/v1/envelopes", "envelopes")


@router.post("", status_code=status.HTTP_201_CREATED, summary="What was voted for a year")
async def create(session: Transaction, caller: Caller, today: Today, body: EnvelopeCreate) -> EnvelopeEntryRead:
    """It replaces what was voted before, which is kept; never less than what decisions already hold."""
    return await envelopes.create(session, caller=caller, today=today, body=body)


@router.get("", summary="The envelopes of a year")
async def list_(session: Transaction, caller: Caller, query: Annotated[EnvelopeQuery, Query()]) -> EnvelopeList:
    """With what is reserved, consumed and left; where none was voted, nothing is checked."""
    return await envelopes.list_all(session, query=query)

"""Positions of the public accountant on the loans of own funds."""

from typing import Annotated

from fastapi import Query, status

from app.dependencies import Answer, Caller, Today, Transaction
from app.routing import router as strict_router
from app.schemas.base import Page, PageQuery
from app.schemas.positions import PositionCreate, PositionRead
from app.services import positions

router = strict_router("/v1/positions", "repayments")


@router.post("", status_code=status.HTTP_201_CREATED, summary="A position of the public accountant")
async def create(session: Transaction, caller: Caller, today: Today, body: PositionCreate) -> PositionRead:
    """What fell due by that day and is not told as paid is unpaid from then on."""
    return await positions.create(session, caller=caller, today=today, body=body)


@router.get("", summary="Positions, newest first")
async def list_(
    session: Transaction, caller: Caller, answer: Answer, query: Annotated[PageQuery, Query()]
) -> Page[PositionRead]:
    """The largest day is the one that counts."""
    return answer.linked(await positions.list_page(session, query=query))

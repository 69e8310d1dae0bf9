"""Workshops (ateliers collectifs), held or to come."""

from typing import Annotated

from fastapi import Query, status

from app.dependencies import Answer, Caller, IfMatch, Today, Transaction, WorkshopId
from app.routing import refusals
from app.routing import router as strict_router
from app.schemas.base import Page, PageQuery
from app.schemas.workshops import WorkshopCreate, WorkshopRead, WorkshopUpdate
from app.services import workshops

router = strict_router("/v1/workshops", "workshops")


@router.post("", status_code=status.HTTP_201_CREATED, summary="A workshop")
async def create(session: Transaction, caller: Caller, body: WorkshopCreate, answer: Answer) -> WorkshopRead:
    """Held by the CCAS, or by an organisation of its directory that holds workshops."""
    return answer.tagged(await workshops.create(session, caller=caller, body=body))


@router.get("", summary="Workshops, newest entry first")
async def list_(
    session: Transaction, caller: Caller, answer: Answer, query: Annotated[PageQuery, Query()]
) -> Page[WorkshopRead]:
    """Each with how many people are registered, attended, missed it or were excused."""
    return answer.linked(await workshops.list_page(session, query=query))


@router.get("/{workshop_id}", summary="One workshop")
async def read(session: Transaction, caller: Caller, workshop_id: WorkshopId, answer: Answer) -> WorkshopRead:
    """With how many people are registered, attended, missed it or were excused."""
    return answer.tagged(await workshops.read(session, workshop_id))


@router.patch("/{workshop_id}", summary="A change of a workshop", responses=refusals(412, 428))
async def update(
    session: Transaction,
    caller: Caller,
    today: Today,
    workshop_id: WorkshopId,
    version: IfMatch,
    body: WorkshopUpdate,
    answer: Answer,
) -> WorkshopRead:
    """What is not named stays."""
    return answer.tagged(await workshops.update(session, workshop_id, version=version, today=today, body=body))

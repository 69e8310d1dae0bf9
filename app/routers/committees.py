"""Committees (commissions permanentes)."""

from typing import Annotated

from fastapi import Query, status

from app.dependencies import Answer, Caller, CommitteeId, IfMatch, Transaction
from app.routing import refusals
from app.routing import router as strict_router
from app.schemas.base import Page, PageQuery
from app.schemas.committees import CommitteeCreate, CommitteeRead, CommitteeUpdate
from app.services import committees

router = strict_router("/v1/committees", "committees")


@router.post("", status_code=status.HTTP_201_CREATED, summary="A committee")
async def create(session: Transaction, caller: Caller, body: CommitteeCreate, answer: Answer) -> CommitteeRead:
    """The body that decides, and the deliberation that set it up."""
    return answer.tagged(await committees.create(session, caller=caller, body=body))


@router.get("", summary="Committees, newest entry first")
async def list_(
    session: Transaction, caller: Caller, answer: Answer, query: Annotated[PageQuery, Query()]
) -> Page[CommitteeRead]:
    """All those of the CCAS."""
    return answer.linked(await committees.list_page(session, query=query))


@router.get("/{committee_id}", summary="One committee")
async def read(session: Transaction, caller: Caller, committee_id: CommitteeId, answer: Answer) -> CommitteeRead:
    """With its ETag."""
    return answer.tagged(await committees.read(session, committee_id))


@router.patch("/{committee_id}", summary="A change of a committee", responses=refusals(412, 428))
async def update(
    session: Transaction,
    caller: Caller,
    committee_id: CommitteeId,
    version: IfMatch,
    body: CommitteeUpdate,
    answer: Answer,
) -> CommitteeRead:
    """What is not named stays."""
    return answer.tagged(await committees.update(session, committee_id, version=version, body=body))

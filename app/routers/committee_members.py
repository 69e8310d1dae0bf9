"""The terms of office of the members of a committee."""

from typing import Annotated

from fastapi import Query, status

from app.dependencies import Answer, Caller, CommitteeId, MemberId, Transaction
from app.routing import router as strict_router
from app.schemas.base import Page, PageQuery
from app.schemas.committee_members import MemberCreate, MemberEnd, MemberRead
from app.services import committee_members

router = strict_router("/v1/committees/{committee_id}/members", "committees")


@router.post("", status_code=status.HTTP_201_CREATED, summary="A term of office")
async def create(session: Transaction, caller: Caller, committee_id: CommitteeId, body: MemberCreate) -> MemberRead:
    """With a vote or a voice alone; one chair on a day."""
    return await committee_members.create(session, committee_id, caller=caller, body=body)


@router.get("", summary="The terms of office, newest entry first")
async def list_(
    session: Transaction,
    caller: Caller,
    committee_id: CommitteeId,
    answer: Answer,
    query: Annotated[PageQuery, Query()],
) -> Page[MemberRead]:
    """Those that are over among them."""
    return answer.linked(await committee_members.list_page(session, committee_id, query=query))


@router.post("/{member_id}/end", status_code=status.HTTP_201_CREATED, summary="A term of office ends")
async def end(
    session: Transaction, caller: Caller, committee_id: CommitteeId, member_id: MemberId, body: MemberEnd
) -> MemberRead:
    """Once, and not before a session that the member attended."""
    return await committee_members.end(session, committee_id, member_id, caller=caller, body=body)

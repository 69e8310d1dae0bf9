"""The terms of office of the members of a committee: added, ended, never changed."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.committee_errors import ChairTaken, NotInOffice, TermEnded
from app.domain.dates import check_order
from app.domain.errors import NotFound
from app.domain.meeting_errors import AccountUnknown
from app.domain.permissions import Caller
from app.schemas.base import Page, PageQuery
from app.schemas.committee_members import MemberCreate, MemberEnd, MemberRead
from app.services import committees
from app.services.pages import page
from app.tables import Account, CommitteeMember, CommitteeSession, SessionAttendance
from app.tenancy import of_tenant

_COLUMNS = [
    col(CommitteeMember.member_account_id).label("account_id"),
    col(CommitteeMember.ended_by).is_not(None).label("ended"),
    *(
        getattr(CommitteeMember, name)
        for name in MemberRead.model_fields
        if name in CommitteeMember.model_fields and name != "account_id"
    ),
]
_ITEMS = TypeAdapter(list[MemberRead])


async def create(session: AsyncSession, committee_id: UUID, *, caller: Caller, body: MemberCreate) -> MemberRead:
    """A term of office. Raises NotFound, AccountUnknown, ChairTaken."""
    committee = await committees.locked(session, committee_id)
    if body.account_id is not None and await session.get(Account, (committee.tenant_id, body.account_id)) is None:
        raise AccountUnknown(field="account_id")
    if body.chair:
        await _check_no_other_chair(session, committee.id, body)
    member = CommitteeMember(
        tenant_id=committee.tenant_id,
        committee_id=committee.id,
        member_account_id=body.account_id,
        account_id=caller.account_id,
        **body.model_dump(exclude={"account_id"}),
    )
    session.add(member)
    return _read(member)


async def list_page(session: AsyncSession, committee_id: UUID, *, query: PageQuery) -> Page[MemberRead]:
    """All the terms, those that are over among them, newest entry first. Raises NotFound, CursorNotOurs."""
    committee = await committees.load(session, committee_id)
    statement = select(*_COLUMNS).where(col(CommitteeMember.committee_id) == committee.id)
    return await page(session, statement, CommitteeMember, query=query, items=_ITEMS, parent_id=committee.id)


async def end(
    session: AsyncSession, committee_id: UUID, member_id: UUID, *, caller: Caller, body: MemberEnd
) -> MemberRead:
    """Ends a term, on its last day. Raises NotFound, TermEnded, DateOutOfOrder before a session they attended."""
    committee = await committees.locked(session, committee_id)
    key = (committee.tenant_id, member_id)
    member = await session.get(CommitteeMember, key, with_for_update=True, populate_existing=True)
    if member is None or member.committee_id != committee.id:
        raise NotFound
    if member.ended_by is not None or (member.term_to is not None and member.term_to < body.term_to):
        raise TermEnded
    sat_on = await _last_sat_on(session, member)
    check_order("term_to", body.term_to, not_before=max(member.term_from, sat_on or member.term_from))
    member.term_to, member.ended_by = body.term_to, caller.account_id
    return _read(member)


async def in_office(session: AsyncSession, committee_id: UUID, *, on: date) -> Sequence[CommitteeMember]:
    """The members of a day, the chair first, then those with a vote, by name."""
    statement = (
        select(CommitteeMember)
        .where(
            of_tenant(session, CommitteeMember),
            col(CommitteeMember.committee_id) == committee_id,
            col(CommitteeMember.term_from) <= on,
            or_(col(CommitteeMember.term_to).is_(None), col(CommitteeMember.term_to) >= on),
        )
        .order_by(
            col(CommitteeMember.chair).desc(),
            col(CommitteeMember.capacity).desc(),
            col(CommitteeMember.name),
            col(CommitteeMember.id),
        )
    )
    return (await session.scalars(statement)).all()


def check_in_office(members: Sequence[CommitteeMember], member_id: UUID, *, field: str, on: date) -> CommitteeMember:
    """The member of that identifier among those of a day. Raises NotInOffice."""
    for member in members:
        if member.id == member_id:
            return member
    raise NotInOffice(field=field, held_on=on.isoformat())


async def _check_no_other_chair(session: AsyncSession, committee_id: UUID, body: MemberCreate) -> None:
    statement = select(col(CommitteeMember.id)).where(
        of_tenant(session, CommitteeMember),
        col(CommitteeMember.committee_id) == committee_id,
        col(CommitteeMember.chair),
        or_(col(CommitteeMember.term_to).is_(None), col(CommitteeMember.term_to) >= body.term_from),
    )
    if body.term_to is not None:
        statement = statement.where(col(CommitteeMember.term_from) <= body.term_to)
    if (await session.scalars(statement.limit(1))).one_or_none() is not None:
        raise ChairTaken


async def _last_sat_on(session: AsyncSession, member: CommitteeMember) -> date | None:
    """The day of the last session for which something is known of the member."""
    of_session = (col(CommitteeSession.tenant_id) == SessionAttendance.tenant_id) & (
        col(CommitteeSession.id) == SessionAttendance.session_id
    )
    statement = (
        select(func.max(CommitteeSession.held_on))
        .join(SessionAttendance, of_session)
        .where(of_tenant(session, SessionAttendance), col(SessionAttendance.member_id) == member.id)
    )
    return (await session.scalars(statement)).one()


def _read(member: CommitteeMember) -> MemberRead:
    fields = member.model_dump(include=set(MemberRead.model_fields) - {"account_id"})
    return MemberRead(**fields, account_id=member.member_account_id, ended=member.ended_by is not None)

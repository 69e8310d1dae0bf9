"""Sessions of committees (séances): planned, convened, opened with a quorum, or cancelled."""

from datetime import date
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.committee_errors import CannotChair, ChairMissing, ChairPresent
from app.domain.dates import check_day, check_order
from app.domain.permissions import Caller
from app.domain.session_lifecycle import SessionAction, SessionStatus, after
from app.schemas.base import Page, PageQuery
from app.schemas.sessions import (
    SessionCancellation,
    SessionConvening,
    SessionCreate,
    SessionItem,
    SessionOpening,
    SessionRead,
)
from app.services import agenda_items, committee_members, committees, seats
from app.services import session_steps as steps
from app.services.pages import page
from app.services.seats import Seats
from app.tables import CommitteeMember, CommitteeSession
from app.tenancy import bound_tenant

_COLUMNS = [getattr(CommitteeSession, name) for name in SessionItem.model_fields]
_ITEMS = TypeAdapter(list[SessionItem])
_PLAIN_FIELDS = set(SessionRead.model_fields) - {"members_in_office", "members_present", "quorum"}


async def create(session: AsyncSession, committee_id: UUID, *, caller: Caller, body: SessionCreate) -> SessionRead:
    """Plans a session, or enters one that was held. Raises NotFound."""
    committee = await committees.load(session, committee_id)
    sitting = CommitteeSession(
        tenant_id=bound_tenant(session),
        committee_id=committee.id,
        status=SessionStatus.PLANNED,
        account_id=caller.account_id,
        **body.model_dump(),
    )
    session.add(sitting)
    return await _read(session, sitting)


async def list_page(session: AsyncSession, committee_id: UUID, *, query: PageQuery) -> Page[SessionItem]:
    """The sessions of a committee, newest entry first. Raises NotFound, CursorNotOurs."""
    committee = await committees.load(session, committee_id)
    statement = select(*_COLUMNS).where(col(CommitteeSession.committee_id) == committee.id)
    return await page(session, statement, CommitteeSession, query=query, items=_ITEMS, parent_id=committee.id)


async def read(session: AsyncSession, committee_id: UUID, session_id: UUID) -> SessionRead:
    """One session, or NotFound."""
    return await _read(session, await steps.load(session, committee_id, session_id))


async def convene(
    session: AsyncSession, committee_id: UUID, session_id: UUID, *, caller: Caller, today: date, body: SessionConvening
) -> SessionRead:
    """The convocations have left. Raises NotFound, IllegalTransition, DateInFuture, DateOutOfOrder."""
    sitting = await steps.locked(session, committee_id, session_id)
    after(sitting.status, SessionAction.CONVENE)
    check_day("convened_on", body.convened_on, not_before=None, today=today)
    check_order("held_on", sitting.held_on, not_before=body.convened_on)
    sitting.convened_on = body.convened_on
    await agenda_items.add_ratifications(session, sitting, caller=caller)
    steps.move(session, sitting, SessionAction.CONVENE, caller=caller, effect_on=body.convened_on)
    return await _read(session, sitting)


async def open_(
    session: AsyncSession, committee_id: UUID, session_id: UUID, *, caller: Caller, today: date, body: SessionOpening
) -> SessionRead:
    """The session begins, on its day, with its quorum and whoever chairs it.

    Raises NotFound, IllegalTransition, DateInFuture, NoQuorum, NotInOffice, CannotChair, ChairMissing, ChairPresent.
    """
    sitting = await steps.locked(session, committee_id, session_id)
    after(sitting.status, SessionAction.OPEN)
    check_day("held_on", sitting.held_on, not_before=None, today=today)
    seated = await seats.of_session(session, sitting)
    seated.check_quorum()
    sitting.chaired_by = _chairing(seated, body.chaired_by, on=sitting.held_on).id
    await agenda_items.add_ratifications(session, sitting, caller=caller)
    steps.move(session, sitting, SessionAction.OPEN, caller=caller, effect_on=sitting.held_on)
    return await _read(session, sitting)


async def cancel(
    session: AsyncSession,
    committee_id: UUID,
    session_id: UUID,
    *,
    caller: Caller,
    today: date,
    body: SessionCancellation,
) -> SessionRead:
    """The session is not held; what was on its agenda may go on another. Raises NotFound, IllegalTransition."""
    sitting = await steps.locked(session, committee_id, session_id)
    after(sitting.status, SessionAction.CANCEL)
    on = min(sitting.held_on, today)
    await agenda_items.withdraw_all(session, sitting, caller=caller, on=on, reason=body.reason)
    sitting.cancel_reason = body.reason
    steps.move(session, sitting, SessionAction.CANCEL, caller=caller, effect_on=on)
    return await _read(session, sitting)


def _chairing(seated: Seats, chaired_by: UUID | None, *, on: date) -> CommitteeMember:
    """The chair who is there, or the member with a vote who is named in their absence."""
    voters = seated.voters()
    chair = next((member for member in voters if member.chair), None)
    if chaired_by is None:
        if chair is None:
            raise ChairMissing
        return chair
    named = committee_members.check_in_office(seated.members, chaired_by, field="chaired_by", on=on)
    if chair is not None and named.id != chair.id:
        raise ChairPresent
    if named not in voters:
        raise CannotChair
    return named


async def _read(session: AsyncSession, sitting: CommitteeSession) -> SessionRead:
    await session.flush()  # what was just entered is counted
    seated = await seats.of_session(session, sitting)
    return SessionRead(
        **sitting.model_dump(include=_PLAIN_FIELDS),
        members_in_office=seated.voting_in_office,
        members_present=len(seated.voters()),
        quorum=seated.quorum,
    )

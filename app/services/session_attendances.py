"""Who sits in a session: added to, never changed; of each member the last entry counts."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.permissions import Caller
from app.domain.session_lifecycle import check_attended
from app.schemas.session_attendances import SeatList, SeatRead, SessionAttendanceCreate
from app.services import committee_members, seats
from app.services import session_steps as steps
from app.tables import CommitteeSession, SessionAttendance


async def create(
    session: AsyncSession, committee_id: UUID, session_id: UUID, *, caller: Caller, body: SessionAttendanceCreate
) -> SeatList:
    """Notes what is known of some members from now on.

    Raises NotFound, SessionOver, SessionNotOpen before the members are convened, NotInOffice.
    """
    sitting = await steps.locked(session, committee_id, session_id)
    check_attended(sitting.status)
    members = await committee_members.in_office(session, sitting.committee_id, on=sitting.held_on)
    for seat in body.members:
        committee_members.check_in_office(members, seat.member_id, field="member_id", on=sitting.held_on)
        session.add(
            SessionAttendance(
                tenant_id=sitting.tenant_id,
                session_id=sitting.id,
                account_id=caller.account_id,
                **seat.model_dump(),
            )
        )
    sitting.version += 1
    await session.flush()  # the answer is read back
    return await _read(session, sitting)


async def list_all(session: AsyncSession, committee_id: UUID, session_id: UUID) -> SeatList:
    """The members in office that day, with what is known of each. Raises NotFound."""
    return await _read(session, await steps.load(session, committee_id, session_id))


async def _read(session: AsyncSession, sitting: CommitteeSession) -> SeatList:
    seated = await seats.of_session(session, sitting)
    items = [
        SeatRead(
            member_id=member.id,
            name=member.name,
            capacity=member.capacity,
            chair=member.chair,
            status=seated.statuses.get(member.id),
        )
        for member in seated.members
    ]
    return SeatList(items=items, next_cursor=None)

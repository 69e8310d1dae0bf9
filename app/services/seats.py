"""Who sits in a session, and who of them may vote on an item: what the quorum and the votes are counted over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.committees import (
    CommissionRule,
    MemberCapacity,
    SessionAttendanceStatus,
    check_quorum,
    quorum,
)
from app.domain.errors import NoRulesInForce
from app.services import committee_members, rules
from app.tables import CommitteeMember, CommitteeSession, Recusal, SessionAttendance
from app.tenancy import of_tenant


@dataclass(frozen=True, slots=True)
class Seats:
    """The members in office on the day of a session, what is known of each, and who left for which item."""

    rule: CommissionRule | None
    members: Sequence[CommitteeMember]
    statuses: Mapping[UUID, SessionAttendanceStatus]
    recusals: Sequence[Recusal]

    @property
    def voting_in_office(self) -> int:
        """How many members have a vote that day."""
        return sum(member.capacity is MemberCapacity.VOTING for member in self.members)

    @property
    def quorum(self) -> int | None:
        """How many of them must be there; null where the rules do not say."""
        return quorum(self.rule, in_office=self.voting_in_office)

    def is_present(self, member: CommitteeMember) -> bool:
        """Whether the member sits."""
        return self.statuses.get(member.id) is SessionAttendanceStatus.PRESENT

    def voters(self, item_id: UUID | None = None) -> list[CommitteeMember]:
        """The members present who have a vote, and did not leave for the item."""
        gone = {recusal.member_id for recusal in self.recusals if recusal.agenda_item_id == item_id}
        return [
            member
            for member in self.members
            if member.capacity is MemberCapacity.VOTING and self.is_present(member) and member.id not in gone
        ]

    def check_quorum(self, item_id: UUID | None = None) -> None:
        """Raises NoQuorum, for an item, which one member at least looks at, or for the session as a whole."""
        needed = self.quorum if item_id is None else max(self.quorum or 0, 1)
        check_quorum(needed, present=len(self.voters(item_id)))


async def of_session(session: AsyncSession, sitting: CommitteeSession) -> Seats:
    """The seats of a session as they are known now, under the rules of its day."""
    attendances = (
        select(SessionAttendance)
        .where(of_tenant(session, SessionAttendance), col(SessionAttendance.session_id) == sitting.id)
        .order_by(col(SessionAttendance.id))
    )
    recusals = (
        select(Recusal)
        .where(of_tenant(session, Recusal), col(Recusal.session_id) == sitting.id)
        .order_by(col(Recusal.id))
    )
    return Seats(
        rule=await commission_rule(session, sitting),
        members=await committee_members.in_office(session, sitting.committee_id, on=sitting.held_on),
        statuses={seat.member_id: seat.status for seat in await session.scalars(attendances)},
        recusals=(await session.scalars(recusals)).all(),
    )


async def commission_rule(session: AsyncSession, sitting: CommitteeSession) -> CommissionRule | None:
    """How the commission deliberates on the day of a session; null where no rules say."""
    try:
        return (await rules.in_force(session, sitting.held_on))[1].commission
    except NoRulesInForce:
        return None

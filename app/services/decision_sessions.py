"""The session of a committee that decided, or that ratified."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.committee_errors import SessionRequired
from app.domain.permissions import Caller
from app.domain.rules import RuleVersion
from app.domain.session_lifecycle import SessionStatus
from app.services import agenda_outcomes
from app.services import session_steps as steps
from app.tables import CommitteeMember, CommitteeSession, Decision, Ratification


def check_required(version: RuleVersion, session_id: UUID | None, *, fast_track: bool) -> None:
    """Raises SessionRequired where the rules have everything decided in a session, but for the fast track."""
    rule = version.commission
    if rule is not None and rule.session_required and session_id is None and not fast_track:
        raise SessionRequired


async def take_turn(session: AsyncSession, session_id: UUID | None) -> None:
    """Holds a session, where there is one, before its files, as its agenda does. Raises NotFound."""
    if session_id is not None:
        await steps.locked(session, None, session_id)


async def is_chaired_by(session: AsyncSession, session_id: UUID, caller: Caller) -> bool:
    """Whether the caller chairs the session, and so closes its minutes. Raises NotFound."""
    sitting = await steps.locked(session, None, session_id)
    key = (sitting.tenant_id, sitting.chaired_by)
    chairing = await session.get(CommitteeMember, key) if sitting.chaired_by else None
    return chairing is not None and chairing.member_account_id == caller.account_id


async def decided(session: AsyncSession, session_id: UUID, decision: Decision, *, away: Collection[UUID]) -> None:
    """Settles the file on the agenda of its session; `away`: the accounts of who instructed it and so has no vote.

    Raises NotFound, SessionNotOpen, NotSessionDay, NotOnAgenda, NoQuorum, InstructedByMember.
    """
    item = await agenda_outcomes.for_decision(
        session, session_id, decision.request_id, decided_on=decision.decided_on, away=away
    )
    await session.flush()  # the item refers to the decision through a foreign key without an ORM relation
    agenda_outcomes.decided(item, decision.id)


async def ratified(
    session: AsyncSession, session_id: UUID, decision: Decision, *, on: date, given: bool, away: Collection[UUID]
) -> None:
    """Settles a decision taken ahead of the session on its agenda. Raises as `decided` does."""
    item = await agenda_outcomes.for_ratification(session, session_id, decision.id, ratified_on=on, away=away)
    agenda_outcomes.ratified(item, given=given)


async def are_minutes_open(session: AsyncSession, decision: Decision, ratification: Ratification | None) -> bool:
    """Whether a decision, or its ratification, is of a session whose minutes are not closed: the second act lacks."""
    session_id = ratification.session_id if ratification else decision.session_id
    if session_id is None:
        return False
    sitting = await session.get_one(CommitteeSession, (decision.tenant_id, session_id))
    return sitting.status is not SessionStatus.CLOSED

"""How the decisions and the ratifications of a session settle the items of its agenda."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.committee_errors import InstructedByMember, NotOnAgenda, NotSessionDay
from app.domain.committees import ItemKind, ItemOutcome
from app.domain.session_lifecycle import check_open
from app.services import seats
from app.services import session_steps as steps
from app.services.agenda_items import is_open
from app.tables import AgendaItem
from app.tenancy import of_tenant


async def for_decision(
    session: AsyncSession, session_id: UUID, request_id: UUID, *, decided_on: date, away: Collection[UUID]
) -> AgendaItem:
    """The item that a decision of a session settles, held with its session; `away`: whose accounts have no vote on it.

    Raises NotFound, SessionNotOpen, NotSessionDay, NotOnAgenda, NoQuorum, InstructedByMember.
    """
    of_request = and_(col(AgendaItem.kind) == ItemKind.REQUEST, col(AgendaItem.request_id) == request_id)
    return await _to_settle(session, session_id, of_request, on=decided_on, away=away)


def decided(item: AgendaItem, decision_id: UUID) -> None:
    """Settles a file with its decision, which is written before."""
    item.outcome, item.outcome_decision_id = ItemOutcome.DECIDED, decision_id


async def for_ratification(
    session: AsyncSession, session_id: UUID, decision_id: UUID, *, ratified_on: date, away: Collection[UUID]
) -> AgendaItem:
    """The item that the ratification of a decision settles, held with its session. Raises as `for_decision` does."""
    of_decision = and_(col(AgendaItem.kind) == ItemKind.RATIFICATION, col(AgendaItem.decision_id) == decision_id)
    return await _to_settle(session, session_id, of_decision, on=ratified_on, away=away)


def ratified(item: AgendaItem, *, given: bool) -> None:
    """Settles a fast-track decision that was ratified, or was not."""
    item.outcome = ItemOutcome.RATIFIED if given else ItemOutcome.NOT_RATIFIED


async def _to_settle(
    session: AsyncSession, session_id: UUID, condition: ColumnElement[bool], *, on: date, away: Collection[UUID]
) -> AgendaItem:
    sitting = await steps.locked(session, None, session_id)
    check_open(sitting.status)
    if on != sitting.held_on:
        raise NotSessionDay(held_on=sitting.held_on.isoformat())
    statement = select(AgendaItem).where(
        of_tenant(session, AgendaItem), col(AgendaItem.session_id) == sitting.id, condition, is_open()
    )
    item = (await session.scalars(statement.with_for_update())).one_or_none()
    if item is None:
        raise NotOnAgenda
    seated = await seats.of_session(session, sitting)
    seated.check_quorum(item.id)
    instructed = [member.name for member in seated.voters(item.id) if member.member_account_id in away]
    if instructed:
        raise InstructedByMember(members=instructed)
    return item

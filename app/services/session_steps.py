"""The row of a session as its acts need it: found, held, moved one step."""

from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.committee_errors import ItemSettled
from app.domain.errors import NotFound
from app.domain.permissions import Caller
from app.domain.session_lifecycle import SessionAction, after
from app.tables import AgendaItem, CommitteeSession, SessionTransition
from app.tenancy import bound_tenant, of_tenant


async def load(session: AsyncSession, committee_id: UUID, session_id: UUID) -> CommitteeSession:
    """The row of a session of a committee, or NotFound."""
    statement = select(CommitteeSession).where(
        of_tenant(session, CommitteeSession),
        col(CommitteeSession.id) == session_id,
        col(CommitteeSession.committee_id) == committee_id,
    )
    sitting = (await session.scalars(statement)).one_or_none()
    if sitting is None:
        raise NotFound
    return sitting


async def locked(session: AsyncSession, committee_id: UUID | None, session_id: UUID) -> CommitteeSession:
    """The row of a session, of a committee where one is named, held until the end of the transaction; NotFound."""
    key = (bound_tenant(session), session_id)
    sitting = await session.get(CommitteeSession, key, with_for_update=True, populate_existing=True)
    if sitting is None or committee_id not in (None, sitting.committee_id):
        raise NotFound
    return sitting


async def locked_item(session: AsyncSession, sitting: CommitteeSession, item_id: UUID) -> AgendaItem:
    """The row of an item of a session, held until the end of the transaction; NotFound."""
    item = await session.get(AgendaItem, (bound_tenant(session), item_id), with_for_update=True, populate_existing=True)
    if item is None or item.session_id != sitting.id:
        raise NotFound
    return item


def check_unsettled(item: AgendaItem) -> None:
    """Raises ItemSettled for an item that has its outcome, or was withdrawn."""
    if item.outcome is not None or item.withdrawn_on is not None:
        raise ItemSettled


def move(
    session: AsyncSession, sitting: CommitteeSession, action: SessionAction, *, caller: Caller, effect_on: date
) -> None:
    """Takes one transition and logs it with its author. Raises IllegalTransition."""
    before, sitting.status = sitting.status, after(sitting.status, action)
    sitting.version += 1
    session.add(
        SessionTransition(
            tenant_id=sitting.tenant_id,
            session_id=sitting.id,
            account_id=caller.account_id,
            action=action,
            from_status=before,
            to_status=sitting.status,
            effect_on=effect_on,
        )
    )

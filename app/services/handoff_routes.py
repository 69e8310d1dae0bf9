"""The ways of the partners to what was handed over to them, across tenants."""

from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.errors import NotFound
from app.domain.permissions import Caller
from app.tables import Handoff, HandoffRoute, Tenant
from app.tenancy import bind, bind_partner


async def follow(session: AsyncSession, caller: Caller, handoff_id: UUID) -> HandoffRoute:
    """The partner's way to one handoff, the transaction being bound to its CCAS from now on.

    Raises NotFound for what is unknown or another partner's, and, for who speaks for it in one CCAS, another CCAS's:
    all look the same.
    """
    statement = select(HandoffRoute).where(col(HandoffRoute.handoff_id) == handoff_id, *_of(caller))
    route = (await session.scalars(statement)).one_or_none()
    if route is None:
        raise NotFound
    await bind(session, route.tenant_id)
    return route


async def time_zone(session: AsyncSession, caller: Caller, handoff_id: UUID) -> ZoneInfo:
    """That of the CCAS of a handoff; of the caller where there is no way to it, as whoever follows it is told."""
    statement = (
        select(col(Tenant.time_zone))
        .join(HandoffRoute, col(HandoffRoute.tenant_id) == Tenant.id)
        .where(col(HandoffRoute.handoff_id) == handoff_id, *_of(caller))
    )
    name = (await session.scalars(statement)).one_or_none()
    return ZoneInfo(name) if name else caller.time_zone


async def tenants_of(session: AsyncSession, caller: Caller) -> list[UUID]:
    """The CCAS that handed something over to the partner."""
    statement = (
        select(col(HandoffRoute.tenant_id))
        .where(*_of(caller))
        .group_by(col(HandoffRoute.tenant_id))
        .order_by(col(HandoffRoute.tenant_id))
    )
    return list((await session.scalars(statement)).all())


async def tenants_behind(session: AsyncSession, handoff_ids: list[UUID]) -> set[UUID]:
    """The CCAS of those of the handoffs that were sent to the partner."""
    statement = select(col(HandoffRoute.tenant_id)).where(col(HandoffRoute.handoff_id).in_(handoff_ids))
    return set((await session.scalars(statement)).all())


def _of(caller: Caller) -> list[ColumnElement[bool]]:
    """The ways that whoever speaks for a partner may take: its machines to every CCAS, others to their own."""
    own = [] if caller.tenant_id is None else [col(HandoffRoute.tenant_id) == caller.tenant_id]
    return [col(HandoffRoute.partner_id) == caller.partner_id, *own]


async def open_way(session: AsyncSession, handoff: Handoff) -> None:
    """Opens the partner's way to a handoff that the CCAS has just sent."""
    await bind_partner(session, handoff.partner_id)
    session.add(
        HandoffRoute(
            handoff_id=handoff.id,
            tenant_id=handoff.tenant_id,
            partner_id=handoff.partner_id,
            status=handoff.status,
        )
    )
    await session.flush()


async def show_status(session: AsyncSession, handoff: Handoff, *, caller: Caller) -> None:
    """Tells the partner's inbox where the handoff now stands."""
    if caller.partner_id is None:
        await bind_partner(session, handoff.partner_id)
    statement = update(HandoffRoute).where(col(HandoffRoute.handoff_id) == handoff.id).values(status=handoff.status)
    await session.execute(statement.execution_options(synchronize_session=False))

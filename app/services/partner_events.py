"""The outbox of a partner, as it is read and as it is sent: one body for both."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.event_errors import EventsErased
from app.domain.permissions import Caller
from app.schemas.events import EventQuery
from app.schemas.partner_events import PartnerEventData, PartnerEventList, PartnerEventRead
from app.tables import PartnerEvent, Tenant


async def list_after(session: AsyncSession, *, caller: Caller, query: EventQuery) -> PartnerEventList:
    """The partner's events after a position, oldest first. Raises EventsErased where some of them are kept no more."""
    statement = (
        _with_tenants()
        .where(col(PartnerEvent.partner_id) == caller.partner_id, col(PartnerEvent.position) > query.after)
        .order_by(col(PartnerEvent.position))
        .limit(query.limit)
    )
    items = [_read(event, slug) for event, slug in await session.execute(statement)]
    # Looked at last: what is erased between the two statements is missing from neither.
    await _check_kept(session, caller, query.after)
    return PartnerEventList(items=items, last_position=items[-1].data.position if items else query.after)


async def bodies(session: AsyncSession, event_ids: Collection[UUID], *, partner_id: UUID) -> dict[UUID, bytes]:
    """The exact bytes to send of each of the events."""
    statement = _with_tenants().where(col(PartnerEvent.partner_id) == partner_id, col(PartnerEvent.id).in_(event_ids))
    return {event.id: body(event, slug) for event, slug in await session.execute(statement)}


def body(event: PartnerEvent, slug: str) -> bytes:
    """The exact bytes to send of an event of the CCAS of that slug."""
    return _read(event, slug).model_dump_json().encode()


async def _check_kept(session: AsyncSession, caller: Caller, after: int) -> None:
    oldest = select(func.min(PartnerEvent.position)).where(col(PartnerEvent.partner_id) == caller.partner_id)
    first = await session.scalar(oldest)
    if first is not None and after < first - 1:
        raise EventsErased(erased_to=first - 1)


def _with_tenants() -> Select[PartnerEvent, str]:
    return select(PartnerEvent, col(Tenant.slug)).join(Tenant, col(Tenant.id) == PartnerEvent.tenant_id)


def _read(event: PartnerEvent, slug: str) -> PartnerEventRead:
    data = PartnerEventData(
        event_id=event.id,
        position=event.position,
        tenant=slug,
        handoff_id=event.handoff_id,
        status=event.status,
        sequence=event.sequence,
    )
    return PartnerEventRead(type=event.kind, timestamp=event.entered_at, data=data)

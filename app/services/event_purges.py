"""The outbox of a partner and the log of its deliveries are erased at the end of their retention, oldest first.

When, is told by `app.domain.retention`; the database itself refuses to erase anything earlier. What is kept has no
hole: an event that is still to be sent keeps all that follow it. Each function erases so many rows at most: it is
called again, in another transaction, until it erases none.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import takewhile
from uuid import UUID

from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.deliveries import DeliveryStatus
from app.tables import HandoffRoute, PartnerEvent, WebhookAttempt, WebhookDelivery, WebhookEndpoint

DELIVERIES_AT_ONCE = 500
EVENTS_AT_ONCE = 1000


async def erase_deliveries(
    session: AsyncSession, partner_id: UUID, *, before: datetime, at_once: int = DELIVERIES_AT_ONCE
) -> int:
    """Erases some deliveries that were over before an instant, with their attempts; how many.

    Those that are still pending are kept, unless their endpoint was disabled before it.
    """
    tried_since = exists().where(
        col(WebhookAttempt.partner_id) == partner_id,
        col(WebhookAttempt.delivery_id) == WebhookDelivery.id,
        col(WebhookAttempt.attempted_at) >= before,
    )
    left_aside = select(col(WebhookEndpoint.id)).where(
        col(WebhookEndpoint.partner_id) == partner_id, col(WebhookEndpoint.disabled_at) < before
    )
    over = (
        select(col(WebhookDelivery.id))
        .where(
            col(WebhookDelivery.partner_id) == partner_id,
            col(WebhookDelivery.entered_at) < before,
            or_(
                col(WebhookDelivery.status) != DeliveryStatus.PENDING, col(WebhookDelivery.endpoint_id).in_(left_aside)
            ),
            ~tried_since,
        )
        .order_by(col(WebhookDelivery.id))
        .limit(at_once)
        .with_for_update(skip_locked=True)
    )
    ids = (await session.scalars(over)).all()
    of_partner = col(WebhookAttempt.partner_id) == partner_id
    await session.execute(delete(WebhookAttempt).where(of_partner, col(WebhookAttempt.delivery_id).in_(ids)))
    of_partner = col(WebhookDelivery.partner_id) == partner_id
    await session.execute(delete(WebhookDelivery).where(of_partner, col(WebhookDelivery.id).in_(ids)))
    return len(ids)


async def erase_events(
    session: AsyncSession, partner_id: UUID, *, before: datetime, at_once: int = EVENTS_AT_ONCE
) -> int:
    """Erases some of the oldest events, if they were entered before an instant; how many.

    Kept are the newest of all, from which positions go on, whatever a delivery still tells of, and what an endpoint has
    yet to be told of, unless it was disabled before the instant. The way to each handoff remembers how far its
    `sequence` went.
    """
    oldest = (
        select(PartnerEvent)
        .where(col(PartnerEvent.partner_id) == partner_id)
        .order_by(col(PartnerEvent.position))
        .limit(at_once)
    )
    events = (await session.scalars(oldest)).all()
    first_kept = await _first_kept(session, partner_id, before=before)
    held = await _held(session, events)
    erased = list(_oldest_of(events, first_kept=first_kept, held=held, before=before))
    if not erased:
        return 0
    await _remember(session, {event.handoff_id: event.sequence for event in erased})
    of_partner, last = col(PartnerEvent.partner_id) == partner_id, erased[-1].position
    statement = delete(PartnerEvent).where(of_partner, col(PartnerEvent.position) <= last)
    await session.execute(statement.execution_options(synchronize_session=False))
    return len(erased)


def _oldest_of(
    events: Iterable[PartnerEvent], *, first_kept: int, held: set[UUID], before: datetime
) -> Iterator[PartnerEvent]:
    return takewhile(
        lambda event: event.entered_at < before and event.position < first_kept and event.handoff_id in held, events
    )


async def _first_kept(session: AsyncSession, partner_id: UUID, *, before: datetime) -> int:
    """The position from which on events are kept, whatever their age; 0 where there are none."""
    newest = select(func.max(PartnerEvent.position)).where(col(PartnerEvent.partner_id) == partner_id)
    logged = select(func.min(WebhookDelivery.position)).where(col(WebhookDelivery.partner_id) == partner_id)
    told = select(func.min(WebhookEndpoint.position)).where(
        col(WebhookEndpoint.partner_id) == partner_id,
        or_(col(WebhookEndpoint.disabled_at).is_(None), col(WebhookEndpoint.disabled_at) >= before),
    )
    told_up_to = await session.scalar(told)
    found = [await session.scalar(newest), await session.scalar(logged), None if told_up_to is None else told_up_to + 1]
    return min((position for position in found if position is not None), default=0)


async def _held(session: AsyncSession, events: Iterable[PartnerEvent]) -> set[UUID]:
    """The handoffs of the events to which nobody else is busy with the way: who works meanwhile never waits."""
    handoff_ids = {event.handoff_id for event in events}
    statement = select(col(HandoffRoute.handoff_id)).where(col(HandoffRoute.handoff_id).in_(handoff_ids))
    return set(await session.scalars(statement.with_for_update(skip_locked=True)))


async def _remember(session: AsyncSession, sequences: dict[UUID, int]) -> None:
    for handoff_id, sequence in sequences.items():
        statement = update(HandoffRoute).where(col(HandoffRoute.handoff_id) == handoff_id)
        await session.execute(statement.values(erased_sequence=sequence).execution_options(synchronize_session=False))

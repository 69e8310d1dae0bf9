"""The log of what was sent to an endpoint of a partner, and what the partner has sent again."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.deliveries import DeliveryStatus
from app.domain.errors import NotFound
from app.domain.permissions import Caller
from app.domain.webhook_errors import DeliveryStillPending
from app.schemas.base import Page
from app.schemas.deliveries import AttemptRead, DeliveryQuery, DeliveryRead, ReplaysRead
from app.services.pages import keyset_page
from app.tables import PartnerEvent, WebhookAttempt, WebhookDelivery, WebhookEndpoint


async def list_page(
    session: AsyncSession, webhook_id: UUID, *, caller: Caller, query: DeliveryQuery
) -> Page[DeliveryRead]:
    """What was sent to the endpoint, newest first. Raises NotFound, CursorNotOurs."""
    await _found(session, webhook_id, caller=caller)
    statement = (
        select(WebhookDelivery, col(PartnerEvent.kind))
        .join(
            PartnerEvent,
            (col(PartnerEvent.partner_id) == WebhookDelivery.partner_id)
            & (col(PartnerEvent.id) == WebhookDelivery.event_id),
        )
        .where(col(WebhookDelivery.partner_id) == caller.partner_id, col(WebhookDelivery.endpoint_id) == webhook_id)
    )
    if query.status is not None:
        statement = statement.where(col(WebhookDelivery.status) == query.status)
    scope = f"{caller.partner_id}/{WebhookDelivery.__tablename__}/{webhook_id}"
    rows, next_cursor = await keyset_page(session, statement, WebhookDelivery.id, scope=scope, query=query)
    attempts = await _attempts(session, caller, [row[0].id for row in rows])
    return Page(items=[_read(row[0], row[1], attempts[row[0].id]) for row in rows], next_cursor=next_cursor)


async def replay(
    session: AsyncSession, webhook_id: UUID, delivery_id: UUID, *, caller: Caller, now: datetime
) -> DeliveryRead:
    """One delivery is attempted again from the first of the ten on, whether it was given up or not.

    Raises NotFound, DeliveryStillPending.
    """
    statement = select(WebhookDelivery).where(
        col(WebhookDelivery.partner_id) == caller.partner_id,
        col(WebhookDelivery.endpoint_id) == webhook_id,
        col(WebhookDelivery.id) == delivery_id,
    )
    delivery = await session.scalar(statement.with_for_update())
    if delivery is None:
        raise NotFound
    if delivery.status is DeliveryStatus.PENDING:
        raise DeliveryStillPending
    delivery.status, delivery.attempts, delivery.next_attempt_at = DeliveryStatus.PENDING, 0, now
    event = await session.get_one(PartnerEvent, (delivery.partner_id, delivery.event_id))
    return _read(delivery, event.kind, (await _attempts(session, caller, [delivery.id]))[delivery.id])


async def replay_dead(session: AsyncSession, webhook_id: UUID, *, caller: Caller, now: datetime) -> ReplaysRead:
    """Every delivery of the endpoint that was given up is attempted again, and at once what waits for its next
    attempt: whoever asks says that the receiver is back. Raises NotFound.
    """
    endpoint = await _found(session, webhook_id, caller=caller)
    waiting = await expedite(session, endpoint)
    statement = (
        update(WebhookDelivery)
        .where(
            col(WebhookDelivery.partner_id) == caller.partner_id,
            col(WebhookDelivery.endpoint_id) == webhook_id,
            col(WebhookDelivery.status) == DeliveryStatus.DEAD,
        )
        .values(status=DeliveryStatus.PENDING, attempts=0, next_attempt_at=now)
        .returning(col(WebhookDelivery.id))
    )
    return ReplaysRead(replayed=len((await session.scalars(statement)).all()), expedited=waiting)


async def expedite(
    session: AsyncSession, endpoint: WebhookEndpoint, handoff_ids: Collection[UUID] | None = None
) -> int:
    """What waits for its next attempt gets one more at once: all that does, or what concerns some handoffs.

    Returns how many deliveries that is.
    """
    statement = update(WebhookDelivery).where(
        col(WebhookDelivery.partner_id) == endpoint.partner_id,
        col(WebhookDelivery.endpoint_id) == endpoint.id,
        col(WebhookDelivery.status) == DeliveryStatus.PENDING,
        col(WebhookDelivery.attempts) > 0,
        col(WebhookDelivery.lease).is_(None),
    )
    if handoff_ids is not None:
        statement = statement.where(col(WebhookDelivery.handoff_id).in_(handoff_ids))
    hastened = statement.values(expedited=True).returning(col(WebhookDelivery.id))
    return len((await session.scalars(hastened.execution_options(synchronize_session=False))).all())


async def _found(session: AsyncSession, webhook_id: UUID, *, caller: Caller) -> WebhookEndpoint:
    endpoint = await session.get(WebhookEndpoint, (caller.partner_id, webhook_id)) if caller.partner_id else None
    if endpoint is None:
        raise NotFound
    return endpoint


async def _attempts(
    session: AsyncSession, caller: Caller, delivery_ids: Collection[UUID]
) -> dict[UUID, list[AttemptRead]]:
    """The attempts of the deliveries, in their order."""
    statement = select(WebhookAttempt).where(
        col(WebhookAttempt.partner_id) == caller.partner_id, col(WebhookAttempt.delivery_id).in_(delivery_ids)
    )
    made: dict[UUID, list[AttemptRead]] = defaultdict(list)
    for attempt in await session.scalars(statement.order_by(col(WebhookAttempt.attempted_at), col(WebhookAttempt.id))):
        made[attempt.delivery_id].append(AttemptRead.model_validate(attempt))
    return made


def _read(delivery: WebhookDelivery, kind: str, attempts: list[AttemptRead]) -> DeliveryRead:
    told = delivery.model_dump(include=set(DeliveryRead.model_fields) - {"attempts"})
    return DeliveryRead(**told, type=kind, attempts=attempts)

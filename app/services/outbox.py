"""What is to be sent to the endpoints of a partner: taken on lease, and settled once it was attempted.

Each function is a short transaction of its own, bound to the partner; nothing is sent while one is open.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, ScalarSelect, exists, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col
from uuid_utils.compat import uuid7

from app.domain.deliveries import (
    DELAYS,
    Attempt,
    AttemptOutcome,
    DeliveryStatus,
    DisabledBecause,
    held_until,
    next_attempt_at,
)
from app.security import unseal
from app.services import partner_events
from app.services.deliveries import expedite
from app.tables import Partner, PartnerEvent, WebhookAttempt, WebhookDelivery, WebhookEndpoint

# Longer than a batch can take: an expired lease says that its worker is gone.
LEASE = timedelta(seconds=60)
BATCH = 40
_FANNED_OUT_AT_ONCE = 200
# Nothing waits for longer than this where the outage was shorter.
_OUTAGE = DELAYS[2]


@dataclass(frozen=True, slots=True)
class Parcel:
    """One delivery that was taken: the event, and the exact bytes that tell of it."""

    delivery_id: UUID
    event_id: UUID
    body: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """Deliveries to one endpoint on one lease, no two of one handoff; the secrets that sign, the newest first."""

    partner_id: UUID
    endpoint_id: UUID
    lease: UUID
    url: str
    secrets: Sequence[str]
    parcels: Sequence[Parcel]


async def partners(session: AsyncSession, *, code: str | None) -> list[UUID]:
    """The partners of the instance, or one by its code."""
    statement = select(col(Partner.id)).order_by(col(Partner.id))
    if code is not None:
        statement = statement.where(col(Partner.code) == code)
    return list(await session.scalars(statement))


async def due(session: AsyncSession, *, partner_id: UUID, now: datetime) -> list[UUID]:
    """The endpoints of the partner for which there is something to do."""
    waits = exists().where(_of(WebhookEndpoint.id, partner_id), _ready(now))
    happened = exists().where(
        col(PartnerEvent.partner_id) == partner_id, col(PartnerEvent.position) > WebhookEndpoint.position
    )
    statement = select(col(WebhookEndpoint.id)).where(_open(partner_id, now), or_(waits, happened))
    return list(await session.scalars(statement.order_by(col(WebhookEndpoint.id))))


async def take(session: AsyncSession, endpoint_id: UUID, *, partner_id: UUID, now: datetime, keys: str) -> Batch | None:
    """Some deliveries of an endpoint on lease, the oldest of each handoff; null where nothing is due.

    An endpoint that fails is tried with one delivery at a time. Raises SealBroken, EncryptionKeysMissing.
    """
    await _fan_out(session, endpoint_id, partner_id=partner_id, now=now)
    endpoint = await session.scalar(
        select(WebhookEndpoint).where(_open(partner_id, now), col(WebhookEndpoint.id) == endpoint_id)
    )
    if endpoint is None:
        return None
    statement = (
        select(WebhookDelivery)
        .where(_of(endpoint_id, partner_id), _ready(now), col(WebhookDelivery.position) == _first_of_handoff())
        .order_by(col(WebhookDelivery.position))
        .limit(BATCH if endpoint.failing_since is None else 1)
        .with_for_update(skip_locked=True)
    )
    taken = (await session.scalars(statement)).all()
    if not taken:
        return None
    leased = update(WebhookDelivery).where(
        col(WebhookDelivery.partner_id) == partner_id, col(WebhookDelivery.id).in_([delivery.id for delivery in taken])
    )
    lease = uuid4()
    await session.execute(leased.values(lease=lease, leased_until=now + LEASE))
    bodies = await partner_events.bodies(session, [delivery.event_id for delivery in taken], partner_id=partner_id)
    return Batch(
        partner_id=partner_id,
        endpoint_id=endpoint_id,
        lease=lease,
        url=endpoint.url,
        secrets=_secrets(endpoint, now=now, keys=keys),
        parcels=[Parcel(delivery.id, delivery.event_id, bodies[delivery.event_id]) for delivery in taken],
    )


async def settle(
    session: AsyncSession,
    batch: Batch,
    attempted: Sequence[tuple[Parcel, Attempt]],
    *,
    now: datetime,
    chance: Callable[[], float],
) -> None:
    """Logs the attempts, and what follows from them for each delivery and for the endpoint."""
    endpoint = (
        await session.scalars(
            select(WebhookEndpoint)
            .where(col(WebhookEndpoint.partner_id) == batch.partner_id, col(WebhookEndpoint.id) == batch.endpoint_id)
            .with_for_update()
        )
    ).one()
    ids = [parcel.delivery_id for parcel, _ in attempted]
    held = select(WebhookDelivery).where(
        col(WebhookDelivery.partner_id) == batch.partner_id, col(WebhookDelivery.id).in_(ids)
    )
    rows = {row.id: row for row in await session.scalars(held.order_by(col(WebhookDelivery.id)).with_for_update())}
    for parcel, attempt in attempted:
        session.add(
            WebhookAttempt(
                partner_id=batch.partner_id,
                delivery_id=parcel.delivery_id,
                attempted_at=attempt.attempted_at,
                duration_ms=attempt.duration_ms,
                outcome=attempt.outcome,
                status_code=attempt.status_code,
            )
        )
        _settle(rows[parcel.delivery_id], batch.lease, attempt, now=now, chance=chance())
    await session.flush()  # what was settled is not expedited
    await _note(session, endpoint, [attempt for _, attempt in attempted], now=now)


def _settle(delivery: WebhookDelivery, lease: UUID, attempt: Attempt, *, now: datetime, chance: float) -> None:
    if attempt.outcome is AttemptOutcome.DELIVERED:
        delivery.status, delivery.next_attempt_at = DeliveryStatus.DELIVERED, None
        delivery.attempts += 1
    elif delivery.lease != lease:
        return  # the lease expired: whoever holds another settles it
    elif delivery.next_attempt_at is not None and delivery.next_attempt_at <= now:
        delivery.attempts += 1
        delivery.next_attempt_at = next_attempt_at(delivery.attempts, ended_at=now, chance=chance)
        if delivery.next_attempt_at is None:
            delivery.status = DeliveryStatus.DEAD
    delivery.lease, delivery.leased_until, delivery.expedited = None, None, False


async def _note(
    session: AsyncSession, endpoint: WebhookEndpoint, attempts: Sequence[Attempt], *, now: datetime
) -> None:
    """What the attempts say of the endpoint: it is back, it fails, it asks to be left alone, it is gone."""
    before = (endpoint.failing_since, endpoint.held_until, endpoint.disabled_at)
    if any(attempt.outcome is AttemptOutcome.DELIVERED for attempt in attempts):
        if endpoint.failing_since is not None and now - endpoint.failing_since >= _OUTAGE:
            await expedite(session, endpoint)
        endpoint.failing_since = None
    else:
        endpoint.failing_since = endpoint.failing_since or now
    holds = [until for attempt in attempts if (until := held_until(attempt, ended_at=now)) is not None]
    endpoint.held_until = max([*holds, *([endpoint.held_until] if endpoint.held_until else [])], default=None)
    if endpoint.disabled_at is None and any(attempt.outcome is AttemptOutcome.GONE for attempt in attempts):
        endpoint.disabled_at, endpoint.disabled_because = now, DisabledBecause.GONE
    if before != (endpoint.failing_since, endpoint.held_until, endpoint.disabled_at):
        endpoint.version += 1


async def _fan_out(session: AsyncSession, endpoint_id: UUID, *, partner_id: UUID, now: datetime) -> None:
    """Makes deliveries of the events that the endpoint was not told of yet, one worker at a time."""
    statement = select(WebhookEndpoint).where(_open(partner_id, now), col(WebhookEndpoint.id) == endpoint_id)
    endpoint = await session.scalar(statement.with_for_update(skip_locked=True))
    if endpoint is None:
        return
    happened = (
        select(PartnerEvent)
        .where(col(PartnerEvent.partner_id) == partner_id, col(PartnerEvent.position) > endpoint.position)
        .order_by(col(PartnerEvent.position))
        .limit(_FANNED_OUT_AT_ONCE)
    )
    events = (await session.scalars(happened)).all()
    if not events:
        return
    rows = [
        {
            "partner_id": partner_id,
            "id": uuid7(),
            "endpoint_id": endpoint_id,
            "event_id": event.id,
            "handoff_id": event.handoff_id,
            "position": event.position,
            "status": DeliveryStatus.PENDING,
            "attempts": 0,
            "next_attempt_at": now,
            "expedited": False,
            "entered_at": now,
        }
        for event in events
    ]
    await session.execute(insert(WebhookDelivery), rows)
    endpoint.position = events[-1].position
    if endpoint.failing_since is not None:
        # What waits keeps what is new of the same handoff waiting: both are worth an attempt.
        await expedite(session, endpoint, {event.handoff_id for event in events})
    await session.flush()


def _open(partner_id: UUID, now: datetime) -> ColumnElement[bool]:
    """The endpoints of the partner to which something may be sent."""
    held = col(WebhookEndpoint.held_until)
    return (
        (col(WebhookEndpoint.partner_id) == partner_id)
        & col(WebhookEndpoint.disabled_at).is_(None)
        & or_(held.is_(None), held <= now)
    )


def _of(endpoint_id: object, partner_id: UUID) -> ColumnElement[bool]:
    return (col(WebhookDelivery.partner_id) == partner_id) & (col(WebhookDelivery.endpoint_id) == endpoint_id)


def _ready(now: datetime) -> ColumnElement[bool]:
    """What nobody holds and is due, or worth one more attempt."""
    leased_until = col(WebhookDelivery.leased_until)
    return (
        (col(WebhookDelivery.status) == DeliveryStatus.PENDING)
        & or_(col(WebhookDelivery.next_attempt_at) <= now, col(WebhookDelivery.expedited))
        & or_(leased_until.is_(None), leased_until <= now)
    )


def _first_of_handoff() -> ScalarSelect[int]:
    """The position of what must arrive first of a delivery's handoff, asked of one index for each delivery alone.

    What waits is told here by its next attempt, as that index says it, so that no other index fits: when thousands
    wait where the planner expects none, every other way reads the whole queue for each delivery.
    """
    earlier = aliased(WebhookDelivery)
    return (
        select(col(earlier.position))
        .where(
            col(earlier.partner_id) == WebhookDelivery.partner_id,
            col(earlier.endpoint_id) == WebhookDelivery.endpoint_id,
            col(earlier.handoff_id) == WebhookDelivery.handoff_id,
            col(earlier.next_attempt_at).is_not(None),
        )
        .order_by(col(earlier.position))
        .limit(1)
        .correlate(WebhookDelivery)
        .scalar_subquery()
    )


def _secrets(endpoint: WebhookEndpoint, *, now: datetime, keys: str) -> Sequence[str]:
    sealed = [endpoint.secret_sealed]
    if endpoint.previous_secret_sealed is not None and endpoint.previous_until is not None:
        sealed += [endpoint.previous_secret_sealed] if now < endpoint.previous_until else []
    return [unseal(one, keys=keys) for one in sealed]

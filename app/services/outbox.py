"""What is to be sent to the endpoints of a partner: found where it is due, and taken on lease.

Each function is a short transaction of its own, bound to the partner; nothing is sent while one is open.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, ScalarSelect, exists, insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col
from uuid_utils.compat import uuid7

from app.domain.deliveries import DeliveryStatus
from app.domain.sealing_errors import EncryptionKeysMissing, SealBroken
from app.security import unseal
from app.services import partner_events
from app.services.deliveries import expedite
from app.tables import Partner, PartnerEvent, Tenant, WebhookDelivery, WebhookEndpoint

# Longer than a batch can take: an expired lease says that its worker is gone.
LEASE = timedelta(seconds=60)
BATCH = 40
_FANNED_OUT_AT_ONCE = 200
_DUE = text("select partner_id, endpoint_id from endpoints_due(:partner_ids, :now)")


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


async def due(session: AsyncSession, *, partner_ids: Collection[UUID], now: datetime) -> list[tuple[UUID, UUID]]:
    """The endpoints of some partners for which there is something to do, each after its partner.

    The database looks for one partner after another, each time bound to that one.
    """
    found = await session.execute(_DUE, {"partner_ids": list(partner_ids), "now": now})
    return [(partner_id, endpoint_id) for partner_id, endpoint_id in found]


async def take(session: AsyncSession, endpoint_id: UUID, *, partner_id: UUID, now: datetime, keys: str) -> Batch | None:
    """Some deliveries of an endpoint on lease, the oldest of each handoff; null where nothing is due.

    An endpoint that fails is tried with one delivery at a time. Raises SealBroken, EncryptionKeysMissing.
    """
    wanted = select(WebhookEndpoint).where(_open(partner_id, now), col(WebhookEndpoint.id) == endpoint_id)
    endpoint = await session.scalar(wanted.with_for_update(skip_locked=True))
    if endpoint is not None:
        return await _take(session, endpoint, now=now, keys=keys)
    # Another worker holds it: it sees to what is new, and what waits may be sent beside it.
    endpoint = await session.scalar(wanted)
    if endpoint is None:
        return None
    return await _lease(session, endpoint, now=now, secrets=_secrets(endpoint, now=now, keys=keys))


async def take_more(session: AsyncSession, endpoint: WebhookEndpoint, *, now: datetime, keys: str) -> Batch | None:
    """The next batch of an endpoint, in the transaction that settled the one before.

    A secret that cannot be read undoes nothing of what was settled: it is told when the endpoint is taken again.
    """
    if endpoint.disabled_at is not None or (endpoint.held_until is not None and endpoint.held_until > now):
        return None
    with suppress(SealBroken, EncryptionKeysMissing):
        return await _take(session, endpoint, now=now, keys=keys)
    return None


async def _take(session: AsyncSession, endpoint: WebhookEndpoint, *, now: datetime, keys: str) -> Batch | None:
    """Some deliveries of an endpoint that is held, what is new among them."""
    waits, news = await _news(session, endpoint)
    if not (waits or news):
        return None
    secrets = _secrets(endpoint, now=now, keys=keys)
    if news and not waits:
        return await _take_news(session, endpoint, news, now=now, secrets=secrets)
    if news:
        await _make(session, endpoint, news, now=now)
        if endpoint.failing_since is not None:
            # What waits keeps what is new of the same handoff waiting: both are worth an attempt.
            await expedite(session, endpoint, {event.handoff_id for event, _ in news})
    return await _lease(session, endpoint, now=now, secrets=secrets)


async def _take_news(
    session: AsyncSession,
    endpoint: WebhookEndpoint,
    news: Sequence[tuple[PartnerEvent, str]],
    *,
    now: datetime,
    secrets: Sequence[str],
) -> Batch:
    """What is new, made and taken at once, where nothing waits before it."""
    firsts: dict[UUID, tuple[PartnerEvent, str]] = {}
    for event, slug in news:
        firsts.setdefault(event.handoff_id, (event, slug))
    taken = list(firsts.values())[: _at_once(endpoint)]
    lease = uuid4()
    made = await _make(session, endpoint, news, now=now, taken={event.id for event, _ in taken}, lease=lease)
    parcels = [Parcel(made[event.id], event.id, partner_events.body(event, slug)) for event, slug in taken]
    return Batch(endpoint.partner_id, endpoint.id, lease, endpoint.url, secrets, parcels)


async def _lease(
    session: AsyncSession, endpoint: WebhookEndpoint, *, now: datetime, secrets: Sequence[str]
) -> Batch | None:
    """What waits for an endpoint and is due, on lease."""
    partner_id = endpoint.partner_id
    statement = (
        select(col(WebhookDelivery.id), col(WebhookDelivery.event_id))
        .where(_of(endpoint.id, partner_id), _ready(now), col(WebhookDelivery.position) == _first_of_handoff())
        .order_by(col(WebhookDelivery.position))
        .limit(_at_once(endpoint))
        .with_for_update(skip_locked=True)
    )
    taken = (await session.execute(statement)).all()
    if not taken:
        return None
    lease = uuid4()
    leased = update(WebhookDelivery).where(
        col(WebhookDelivery.partner_id) == partner_id, col(WebhookDelivery.id).in_([one.id for one in taken])
    )
    await session.execute(
        leased.values(lease=lease, leased_until=now + LEASE).execution_options(synchronize_session=False)
    )
    bodies = await partner_events.bodies(session, [one.event_id for one in taken], partner_id=partner_id)
    parcels = [Parcel(one.id, one.event_id, bodies[one.event_id]) for one in taken]
    return Batch(partner_id, endpoint.id, lease, endpoint.url, secrets, parcels)


def _at_once(endpoint: WebhookEndpoint) -> int:
    """An endpoint that fails is tried with one delivery at a time."""
    return BATCH if endpoint.failing_since is None else 1


async def _news(session: AsyncSession, endpoint: WebhookEndpoint) -> tuple[bool, list[tuple[PartnerEvent, str]]]:
    """Whether anything waits for an endpoint that is held, and the events that it was not told of yet."""
    waits = exists().where(_of(endpoint.id, endpoint.partner_id), col(WebhookDelivery.status) == DeliveryStatus.PENDING)
    is_new = (col(PartnerEvent.partner_id) == WebhookEndpoint.partner_id) & (
        col(PartnerEvent.position) > WebhookEndpoint.position
    )
    statement = (
        select(waits.label("waits"), PartnerEvent, col(Tenant.slug))
        .select_from(WebhookEndpoint)
        .outerjoin(PartnerEvent, is_new)
        .outerjoin(Tenant, col(Tenant.id) == PartnerEvent.tenant_id)
        .where(col(WebhookEndpoint.partner_id) == endpoint.partner_id, col(WebhookEndpoint.id) == endpoint.id)
        .order_by(col(PartnerEvent.position))
        .limit(_FANNED_OUT_AT_ONCE)
    )
    rows = (await session.execute(statement)).all()
    return rows[0].waits, [(event, slug) for _, event, slug in rows if event is not None]


async def _make(
    session: AsyncSession,
    endpoint: WebhookEndpoint,
    news: Sequence[tuple[PartnerEvent, str]],
    *,
    now: datetime,
    taken: Collection[UUID] = (),
    lease: UUID | None = None,
) -> dict[UUID, UUID]:
    """Makes deliveries of what is new to an endpoint that is held, some on lease; each by its event."""
    made = {event.id: uuid7() for event, _ in news}
    rows = [
        {
            "partner_id": endpoint.partner_id,
            "id": made[event.id],
            "endpoint_id": endpoint.id,
            "event_id": event.id,
            "handoff_id": event.handoff_id,
            "position": event.position,
            "status": DeliveryStatus.PENDING,
            "attempts": 0,
            "next_attempt_at": now,
            "expedited": False,
            "lease": lease if event.id in taken else None,
            "leased_until": now + LEASE if event.id in taken else None,
            "entered_at": now,
        }
        for event, _ in news
    ]
    await session.execute(insert(WebhookDelivery), rows)
    endpoint.position = news[-1][0].position
    await session.flush()
    return made


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

"""What follows from the attempts of a batch: for each delivery, for the endpoint, and for the log."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
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
from app.services.deliveries import expedite
from app.services.outbox import Batch, Parcel
from app.tables import WebhookAttempt, WebhookDelivery, WebhookEndpoint

_DELIVERED = {
    "status": DeliveryStatus.DELIVERED,
    "attempts": col(WebhookDelivery.attempts) + 1,
    **dict.fromkeys(("next_attempt_at", "lease", "leased_until")),
    "expedited": False,
}
# Nothing waits for longer than this where the outage was shorter.
_OUTAGE = DELAYS[2]


@dataclass(frozen=True, slots=True)
class Settled:
    """The endpoint, which is held; what an operator is told once this is committed: no address, no data of people."""

    endpoint: WebhookEndpoint
    news: tuple[str, ...]


async def settle(
    session: AsyncSession,
    batch: Batch,
    attempted: Sequence[tuple[Parcel, Attempt]],
    *,
    now: datetime,
    chance: Callable[[], float],
) -> Settled:
    """Logs the attempts, and what follows from them for each delivery and for the endpoint."""
    endpoint = (
        await session.scalars(
            select(WebhookEndpoint)
            .where(col(WebhookEndpoint.partner_id) == batch.partner_id, col(WebhookEndpoint.id) == batch.endpoint_id)
            .with_for_update()
        )
    ).one()
    delivered = [parcel.delivery_id for parcel, attempt in attempted if attempt.outcome is AttemptOutcome.DELIVERED]
    if delivered:
        reached = update(WebhookDelivery).where(
            col(WebhookDelivery.partner_id) == batch.partner_id, col(WebhookDelivery.id).in_(delivered)
        )
        await session.execute(reached.values(_DELIVERED).execution_options(synchronize_session=False))
    failed = {
        parcel.delivery_id: attempt for parcel, attempt in attempted if attempt.outcome is not AttemptOutcome.DELIVERED
    }
    dead = await _settle_failed(session, batch, failed, now=now, chance=chance) if failed else []
    await session.execute(insert(WebhookAttempt), [_logged(batch, *one) for one in attempted])
    attempts = [attempt for _, attempt in attempted]
    news = [*(f"delivery {one} is dead: no attempt is left" for one in dead)]
    news += await _note(session, endpoint, attempts, now=now)
    await session.flush()
    return Settled(endpoint, tuple(news))


async def _settle_failed(
    session: AsyncSession, batch: Batch, failed: dict[UUID, Attempt], *, now: datetime, chance: Callable[[], float]
) -> list[UUID]:
    """The deliveries of which that was the last attempt."""
    dead = []
    held = select(WebhookDelivery).where(
        col(WebhookDelivery.partner_id) == batch.partner_id, col(WebhookDelivery.id).in_(failed)
    )
    for delivery in await session.scalars(held.order_by(col(WebhookDelivery.id)).with_for_update()):
        if delivery.lease != batch.lease:
            continue  # the lease expired: whoever holds another settles it
        if delivery.next_attempt_at is not None and delivery.next_attempt_at <= now:
            delivery.attempts += 1
            delivery.next_attempt_at = next_attempt_at(delivery.attempts, ended_at=now, chance=chance())
            if delivery.next_attempt_at is None:
                delivery.status = DeliveryStatus.DEAD
                dead.append(delivery.id)
        delivery.lease, delivery.leased_until, delivery.expedited = None, None, False
    await session.flush()  # what was settled is not expedited
    return dead


def _logged(batch: Batch, parcel: Parcel, attempt: Attempt) -> dict[str, object]:
    return {
        "partner_id": batch.partner_id,
        "id": uuid7(),
        "delivery_id": parcel.delivery_id,
        "attempted_at": attempt.attempted_at,
        "duration_ms": attempt.duration_ms,
        "outcome": attempt.outcome,
        "status_code": attempt.status_code,
    }


async def _note(
    session: AsyncSession, endpoint: WebhookEndpoint, attempts: Sequence[Attempt], *, now: datetime
) -> list[str]:
    """What the attempts say of the endpoint: it is back, it fails, it asks to be left alone, it is gone."""
    failing_since, disabled_at = endpoint.failing_since, endpoint.disabled_at
    before = (failing_since, endpoint.held_until, disabled_at)
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
    news = []
    if failing_since is None and endpoint.failing_since is not None:
        met = attempts[-1]
        news.append(f"it fails: {met.outcome.value}" + (f" ({met.status_code})" if met.status_code else ""))
    if failing_since is not None and endpoint.failing_since is None:
        news.append(f"it takes deliveries again; it failed since {failing_since.astimezone(UTC):%Y-%m-%d %H:%M} UTC")
    if disabled_at is None and endpoint.disabled_at is not None:
        news.append("it is disabled, as it asked for by its 410")
    return news

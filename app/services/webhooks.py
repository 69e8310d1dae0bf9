"""The endpoints of partners: made, read, given another secret, disabled and enabled by the partner itself."""

import asyncio
import secrets
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.deliveries import DisabledBecause
from app.domain.errors import NotFound
from app.domain.permissions import Caller
from app.domain.retention import KEPT_MONTHS, kept_from
from app.domain.webhook_errors import (
    TooManyWebhooks,
    WebhookAlreadyDisabled,
    WebhookAlreadyEnabled,
    WebhookDisabledTooLong,
    WebhookUrlRefused,
)
from app.domain.webhook_targets import UrlFault, UrlRefused, target_of
from app.partners.webhooks import AddressRefused, Resolve, addresses
from app.schemas.base import Page, PageQuery
from app.schemas.webhooks import OVERLAP_HOURS, SecretCreate, SecretCreated, WebhookCreate, WebhookCreated, WebhookRead
from app.security import seal
from app.services import deliveries
from app.services.pages import keyset_page
from app.services.push_signatures import begin_own_change
from app.settings import settings
from app.tables import PartnerEvent, WebhookEndpoint

ENDPOINTS_MAX = 10
# Standard Webhooks asks for 24 to 64 random bytes.
_SECRET_BYTES = 32
_LOOKED_UP_SECONDS = 5
# Names are looked up in threads, which others work with too.
_looked_up_at_once = asyncio.Semaphore(4)


async def check_url(url: str, *, resolve: Resolve) -> None:
    """Looks up where an endpoint is, before any transaction. Raises WebhookUrlRefused.

    It is looked up again each time it is called: a name may be given other addresses. One that nobody knows, or of
    which nobody says anything in time, could be told of nothing.
    """
    try:
        target = target_of(url, loopback_allowed=settings().webhook_loopback_allowed)
        async with asyncio.timeout(_LOOKED_UP_SECONDS), _looked_up_at_once:
            await addresses(target, resolve=resolve)
    except UrlRefused as refused:
        raise WebhookUrlRefused(fault=refused.fault.value) from None
    except AddressRefused:
        raise WebhookUrlRefused(fault=UrlFault.INNER_ADDRESS.value) from None
    except OSError:
        raise WebhookUrlRefused(fault=UrlFault.UNKNOWN_NAME.value) from None


async def create(session: AsyncSession, *, caller: Caller, now: datetime, body: WebhookCreate) -> WebhookCreated:
    """An endpoint, whose address was checked, that is told of what happens from now on.

    Raises SignatureMissing, TooManyWebhooks, EncryptionKeysMissing.
    """
    partner_id = await begin_own_change(session, caller, now=now)
    await _check_room(session, partner_id)
    secret, last = _new_secret(), func.coalesce(func.max(col(PartnerEvent.position)), 0)
    position = await session.scalar(select(last).where(col(PartnerEvent.partner_id) == partner_id))
    endpoint = WebhookEndpoint(
        partner_id=partner_id,
        url=body.url,
        description=body.description,
        secret_sealed=_sealed(secret),
        position=position or 0,
    )
    session.add(endpoint)
    return WebhookCreated(**_read(endpoint).model_dump(), secret=secret)


async def list_page(session: AsyncSession, *, caller: Caller, query: PageQuery) -> Page[WebhookRead]:
    """The partner's endpoints, newest first. Raises CursorNotOurs."""
    statement = select(WebhookEndpoint).where(col(WebhookEndpoint.partner_id) == caller.partner_id)
    scope = f"{caller.partner_id}/{WebhookEndpoint.__tablename__}"
    rows, next_cursor = await keyset_page(session, statement, WebhookEndpoint.id, scope=scope, query=query)
    return Page(items=[_read(row[0]) for row in rows], next_cursor=next_cursor)


async def read(session: AsyncSession, webhook_id: UUID, *, caller: Caller) -> WebhookRead:
    """One endpoint, or NotFound."""
    return _read(await found(session, webhook_id, caller=caller))


async def rotate(
    session: AsyncSession, webhook_id: UUID, *, caller: Caller, now: datetime, body: SecretCreate | None
) -> SecretCreated:
    """Another secret; the one in use signs beside it for a time, and the one before that no more.

    Raises SignatureMissing, NotFound.
    """
    await begin_own_change(session, caller, now=now)
    endpoint = await found(session, webhook_id, caller=caller, hold=True)
    secret, overlap = _new_secret(), timedelta(hours=body.overlap_hours if body else OVERLAP_HOURS)
    endpoint.previous_secret_sealed, endpoint.previous_until = (
        (endpoint.secret_sealed, now + overlap) if overlap else (None, None)
    )
    endpoint.secret_sealed = _sealed(secret)
    endpoint.version += 1
    return SecretCreated(secret=secret, previous_secret_until=endpoint.previous_until)


async def disable(session: AsyncSession, webhook_id: UUID, *, caller: Caller, now: datetime) -> WebhookRead:
    """Nothing more is sent there; what happens waits. Raises SignatureMissing, NotFound, WebhookAlreadyDisabled."""
    await begin_own_change(session, caller, now=now)
    endpoint = await found(session, webhook_id, caller=caller, hold=True)
    if endpoint.disabled_at is not None:
        raise WebhookAlreadyDisabled
    endpoint.disabled_at, endpoint.disabled_because = now, DisabledBecause.ASKED
    endpoint.version += 1
    return _read(endpoint)


async def enable(session: AsyncSession, webhook_id: UUID, *, caller: Caller, now: datetime) -> WebhookRead:
    """What waited is sent, from where the endpoint was left.

    Raises SignatureMissing, NotFound, WebhookAlreadyEnabled, TooManyWebhooks, WebhookDisabledTooLong where some of it
    may be erased.
    """
    await begin_own_change(session, caller, now=now)
    endpoint = await found(session, webhook_id, caller=caller, hold=True)
    if endpoint.disabled_at is None:
        raise WebhookAlreadyEnabled
    if endpoint.disabled_at < kept_from(now.astimezone(UTC).date()):
        raise WebhookDisabledTooLong(months=KEPT_MONTHS)
    await _check_room(session, endpoint.partner_id)
    endpoint.disabled_at = endpoint.disabled_because = endpoint.failing_since = endpoint.held_until = None
    endpoint.version += 1
    await deliveries.expedite(session, endpoint)
    return _read(endpoint)


async def found(session: AsyncSession, webhook_id: UUID, *, caller: Caller, hold: bool = False) -> WebhookEndpoint:
    """The partner's endpoint, held until the end of the transaction where it is to be changed; or NotFound."""
    statement = select(WebhookEndpoint).where(
        col(WebhookEndpoint.partner_id) == caller.partner_id, col(WebhookEndpoint.id) == webhook_id
    )
    endpoint = await session.scalar(statement.with_for_update() if hold else statement)
    if endpoint is None:
        raise NotFound
    return endpoint


def partner_of(caller: Caller) -> UUID:
    """The partner that calls."""
    assert caller.partner_id is not None  # noqa: S101 - the table of roles lets partners alone come here
    return caller.partner_id


async def _check_room(session: AsyncSession, partner_id: UUID) -> None:
    """Raises TooManyWebhooks; those that are disabled do not count.

    One registration of a partner after another, or two would count the same.
    """
    turn: Select[int] = select(func.pg_advisory_xact_lock(func.hashtextextended(f"webhooks/{partner_id}", 0)))
    await session.execute(turn)
    number = (
        select(func.count())
        .select_from(WebhookEndpoint)
        .where(col(WebhookEndpoint.partner_id) == partner_id, col(WebhookEndpoint.disabled_at).is_(None))
    )
    if (await session.scalar(number) or 0) >= ENDPOINTS_MAX:
        raise TooManyWebhooks(limit=ENDPOINTS_MAX)


def _new_secret() -> str:
    return f"whsec_{b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()}"


def _sealed(secret: str) -> str:
    return seal(secret, keys=settings().encryption_keys.get_secret_value())


def _read(endpoint: WebhookEndpoint) -> WebhookRead:
    return WebhookRead(
        **endpoint.model_dump(include=set(WebhookRead.model_fields)), previous_secret_until=endpoint.previous_until
    )

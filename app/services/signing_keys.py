"""The keys that a partner signs its pushes with: two at once, so that one can follow another without a lost push."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.credential_errors import PublicKeyEnded, SigningKeyRevoked, TwoSigningKeysActive
from app.domain.credentials import ACTIVE_MAX, CredentialState, end_of_life, state_of
from app.domain.errors import NotFound
from app.domain.permissions import Caller
from app.schemas.base import Page, PageQuery
from app.schemas.signing_keys import SigningKeyCreate, SigningKeyCreated, SigningKeyRead
from app.security import new_signing_secret, seal
from app.services.pages import keyset_page
from app.services.push_signatures import begin_own_change, good
from app.settings import settings
from app.tables import SigningKey


async def list_page(session: AsyncSession, *, caller: Caller, now: datetime, query: PageQuery) -> Page[SigningKeyRead]:
    """The partner's keys, newest first, with those that are over."""
    statement = select(SigningKey).where(col(SigningKey.partner_id) == caller.partner_id)
    scope = f"{caller.partner_id}/{SigningKey.__tablename__}"
    rows, next_cursor = await keyset_page(session, statement, SigningKey.id, scope=scope, query=query)
    return Page(items=[_read(row[0], now) for row in rows], next_cursor=next_cursor)


async def create(
    session: AsyncSession, *, caller: Caller, now: datetime, body: SigningKeyCreate | None
) -> SigningKeyCreated:
    """A key beside the one in use: a secret of ours, or the public key that the partner tells.

    Raises TwoSigningKeysActive, PublicKeyEnded for one that was registered before, SignatureMissing.
    """
    partner_id = await begin_own_change(session, caller, now=now)
    asked = body or SigningKeyCreate()
    known = await _of_public_key(session, partner_id, asked.public_key)
    if known is not None:
        read = _read(known, now)
        if read.state is not CredentialState.ACTIVE:
            raise PublicKeyEnded
        return SigningKeyCreated(**read.model_dump(), secret=None, known=True)
    active = await session.scalar(select(func.count()).where(*good(partner_id, now)))
    if (active or 0) >= ACTIVE_MAX:
        raise TwoSigningKeysActive(active_max=ACTIVE_MAX)
    secret = None if asked.public_key else new_signing_secret()
    key = SigningKey(
        partner_id=partner_id,
        secret_sealed=secret and seal(secret, keys=settings().encryption_keys.get_secret_value()),
        public_key=asked.public_key,
        expires_at=end_of_life(now, asked.valid_months),
        entered_at=now,
    )
    session.add(key)
    return SigningKeyCreated(**_read(key, now).model_dump(), secret=secret, known=False)


async def _of_public_key(session: AsyncSession, partner_id: UUID, public_key: str | None) -> SigningKey | None:
    if public_key is None:
        return None
    statement = select(SigningKey).where(
        col(SigningKey.partner_id) == partner_id, col(SigningKey.public_key) == public_key
    )
    return (await session.scalars(statement)).one_or_none()


async def revoke(session: AsyncSession, signing_key_id: UUID, *, caller: Caller, now: datetime) -> SigningKeyRead:
    """Ends a key at once, the last one too. Raises NotFound, SigningKeyRevoked, SignatureMissing."""
    partner_id = await begin_own_change(session, caller, now=now)
    statement = select(SigningKey).where(col(SigningKey.id) == signing_key_id, col(SigningKey.partner_id) == partner_id)
    key = (await session.scalars(statement)).one_or_none()
    if key is None:
        raise NotFound
    if not key.active:
        raise SigningKeyRevoked
    key.active = False
    return _read(key, now)


def _read(key: SigningKey, now: datetime) -> SigningKeyRead:
    return SigningKeyRead(
        id=key.id,
        public_key=key.public_key,
        state=state_of(active=key.active, expires_at=key.expires_at, now=now),
        expires_at=key.expires_at,
        entered_at=key.entered_at,
    )

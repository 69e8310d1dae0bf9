"""The credentials of a partner's machines, as the partner itself sees and changes them: two at once at the most."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.credential_errors import CredentialRevoked, LastCredential, TwoCredentialsActive
from app.domain.credentials import ACTIVE_MAX, VALID_MONTHS_DEFAULT, end_of_life, state_of
from app.domain.errors import NotFound
from app.domain.permissions import Caller
from app.schemas.base import Page, PageQuery
from app.schemas.partner_credentials import (
    PartnerCredentialCreate,
    PartnerCredentialCreated,
    PartnerCredentialRead,
)
from app.security import hash_client_secret, new_client_id, new_client_secret
from app.services.pages import keyset_page
from app.services.push_signatures import begin_own_change
from app.tables import PartnerClient


async def list_page(
    session: AsyncSession, *, caller: Caller, now: datetime, query: PageQuery
) -> Page[PartnerCredentialRead]:
    """The partner's credentials, newest first, with those that are over."""
    statement = select(PartnerClient).where(col(PartnerClient.partner_id) == caller.partner_id)
    scope = f"{caller.partner_id}/{PartnerClient.__tablename__}"
    rows, next_cursor = await keyset_page(session, statement, PartnerClient.id, scope=scope, query=query)
    return Page(items=[_read(row[0], now) for row in rows], next_cursor=next_cursor)


async def create(
    session: AsyncSession, *, caller: Caller, now: datetime, body: PartnerCredentialCreate | None
) -> PartnerCredentialCreated:
    """Credentials beside those in use. Raises TwoCredentialsActive, SignatureMissing."""
    assert caller.partner_code is not None  # noqa: S101 - a partner has a code
    partner_id = await begin_own_change(session, caller, now=now)
    active = await session.scalar(select(func.count()).where(*good(partner_id, now)))
    if (active or 0) >= ACTIVE_MAX:
        raise TwoCredentialsActive(active_max=ACTIVE_MAX)
    secret = new_client_secret()
    client = PartnerClient(
        partner_id=partner_id,
        client_id=new_client_id(caller.partner_code),
        secret_sha256=hash_client_secret(secret),
        expires_at=end_of_life(now, body.valid_months if body else VALID_MONTHS_DEFAULT),
        entered_at=now,
    )
    session.add(client)
    return PartnerCredentialCreated(**_read(client, now).model_dump(), client_secret=secret)


async def revoke(session: AsyncSession, credential_id: UUID, *, caller: Caller, now: datetime) -> PartnerCredentialRead:
    """Ends credentials at once, their tokens with them. Raises NotFound, CredentialRevoked, LastCredential,
    SignatureMissing.
    """
    partner_id = await begin_own_change(session, caller, now=now)
    statement = select(PartnerClient).where(
        col(PartnerClient.id) == credential_id, col(PartnerClient.partner_id) == partner_id
    )
    client = (await session.scalars(statement)).one_or_none()
    if client is None:
        raise NotFound
    if not client.active:
        raise CredentialRevoked
    others = select(func.count()).where(*good(partner_id, now), col(PartnerClient.id) != credential_id)
    if not await session.scalar(others):
        raise LastCredential
    client.active = False
    return _read(client, now)


def good(partner_id: UUID, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """What the credentials of a partner that may be used at an instant are."""
    return col(PartnerClient.partner_id) == partner_id, *usable(now)


def usable(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """What any credentials that may be used at an instant are."""
    alive = or_(col(PartnerClient.expires_at).is_(None), col(PartnerClient.expires_at) > now)
    return col(PartnerClient.active).is_(True), alive


def _read(client: PartnerClient, now: datetime) -> PartnerCredentialRead:
    return PartnerCredentialRead(
        id=client.id,
        client_id=client.client_id,
        state=state_of(active=client.active, expires_at=client.expires_at, now=now),
        expires_at=client.expires_at,
        signed_in_at=client.signed_in_at,
        entered_at=client.entered_at,
    )

"""Signing in, and who is calling."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.database import Sessions, tenant_transaction
from app.domain.errors import ClientRefused, CredentialsRefused, FieldFault, Invalid, TokenRefused
from app.domain.operation_roles import ROLES, allows
from app.domain.permissions import Caller, Role
from app.schemas.auth import MeRead, TokenForm, TokenRead
from app.security import TOKEN_LIFE, Credential, client_secret_matches, password_matches, sign_ins, sign_token
from app.services.partner_credentials import usable
from app.settings import settings
from app.tables import Account, Partner, PartnerClient, PlatformAccount, Tenant
from app.tenancy import bind, bind_partner, narrow

PLATFORM = "platform"
# Built once: it runs at every request.
_STAFF_MEMBER = (
    select(
        col(Account.login),
        col(Account.roles),
        col(Account.commune_insee_codes),
        col(Tenant.slug),
        col(Tenant.time_zone),
        col(Tenant.communes),
    )
    .join(Tenant, col(Tenant.id) == col(Account.tenant_id))
    .where(
        col(Account.tenant_id) == bindparam("tenant_id"),
        col(Account.id) == bindparam("account_id"),
        col(Account.active),
    )
)
_PLATFORM_TIME_ZONE = ZoneInfo("Europe/Paris")


async def token(sessions: Sessions, *, form: TokenForm, basic: tuple[str, str] | None, now: datetime) -> TokenRead:
    """A token for whom the form names. Raises CredentialsRefused, ClientRefused, TooManyAtOnce, Invalid."""
    if form.grant_type == "password":
        username, password = _given(form, "username", "password")
        return await sign_in(sessions, username=username, password=password, now=now)
    client_id, client_secret = basic or _given(form, "client_id", "client_secret")
    async with tenant_transaction(sessions, None) as session:
        return await sign_in_client(session, client_id=client_id, client_secret=client_secret, now=now)


def _given(form: TokenForm, *names: str) -> list[str]:
    """What the kind of grant asks of the form. Raises Invalid naming what is missing."""
    values = [getattr(form, name) for name in names]
    missing = [
        FieldFault(f"/body/{name}", "missing", {}) for name, value in zip(names, values, strict=True) if not value
    ]
    if missing:
        refusal = Invalid(*missing)
        refusal.facts["error"] = "invalid_request"
        raise refusal
    return values


async def sign_in(sessions: Sessions, *, username: str, password: str, now: datetime) -> TokenRead:
    """A token for `login@slug`. Raises CredentialsRefused, which never tells what was wrong, or TooManyAtOnce.

    Takes a transaction of its own and ends it before the password is hashed: a burst of sign-ins must not hold
    the connections that the others work with.
    """
    with sign_ins.place():
        return _token(await _recognised(sessions, username, password), now=now)


async def sign_in_client(session: AsyncSession, *, client_id: str, client_secret: str, now: datetime) -> TokenRead:
    """A token for a partner's machine (OAuth2 client credentials). Raises ClientRefused."""
    statement = select(PartnerClient).where(col(PartnerClient.client_id) == client_id, *usable(now))
    client = (await session.scalars(statement)).one_or_none()
    if not client_secret_matches(client_secret, client.secret_sha256 if client else None) or client is None:
        raise ClientRefused
    await bind_partner(session, client.partner_id)
    client.signed_in_at = now
    return _token(Credential(client.id, None, client.partner_id), now=now)


def _token(credential: Credential, *, now: datetime) -> TokenRead:
    secret = settings().token_secret.get_secret_value()
    return TokenRead(
        access_token=sign_token(credential, secret=secret, now=now),
        token_type="bearer",  # noqa: S106 - the kind of token, not a secret
        expires_in=int(TOKEN_LIFE.total_seconds()),
    )


async def _recognised(sessions: Sessions, username: str, password: str) -> Credential:
    login, _, slug = username.partition("@")
    async with tenant_transaction(sessions, None) as session:
        found = await (_platform_account(session, login) if slug == PLATFORM else _account(session, login, slug))
    credential, password_hash = found or (None, None)
    if not await password_matches(password, password_hash) or credential is None:
        raise CredentialsRefused
    return credential


async def _account(session: AsyncSession, login: str, slug: str) -> tuple[Credential, str] | None:
    tenant_id = (await session.scalars(select(col(Tenant.id)).where(col(Tenant.slug) == slug))).one_or_none()
    await bind(session, tenant_id)
    statement = select(col(Account.id), col(Account.password_hash)).where(
        col(Account.tenant_id) == tenant_id, col(Account.login) == login, col(Account.active)
    )
    row = (await session.execute(statement)).one_or_none()
    return (Credential(row.id, tenant_id), row.password_hash) if row else None


async def _platform_account(session: AsyncSession, login: str) -> tuple[Credential, str] | None:
    statement = select(col(PlatformAccount.id), col(PlatformAccount.password_hash)).where(
        col(PlatformAccount.login) == login, col(PlatformAccount.active)
    )
    row = (await session.execute(statement)).one_or_none()
    return (Credential(row.id, None), row.password_hash) if row else None


async def caller_of(session: AsyncSession, credential: Credential, *, now: datetime) -> Caller:
    """Who the credential belongs to today: roles and communes are read anew at each request. Raises TokenRefused.

    The transaction of one who works for some communes only is narrowed to them.
    """
    if credential.partner_id is not None:
        return await _partner_caller(session, credential, now=now)
    if credential.tenant_id is None:
        return await _platform_caller(session, credential.account_id)
    found = await session.execute(
        _STAFF_MEMBER, {"tenant_id": credential.tenant_id, "account_id": credential.account_id}
    )
    row = found.one_or_none()
    if row is None:
        raise TokenRefused
    served, own = frozenset(commune["insee_code"] for commune in row.communes), row.commune_insee_codes
    if own is not None:
        await narrow(session, own)
    return Caller(
        account_id=credential.account_id,
        login=row.login,
        roles=frozenset(Role(role) for role in row.roles),
        tenant_id=credential.tenant_id,
        tenant_slug=row.slug,
        time_zone=ZoneInfo(row.time_zone),
        commune_insee_codes=served if own is None else served & frozenset(own),
        served_insee_codes=served,
    )


async def _platform_caller(session: AsyncSession, account_id: UUID) -> Caller:
    statement = select(col(PlatformAccount.login)).where(
        col(PlatformAccount.id) == account_id, col(PlatformAccount.active)
    )
    login = (await session.scalars(statement)).one_or_none()
    if login is None:
        raise TokenRefused
    return Caller(
        account_id=account_id,
        login=login,
        roles=frozenset({Role.PLATFORM}),
        tenant_id=None,
        tenant_slug=None,
        time_zone=_PLATFORM_TIME_ZONE,
        commune_insee_codes=frozenset(),
        served_insee_codes=frozenset(),
    )


async def _partner_caller(session: AsyncSession, credential: Credential, *, now: datetime) -> Caller:
    statement = (
        select(col(PartnerClient.client_id), col(Partner.code))
        .join(Partner, col(Partner.id) == PartnerClient.partner_id)
        .where(
            col(PartnerClient.id) == credential.account_id,
            col(PartnerClient.partner_id) == credential.partner_id,
            *usable(now),
        )
    )
    client = (await session.execute(statement)).one_or_none()
    if client is None:
        raise TokenRefused
    return Caller(
        account_id=credential.account_id,
        login=client.client_id,
        roles=frozenset({Role.PARTNER}),
        tenant_id=None,
        tenant_slug=None,
        time_zone=_PLATFORM_TIME_ZONE,
        commune_insee_codes=frozenset(),
        served_insee_codes=frozenset(),
        partner_id=credential.partner_id,
        partner_code=client.code,
    )


def describe(caller: Caller) -> MeRead:
    """Who the caller is, and which operations the roles allow."""
    return MeRead(
        account_id=caller.account_id,
        username=caller.login if caller.partner_code else f"{caller.login}@{caller.tenant_slug or PLATFORM}",
        tenant=caller.tenant_slug,
        partner=caller.partner_code,
        roles=sorted(caller.roles),
        commune_insee_codes=sorted(caller.commune_insee_codes),
        permissions=sorted(operation for operation in ROLES if allows(caller.roles, operation)),
    )

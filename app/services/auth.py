"""Signing in, and who is calling."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.database import Sessions, tenant_transaction
from app.domain.errors import CredentialsRefused, TokenRefused
from app.domain.permissions import ROLES, Caller, Role, allows
from app.schemas.auth import MeRead, TokenRead
from app.security import TOKEN_LIFE, Credential, password_matches, sign_ins, sign_token
from app.settings import settings
from app.tables import Account, PlatformAccount, Tenant
from app.tenancy import bind

PLATFORM = "platform"
# Built once: it runs at every request.
_STAFF_MEMBER = (
    select(col(Account.login), col(Account.roles), col(Tenant.slug), col(Tenant.time_zone), col(Tenant.communes))
    .join(Tenant, col(Tenant.id) == col(Account.tenant_id))
    .where(
        col(Account.tenant_id) == bindparam("tenant_id"),
        col(Account.id) == bindparam("account_id"),
        col(Account.active),
    )
)
_PLATFORM_TIME_ZONE = ZoneInfo("Europe/Paris")


async def sign_in(sessions: Sessions, *, username: str, password: str, now: datetime) -> TokenRead:
    """A token for `login@slug`. Raises CredentialsRefused, which never tells what was wrong, or TooManyAtOnce.

    Takes a transaction of its own and ends it before the password is hashed: a burst of sign-ins must not hold
    the connections that the others work with.
    """
    with sign_ins.place():
        credential = await _recognised(sessions, username, password)
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


async def caller_of(session: AsyncSession, credential: Credential) -> Caller:
    """Who the credential belongs to today: roles are read anew at each request. Raises TokenRefused."""
    if credential.tenant_id is None:
        return await _platform_caller(session, credential.account_id)
    found = await session.execute(
        _STAFF_MEMBER, {"tenant_id": credential.tenant_id, "account_id": credential.account_id}
    )
    row = found.one_or_none()
    if row is None:
        raise TokenRefused
    return Caller(
        account_id=credential.account_id,
        login=row.login,
        roles=frozenset(Role(role) for role in row.roles),
        tenant_id=credential.tenant_id,
        tenant_slug=row.slug,
        time_zone=ZoneInfo(row.time_zone),
        commune_insee_codes=frozenset(commune["insee_code"] for commune in row.communes),
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
    )


def describe(caller: Caller) -> MeRead:
    """Who the caller is, and which operations the roles allow."""
    return MeRead(
        account_id=caller.account_id,
        username=f"{caller.login}@{caller.tenant_slug or PLATFORM}",
        tenant=caller.tenant_slug,
        roles=sorted(caller.roles),
        commune_insee_codes=sorted(caller.commune_insee_codes),
        permissions=sorted(operation for operation in ROLES if allows(caller.roles, operation)),
    )

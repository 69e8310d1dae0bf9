"""What the links by which others answer have alike: signed, good once, for one CCAS, until the end of a day."""

from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.dates import months_after
from app.domain.errors import DateInPast, NotFound
from app.domain.link_errors import LinkExpired, LinkRevoked, LinkTooLong, LinkUsed
from app.security import LinkPurpose, read_link_token, sign_link_token
from app.settings import settings
from app.tables import Tenant
from app.tables.base import utc_now
from app.tables.links import SingleUseLink
from app.tenancy import bind, bound_tenant, of_tenant

_MONTHS_MAX = 12

Link = TypeVar("Link", bound=SingleUseLink)


def check_last_day(expires_on: date, *, today: date) -> None:
    """Raises DateInPast for a last day that has passed, LinkTooLong for one more than a year ahead."""
    if expires_on < today:
        raise DateInPast(field="expires_on")
    if expires_on > (not_after := months_after(today, _MONTHS_MAX)):
        raise LinkTooLong(not_after=not_after.isoformat())


def end_of(expires_on: date, time_zone: ZoneInfo) -> datetime:
    """The instant at which a link that is good until that day is good no more."""
    return datetime.combine(expires_on + timedelta(days=1), time.min, time_zone).astimezone(UTC)


def new_token(session: AsyncSession, purpose: LinkPurpose) -> str:
    """A token for the tenant that the transaction is bound to."""
    return sign_link_token(bound_tenant(session), purpose, secret=_secret())


def digest(token: str) -> str:
    """What is kept of a token."""
    return sha256(token.encode()).hexdigest()


async def revoke(session: AsyncSession, table: type[Link], about: ColumnElement[bool]) -> None:
    """Ends the live link of what the caller holds, if it has one."""
    live = col(table.used_at).is_(None), col(table.revoked_at).is_(None)
    link = (await session.scalars(select(table).where(of_tenant(session, table), about, *live))).one_or_none()
    if link is not None:
        link.revoked_at = utc_now()
    await session.flush()  # one live link at a time, says the database


async def followed(session: AsyncSession, token: str, purpose: LinkPurpose) -> Tenant:
    """Whose link it is, to whom the transaction is bound from now on. Raises NotFound for what is no link of ours."""
    tenant_id = read_link_token(token, purpose, secret=_secret())
    await bind(session, tenant_id)
    tenant = await session.get(Tenant, tenant_id)
    if tenant is None:
        raise NotFound
    return tenant


async def of_token(session: AsyncSession, table: type[Link], token: str) -> Link:
    """The link of a token, live or not. Raises NotFound."""
    statement = select(table).where(of_tenant(session, table), col(table.token_sha256) == digest(token))
    link = (await session.scalars(statement)).one_or_none()
    if link is None:
        raise NotFound
    return link


def check_live(link: SingleUseLink, *, tenant: Tenant, now: datetime) -> None:
    """Raises LinkUsed, LinkRevoked, LinkExpired."""
    if link.used_at is not None:
        raise LinkUsed
    if link.revoked_at is not None:
        raise LinkRevoked
    if now >= link.expires_at:
        last_day = link.expires_at.astimezone(ZoneInfo(tenant.time_zone)).date() - timedelta(days=1)
        raise LinkExpired(expired_on=last_day.isoformat())


def _secret() -> str:
    return settings().token_secret.get_secret_value()

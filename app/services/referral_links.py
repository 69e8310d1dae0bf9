"""Links by which an organisation answers a referral: signed, good once, for one CCAS."""

from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.dates import months_after
from app.domain.errors import DateInPast, NotFound
from app.domain.permissions import Caller
from app.domain.referral_errors import LinkExpired, LinkRevoked, LinkTooLong, LinkUsed
from app.domain.referral_lifecycle import ReferralAction, after
from app.schemas.referral_links import ReferralLinkCreate, ReferralLinkCreated
from app.security import read_link_token, sign_link_token
from app.services import referrals
from app.settings import settings
from app.tables import Referral, ReferralLink, Tenant
from app.tables.base import utc_now
from app.tenancy import bind, of_tenant

ANSWERS_PATH = "/v1/referral-answers"
_MONTHS_MAX = 12


async def create(
    session: AsyncSession, referral_id: UUID, *, caller: Caller, today: date, body: ReferralLinkCreate | None
) -> ReferralLinkCreated:
    """A link that replaces the one before.

    Raises NotFound, IllegalTransition unless the referral waits, AuthorisationMissing, PersonNotRecorded, DateInPast
    for a last day that has passed, LinkTooLong for one more than a year ahead.
    """
    referral = await referrals.locked(session, referral_id)
    after(referral.status, ReferralAction.INVITE)
    expires_on = (body.expires_on if body else None) or referral.answer_expected_on
    if expires_on < today:
        raise DateInPast(field="expires_on")
    if expires_on > (not_after := months_after(today, _MONTHS_MAX)):
        raise LinkTooLong(not_after=not_after.isoformat())
    await referrals.check_authorised(session, referral, on=today)
    await revoke(session, referral)
    await session.flush()  # one live link at a time, says the database
    token = sign_link_token(referral.tenant_id, secret=_secret())
    expires_at = datetime.combine(expires_on + timedelta(days=1), time.min, caller.time_zone).astimezone(UTC)
    session.add(
        ReferralLink(
            tenant_id=referral.tenant_id,
            referral_id=referral.id,
            token_sha256=_digest(token),
            expires_at=expires_at,
            account_id=caller.account_id,
        )
    )
    return ReferralLinkCreated(path=f"{ANSWERS_PATH}/{token}", token=token, expires_at=expires_at)


async def revoke(session: AsyncSession, referral: Referral) -> None:
    """Ends the live link of a referral that the caller holds, if it has one."""
    statement = select(ReferralLink).where(
        of_tenant(session, ReferralLink),
        col(ReferralLink.referral_id) == referral.id,
        col(ReferralLink.used_at).is_(None),
        col(ReferralLink.revoked_at).is_(None),
    )
    link = (await session.scalars(statement)).one_or_none()
    if link is not None:
        link.revoked_at = utc_now()


async def followed(session: AsyncSession, token: str) -> Tenant:
    """Whose link it is, to whom the transaction is bound from now on. Raises NotFound for what is no link of ours."""
    tenant_id = read_link_token(token, secret=_secret())
    await bind(session, tenant_id)
    tenant = await session.get(Tenant, tenant_id)
    if tenant is None:
        raise NotFound
    return tenant


async def live(session: AsyncSession, token: str, *, tenant: Tenant, now: datetime, hold: bool) -> ReferralLink:
    """The link of a token, with its referral held until the end of the transaction where it is to be used.

    Raises NotFound, LinkUsed, LinkRevoked, LinkExpired.
    """
    link = (await session.scalars(_of_token(session, token))).one_or_none()
    if link is None:
        raise NotFound
    if hold:
        await referrals.locked(session, link.referral_id)
        await session.refresh(link)  # another may have used it meanwhile
    if link.used_at is not None:
        raise LinkUsed
    if link.revoked_at is not None:
        raise LinkRevoked
    if now >= link.expires_at:
        last_day = link.expires_at.astimezone(ZoneInfo(tenant.time_zone)).date() - timedelta(days=1)
        raise LinkExpired(expired_on=last_day.isoformat())
    return link


def _of_token(session: AsyncSession, token: str) -> Select[ReferralLink]:
    return select(ReferralLink).where(
        of_tenant(session, ReferralLink), col(ReferralLink.token_sha256) == _digest(token)
    )


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _secret() -> str:
    return settings().token_secret.get_secret_value()

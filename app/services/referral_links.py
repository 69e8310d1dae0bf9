"""Links by which an organisation answers a referral: signed, good once, for one CCAS."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.permissions import Caller
from app.domain.referral_lifecycle import ReferralAction, after
from app.schemas.referral_links import ReferralLinkCreate, ReferralLinkCreated
from app.security import LinkPurpose
from app.services import links, referrals
from app.tables import Referral, ReferralLink, Tenant

ANSWERS_PATH = "/v1/referral-answers"


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
    links.check_last_day(expires_on, today=today)
    await referrals.check_authorised(session, referral, on=today)
    await revoke(session, referral)
    token = links.new_token(session, LinkPurpose.REFERRAL_ANSWER)
    expires_at = links.end_of(expires_on, caller.time_zone)
    session.add(
        ReferralLink(
            tenant_id=referral.tenant_id,
            referral_id=referral.id,
            token_sha256=links.digest(token),
            expires_at=expires_at,
            account_id=caller.account_id,
        )
    )
    return ReferralLinkCreated(path=f"{ANSWERS_PATH}/{token}", token=token, expires_at=expires_at)


async def revoke(session: AsyncSession, referral: Referral) -> None:
    """Ends the live link of a referral that the caller holds, if it has one."""
    await links.revoke(session, ReferralLink, col(ReferralLink.referral_id) == referral.id)


async def followed(session: AsyncSession, token: str) -> Tenant:
    """Whose link it is, to whom the transaction is bound from now on. Raises NotFound for what is no link of ours."""
    return await links.followed(session, token, LinkPurpose.REFERRAL_ANSWER)


async def live(session: AsyncSession, token: str, *, tenant: Tenant, now: datetime, hold: bool) -> ReferralLink:
    """The link of a token, with its referral held until the end of the transaction where it is to be used.

    Raises NotFound, LinkUsed, LinkRevoked, LinkExpired.
    """
    link = await links.of_token(session, ReferralLink, token)
    if hold:
        await referrals.locked(session, link.referral_id)
        await session.refresh(link)  # another may have used it meanwhile
    links.check_live(link, tenant=tenant, now=now)
    return link

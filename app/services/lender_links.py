"""Links by which a named officer of a lender answers a handoff: signed, good once, for one CCAS."""

from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.link_errors import LinkRevoked
from app.domain.partner_errors import AuthorisationMissing
from app.domain.permissions import Caller
from app.schemas.lender_links import LenderLinkCreate, LenderLinkCreated
from app.security import LinkPurpose
from app.services import authorisations, handoff_steps, links
from app.tables import Handoff, LenderLink, Request, Tenant

ANSWERS_PATH = "/v1/lender-answers"
_GOOD_FOR = timedelta(days=30)


async def create(
    session: AsyncSession, handoff_id: UUID, *, caller: Caller, today: date, body: LenderLinkCreate
) -> LenderLinkCreated:
    """A link that replaces the one before.

    Raises NotFound, HandoffClosed, AuthorisationMissing, DateInPast for a last day that has passed,
    LinkTooLong for one more than a year ahead.
    """
    handoff, request = await handoff_steps.held(session, handoff_id)
    handoff_steps.check_open(handoff, request)
    expires_on = body.expires_on or today + _GOOD_FOR
    links.check_last_day(expires_on, today=today)
    if request is not None:
        await authorisations.check_still_given(session, request, handoff, on=today)
    await links.revoke(session, LenderLink, col(LenderLink.handoff_id) == handoff.id)
    token = links.new_token(session, LinkPurpose.LENDER_ANSWER)
    expires_at = links.end_of(expires_on, caller.time_zone)
    session.add(
        LenderLink(
            tenant_id=handoff.tenant_id,
            handoff_id=handoff.id,
            officer=body.officer,
            token_sha256=links.digest(token),
            expires_at=expires_at,
            account_id=caller.account_id,
        )
    )
    return LenderLinkCreated(path=f"{ANSWERS_PATH}/{token}", token=token, expires_at=expires_at)


async def followed(session: AsyncSession, token: str) -> Tenant:
    """Whose link it is, to whom the transaction is bound from now on. Raises NotFound for what is no link of ours."""
    return await links.followed(session, token, LinkPurpose.LENDER_ANSWER)


async def live(
    session: AsyncSession, token: str, *, tenant: Tenant, now: datetime, hold: bool
) -> tuple[LenderLink, Handoff]:
    """The link of a token and its handoff, held until the end of the transaction where it is to be used.

    It ends with the handoff, with the request, or with the person's authorisation. Raises NotFound, LinkUsed,
    LinkRevoked, LinkExpired.
    """
    link = await links.of_token(session, LenderLink, token)
    if hold:
        await handoff_steps.held(session, link.handoff_id)
        await session.refresh(link)  # another may have used it meanwhile
    links.check_live(link, tenant=tenant, now=now)
    handoff = await handoff_steps.load(session, link.handoff_id)
    request = await handoff_steps.file_of(session, handoff)
    if handoff_steps.is_closed(handoff, request):
        raise LinkRevoked
    if request is not None:
        await _check_authorised(session, request, handoff, on=now.astimezone(ZoneInfo(tenant.time_zone)).date())
    return link, handoff


async def _check_authorised(session: AsyncSession, request: Request, handoff: Handoff, *, on: date) -> None:
    """Raises LinkRevoked, which says nothing of the person, where the authorisation was withdrawn."""
    try:
        await authorisations.check_still_given(session, request, handoff, on=on)
    except AuthorisationMissing as missing:
        raise LinkRevoked from missing

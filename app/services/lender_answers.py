"""What an officer of a lender reads and answers by a link, which is then used up."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.handoff_lifecycle import STAGE_OF
from app.schemas.ficp_checks import FicpCheckCreate, FicpCheckRead
from app.schemas.lender_answers import LenderAnswerCreate, LenderAnswerRead, LenderLinkRead
from app.schemas.offers import OfferRead
from app.services import ficp_checks, inbox, lender_links, offers, tellings
from app.tables import Partner
from app.tables.base import utc_now

_READ = (
    *("kind", "status", "sent_at", "support_person"),
    *("payload", "payload_sha256", "ficp_query_keys", "steps"),
)


async def read_by_link(session: AsyncSession, token: str, *, now: datetime) -> LenderLinkRead:
    """What is asked of the officer. Raises NotFound, LinkUsed, LinkRevoked, LinkExpired."""
    tenant = await lender_links.followed(session, token)
    link, handoff = await lender_links.live(session, token, tenant=tenant, now=now, hold=False)
    lender = await tellings.reader(session, link, handoff, tenant=tenant)
    today = now.astimezone(lender.time_zone).date()
    asked = await inbox.read(session, handoff.id, caller=lender, today=today)
    return LenderLinkRead(
        ccas=tenant.name,
        lender=(await session.get_one(Partner, handoff.partner_id)).name,
        officer=link.officer,
        expires_at=link.expires_at,
        stage=STAGE_OF.get(handoff.kind),
        **{name: getattr(asked, name) for name in _READ},
    )


async def create_by_link(
    session: AsyncSession, token: str, *, now: datetime, body: LenderAnswerCreate
) -> LenderAnswerRead:
    """The officer's answer: all of it is recorded and the link used up, or nothing is.

    Raises NotFound, LinkUsed, LinkRevoked, LinkExpired; else as `ficp_checks.push`, `inbox.answer`, `offers.create`.
    """
    tenant = await lender_links.followed(session, token)
    link, handoff = await lender_links.live(session, token, tenant=tenant, now=now, hold=True)
    reading = await tellings.reader(session, link, handoff, tenant=tenant)
    today = now.astimezone(reading.time_zone).date()
    lender = await tellings.by_link(session, link, handoff, reading, told_on=today)
    checked: FicpCheckRead | None = None
    offered: OfferRead | None = None
    known = False
    if body.ficp_check is not None:
        check = FicpCheckCreate.of(handoff.id, body.ficp_check)
        checked = await ficp_checks.tell(session, caller=lender, now=now, check=check)
        await session.flush()  # the answer reads again where the handoff stands
    if body.answer is not None:
        known = (await inbox.answer(session, handoff.id, caller=lender, today=today, body=body.answer)).known
        await session.flush()
    if body.offer is not None:
        offered = await offers.create(session, handoff.id, caller=lender, today=today, body=body.offer)
    link.used_at = utc_now()
    told = {name: getattr(handoff, name) for name in ("kind", "status", "answered_on")}
    return LenderAnswerRead(**told, known=known, ficp_check=checked, offer=offered)

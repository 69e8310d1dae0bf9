"""What came of a referral, told by the staff or by the organisation itself: added to, the last answer counts."""

from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.dates import check_day
from app.domain.permissions import Caller
from app.domain.referral_lifecycle import ANSWERS, PARTNER_ANSWERS, ReferralStatus, after
from app.messages import Language
from app.parameters.codes import label
from app.schemas.referral_answers import (
    AnswerChoice,
    LinkAnswerCreate,
    LinkAnswerRead,
    LinkRead,
    ReferralAnswerCreate,
)
from app.schemas.referrals import ReferralRead
from app.services import referral_links, referrals
from app.tables import Organisation, Referral, ReferralAnswer
from app.tables.base import utc_now


async def create(
    session: AsyncSession, referral_id: UUID, *, caller: Caller, today: date, body: ReferralAnswerCreate
) -> ReferralRead:
    """What the staff was told, on a file that may be over; it ends the live link.

    Raises NotFound, IllegalTransition, DateInFuture, DateOutOfOrder.
    """
    referral = await referrals.locked(session, referral_id)
    _record(session, referral, **body.model_dump(), account_id=caller.account_id, today=today)
    await referral_links.revoke(session, referral)
    await session.flush()  # the answer is read back
    return await referrals.read(session, referral.id, today=today)


async def read_by_link(session: AsyncSession, token: str, *, now: datetime, language: Language) -> LinkRead:
    """What is asked of the organisation. Raises NotFound, LinkUsed, LinkRevoked, LinkExpired."""
    tenant = await referral_links.followed(session, token)
    link = await referral_links.live(session, token, tenant=tenant, now=now, hold=False)
    referral = await session.get_one(Referral, (tenant.id, link.referral_id))
    organisation = await session.get_one(Organisation, (tenant.id, referral.organisation_id))
    return LinkRead(
        ccas=tenant.name,
        organisation=organisation.name,
        reference=referral.reference,
        referred_on=referral.referred_on,
        expires_at=link.expires_at,
        answers=[
            AnswerChoice(code=answer, label=label("referral_answers", answer.value, language))
            for answer in PARTNER_ANSWERS
        ],
    )


async def create_by_link(session: AsyncSession, token: str, *, now: datetime, body: LinkAnswerCreate) -> LinkAnswerRead:
    """The organisation's own answer, which uses its link up.

    Raises NotFound, LinkUsed, LinkRevoked, LinkExpired, DateInFuture, DateOutOfOrder.
    """
    tenant = await referral_links.followed(session, token)
    link = await referral_links.live(session, token, tenant=tenant, now=now, hold=True)
    referral = await session.get_one(Referral, (tenant.id, link.referral_id))
    today = now.astimezone(ZoneInfo(tenant.time_zone)).date()
    answered_on = body.answered_on or today
    _record(session, referral, body.answer, answered_on, body.note, link_id=link.id, today=today)
    link.used_at = utc_now()
    return LinkAnswerRead(reference=referral.reference, answer=referral.status, answered_on=answered_on)


def _record(
    session: AsyncSession,
    referral: Referral,
    answer: str,
    answered_on: date,
    note: str | None,
    *,
    today: date,
    **author: Any,
) -> None:
    check_day("answered_on", answered_on, not_before=referral.referred_on, today=today)
    told = ReferralStatus(answer)
    referral.status = after(referral.status, ANSWERS[told])
    referral.version += 1
    session.add(
        ReferralAnswer(
            tenant_id=referral.tenant_id,
            referral_id=referral.id,
            answer=told,
            answered_on=answered_on,
            note=note,
            **author,
        )
    )

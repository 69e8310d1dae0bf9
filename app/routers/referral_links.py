"""Links by which an organisation answers a referral."""

from fastapi import status

from app.dependencies import Caller, ReferralId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.referral_links import ReferralLinkCreate, ReferralLinkCreated
from app.services import referral_links

router = strict_router("/v1/referrals/{referral_id}/links", "referrals")


@router.post("", status_code=status.HTTP_201_CREATED, summary="A link for the organisation's answer")
async def create(
    session: Transaction,
    caller: Caller,
    today: Today,
    referral_id: ReferralId,
    body: ReferralLinkCreate | None = None,
) -> ReferralLinkCreated:
    """Good once, and told once: its token is not kept. Asked again, with whatever key, a new link replaces it."""
    return await referral_links.create(session, referral_id, caller=caller, today=today, body=body)

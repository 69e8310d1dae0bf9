"""Answers to referrals: from the staff, or from the organisation by its link, which asks for no credential."""

from fastapi import status

from app.dependencies import Answer, Caller, Language, LinkToken, Now, PublicTransaction, ReferralId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.referral_answers import LinkAnswerCreate, LinkAnswerRead, LinkRead, ReferralAnswerCreate
from app.schemas.referrals import ReferralRead
from app.services import referral_answers

router = strict_router("/v1", "referrals")


@router.post("/referrals/{referral_id}/answers", status_code=status.HTTP_201_CREATED, summary="What came of a referral")
async def create(
    session: Transaction,
    caller: Caller,
    today: Today,
    referral_id: ReferralId,
    body: ReferralAnswerCreate,
    answer: Answer,
) -> ReferralRead:
    """As the staff was told; what was told wrongly is told again, and the last answer counts."""
    return answer.tagged(await referral_answers.create(session, referral_id, caller=caller, today=today, body=body))


@router.get("/referral-answers/{token}", summary="What an organisation is asked by its link")
async def read_by_link(session: PublicTransaction, token: LinkToken, now: Now, language: Language) -> LinkRead:
    """Who asks, of which referral, and the answers to choose from: no word of the person."""
    return await referral_answers.read_by_link(session, token, now=now, language=language)


@router.post(
    "/referral-answers/{token}", status_code=status.HTTP_201_CREATED, summary="An organisation answers by its link"
)
async def create_by_link(
    session: PublicTransaction, token: LinkToken, now: Now, body: LinkAnswerCreate
) -> LinkAnswerRead:
    """Once: the link is then used up."""
    return await referral_answers.create_by_link(session, token, now=now, body=body)

"""Answers of an officer of a lender by a link, which asks for no credential."""

from fastapi import status

from app.dependencies import LinkToken, Now, PublicTransaction
from app.routing import router as strict_router
from app.schemas.lender_answers import LenderAnswerCreate, LenderAnswerRead, LenderLinkRead
from app.services import lender_answers

router = strict_router("/v1/lender-answers/{token}", "handoffs")


@router.get("", summary="What an officer is asked by a link")
async def read_by_link(session: PublicTransaction, token: LinkToken, now: Now) -> LenderLinkRead:
    """What was handed over, as the lender's machine would read it."""
    return await lender_answers.read_by_link(session, token, now=now)


@router.post("", status_code=status.HTTP_201_CREATED, summary="An officer answers by a link")
async def create_by_link(
    session: PublicTransaction, token: LinkToken, now: Now, body: LenderAnswerCreate
) -> LenderAnswerRead:
    """The check, the answer, the offer, as the lender's machine would give them; once: the link is then used up."""
    return await lender_answers.create_by_link(session, token, now=now, body=body)

"""Referrals (orientations) of requests and contacts, their reminders, and what came of them."""

from typing import Annotated

from fastapi import Query, status

from app.dependencies import Answer, Caller, ContactId, ReferralId, RequestId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.base import Page
from app.schemas.referrals import (
    ReferralCreate,
    ReferralFiguresRead,
    ReferralItem,
    ReferralList,
    ReferralQuery,
    ReferralRead,
    ReferralSpan,
    ReminderCreate,
)
from app.services import referrals

router = strict_router("/v1", "referrals")


@router.post("/requests/{request_id}/referrals", status_code=status.HTTP_201_CREATED, summary="The person is referred")
async def create(
    session: Transaction, caller: Caller, today: Today, request_id: RequestId, body: ReferralCreate, answer: Answer
) -> ReferralRead:
    """To an organisation that receives people or lends, as they authorised; also once the request is over."""
    return answer.tagged(await referrals.create(session, request_id, caller=caller, today=today, body=body))


@router.get("/requests/{request_id}/referrals", summary="The referrals of a request")
async def list_of_request(session: Transaction, caller: Caller, today: Today, request_id: RequestId) -> ReferralList:
    """Oldest entry first, with those of the contact that the request was."""
    return await referrals.list_of_request(session, request_id, today=today)


@router.post(
    "/contacts/{contact_id}/referrals", status_code=status.HTTP_201_CREATED, summary="Someone who asked is referred"
)
async def create_of_contact(
    session: Transaction, caller: Caller, today: Today, contact_id: ContactId, body: ReferralCreate, answer: Answer
) -> ReferralRead:
    """Without a name there is nothing to share: the person leaves with the appointment."""
    return answer.tagged(await referrals.create_of_contact(session, contact_id, caller=caller, today=today, body=body))


@router.get("/contacts/{contact_id}/referrals", summary="The referrals of a contact")
async def list_of_contact(session: Transaction, caller: Caller, today: Today, contact_id: ContactId) -> ReferralList:
    """Oldest entry first."""
    return await referrals.list_of_contact(session, contact_id, today=today)


@router.get("/referrals", summary="Referrals, newest entry first")
async def list_(
    session: Transaction, caller: Caller, today: Today, answer: Answer, query: Annotated[ReferralQuery, Query()]
) -> Page[ReferralItem]:
    """`silent_on` finds those without an answer though the day for it is past."""
    return answer.linked(await referrals.list_page(session, today=today, query=query))


@router.get("/referrals/figures", summary="What came of the referrals")
async def figures(
    session: Transaction, caller: Caller, today: Today, query: Annotated[ReferralSpan, Query()]
) -> ReferralFiguresRead:
    """By answer, in all and by organisation."""
    return await referrals.read_figures(session, today=today, query=query)


@router.get("/referrals/{referral_id}", summary="One referral")
async def read(
    session: Transaction, caller: Caller, today: Today, referral_id: ReferralId, answer: Answer
) -> ReferralRead:
    """With its answers and reminders."""
    return answer.tagged(await referrals.read(session, referral_id, today=today))


@router.post(
    "/referrals/{referral_id}/reminders",
    status_code=status.HTTP_201_CREATED,
    summary="The person or the organisation was contacted again",
)
async def remind(
    session: Transaction, caller: Caller, today: Today, referral_id: ReferralId, body: ReminderCreate, answer: Answer
) -> ReferralRead:
    """The referral waits anew, until another day."""
    return answer.tagged(await referrals.remind(session, referral_id, caller=caller, today=today, body=body))

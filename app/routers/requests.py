"""Requests (demandes) and their transitions."""

from typing import Annotated

from fastapi import Query, status

from app.dependencies import Answer, Caller, IfMatch, Language, RequestId, Today, Transaction
from app.routing import refusals
from app.routing import router as strict_router
from app.schemas.base import Page
from app.schemas.eligibility import SubmissionRead
from app.schemas.requests import (
    ActionList,
    AssessCreate,
    AwaitPapersCreate,
    Closing,
    RequestCreate,
    RequestCreated,
    RequestItem,
    RequestQuery,
    RequestRead,
    RequestUpdate,
    SubmitCreate,
)
from app.services import actions as possible
from app.services import requests

router = strict_router("/v1/requests", "requests")


@router.post("", status_code=status.HTTP_201_CREATED, summary="A new demand")
async def create(
    session: Transaction, caller: Caller, today: Today, body: RequestCreate, answer: Answer
) -> RequestCreated:
    """From a known person (`applicant_id`) or a new one (`applicant`), whom others may resemble."""
    return answer.tagged(await requests.create(session, caller=caller, today=today, body=body))


@router.get("", summary="Requests, newest first")
async def list_(
    session: Transaction, caller: Caller, answer: Answer, query: Annotated[RequestQuery, Query()]
) -> Page[RequestItem]:
    """Filtered by state, commune, dates, or words of the file."""
    return answer.linked(await requests.list_page(session, query=query))


@router.get("/{request_id}", summary="One request")
async def read(session: Transaction, caller: Caller, request_id: RequestId, answer: Answer) -> RequestRead:
    """The request as it stands."""
    return answer.tagged(await requests.read(session, request_id))


@router.patch("/{request_id}", summary="A change in the file", responses=refusals(412, 428))
async def update(
    session: Transaction,
    caller: Caller,
    today: Today,
    request_id: RequestId,
    version: IfMatch,
    body: RequestUpdate,
    answer: Answer,
) -> RequestRead:
    """What is not named stays; possible until the commission has the file."""
    return answer.tagged(
        await requests.update(session, request_id, version=version, caller=caller, today=today, body=body)
    )


@router.get("/{request_id}/actions", summary="What may be done now")
async def actions(session: Transaction, caller: Caller, today: Today, request_id: RequestId) -> ActionList:
    """Every action, whether this caller may take it now, and why not."""
    return await possible.of_request(session, request_id, caller=caller, today=today)


@router.post("/{request_id}/assess", summary="The assessment begins")
async def assess(
    session: Transaction,
    caller: Caller,
    today: Today,
    request_id: RequestId,
    answer: Answer,
    body: AssessCreate | None = None,
) -> RequestRead:
    """From intake, or again once papers came or after an adjournment."""
    return answer.tagged(await requests.assess(session, request_id, caller=caller, today=today, body=body))


@router.post("/{request_id}/await-papers", summary="The assessment waits for papers")
async def await_papers(
    session: Transaction,
    caller: Caller,
    today: Today,
    request_id: RequestId,
    answer: Answer,
    body: AwaitPapersCreate | None = None,
) -> RequestRead:
    """Back by /assess, or on by /submit once they are there."""
    return answer.tagged(await requests.await_papers(session, request_id, caller=caller, today=today, body=body))


@router.post("/{request_id}/submit", summary="The file goes to the commission")
async def submit(
    session: Transaction,
    caller: Caller,
    today: Today,
    language: Language,
    request_id: RequestId,
    answer: Answer,
    body: SubmitCreate | None = None,
) -> SubmissionRead:
    """With a budget and a financing plan that adds up to the project's cost.

    Every rule that is not met is told beside; none stops the file.
    """
    return answer.tagged(
        await requests.submit(session, request_id, caller=caller, today=today, language=language, body=body)
    )


@router.post("/{request_id}/close", summary="The end without an aid, with another answer")
async def close(
    session: Transaction,
    caller: Caller,
    today: Today,
    request_id: RequestId,
    body: Closing,
    answer: Answer,
) -> RequestRead:
    """The person withdraws or is referred, or the file is closed; one call closes and answers."""
    return answer.tagged(await requests.close(session, request_id, caller=caller, today=today, body=body))

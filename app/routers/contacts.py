"""Contacts (sollicitations) and what becomes of them."""

from typing import Annotated

from fastapi import Query, status

from app.dependencies import Answer, Caller, ContactId, IfMatch, Today, Transaction
from app.routing import refusals
from app.routing import router as strict_router
from app.schemas.base import Page
from app.schemas.contacts import (
    ContactBecameRequestRead,
    ContactClosing,
    ContactCreate,
    ContactItem,
    ContactQuery,
    ContactRead,
    ContactRequestCreate,
    ContactUpdate,
)
from app.services import contacts

router = strict_router("/v1/contacts", "contacts")


@router.post("", status_code=status.HTTP_201_CREATED, summary="Someone asked")
async def create(
    session: Transaction, caller: Caller, today: Today, body: ContactCreate, answer: Answer
) -> ContactRead:
    """Counted before any request exists, by name or not, with as much of the intake sheet as was told."""
    return answer.tagged(await contacts.create(session, caller=caller, today=today, body=body))


@router.get("", summary="Contacts, newest entry first")
async def list_(
    session: Transaction, caller: Caller, answer: Answer, query: Annotated[ContactQuery, Query()]
) -> Page[ContactItem]:
    """`q` finds names, without regard to accents or case."""
    return answer.linked(await contacts.list_page(session, query=query))


@router.get("/{contact_id}", summary="One contact")
async def read(session: Transaction, caller: Caller, contact_id: ContactId, answer: Answer) -> ContactRead:
    """With its intake sheet and its outcome."""
    return answer.tagged(await contacts.read(session, contact_id))


@router.patch("/{contact_id}", summary="More of the intake sheet", responses=refusals(412, 428))
async def update(
    session: Transaction,
    caller: Caller,
    today: Today,
    contact_id: ContactId,
    version: IfMatch,
    body: ContactUpdate,
    answer: Answer,
) -> ContactRead:
    """What is not named stays, in the sheet as well; null takes something off it."""
    return answer.tagged(
        await contacts.update(session, contact_id, version=version, caller=caller, today=today, body=body)
    )


@router.post("/{contact_id}/request", status_code=status.HTTP_201_CREATED, summary="The contact becomes a request")
async def become_request(
    session: Transaction,
    caller: Caller,
    today: Today,
    contact_id: ContactId,
    body: ContactRequestCreate,
    answer: Answer,
) -> ContactBecameRequestRead:
    """Nothing is typed twice: the body gives only what the sheet lacks. `request_id` names what was made."""
    return answer.tagged(await contacts.become_request(session, contact_id, caller=caller, today=today, body=body))


@router.post("/{contact_id}/close", summary="The end without a request, with another answer")
async def close(
    session: Transaction,
    caller: Caller,
    today: Today,
    contact_id: ContactId,
    body: ContactClosing,
    answer: Answer,
) -> ContactRead:
    """No dead end: the answer given in place of an aid is recorded by the same call."""
    return answer.tagged(await contacts.close(session, contact_id, caller=caller, today=today, body=body))

"""Appointments (rendez-vous) of requests and contacts, diaries, and how many were missed."""

from typing import Annotated

from fastapi import Query, status

from app.dependencies import Answer, AppointmentId, Caller, ContactId, Now, RequestId, Transaction
from app.routing import router as strict_router
from app.schemas.appointments import (
    AppointmentCreate,
    AppointmentFiguresRead,
    AppointmentItem,
    AppointmentOutcome,
    AppointmentQuery,
    AppointmentRead,
    AppointmentSpan,
)
from app.schemas.base import Page, PageQuery
from app.services import appointments

router = strict_router("/v1", "appointments")


@router.post(
    "/requests/{request_id}/appointments", status_code=status.HTTP_201_CREATED, summary="An appointment of a request"
)
async def create(
    session: Transaction, caller: Caller, now: Now, request_id: RequestId, body: AppointmentCreate, answer: Answer
) -> AppointmentRead:
    """To come, or in the past with what became of it; one that it replaces is cancelled with it."""
    return answer.tagged(await appointments.create_of_request(session, request_id, caller=caller, now=now, body=body))


@router.get("/requests/{request_id}/appointments", summary="The appointments of a request")
async def list_of_request(
    session: Transaction, caller: Caller, request_id: RequestId, answer: Answer, query: Annotated[PageQuery, Query()]
) -> Page[AppointmentItem]:
    """Earliest first, with those of the contact that the request was."""
    return answer.linked(await appointments.list_of_request(session, request_id, query=query))


@router.post(
    "/contacts/{contact_id}/appointments", status_code=status.HTTP_201_CREATED, summary="An appointment of a contact"
)
async def create_of_contact(
    session: Transaction, caller: Caller, now: Now, contact_id: ContactId, body: AppointmentCreate, answer: Answer
) -> AppointmentRead:
    """Of somebody who is not a request yet."""
    return answer.tagged(await appointments.create_of_contact(session, contact_id, caller=caller, now=now, body=body))


@router.get("/contacts/{contact_id}/appointments", summary="The appointments of a contact")
async def list_of_contact(
    session: Transaction, caller: Caller, contact_id: ContactId, answer: Answer, query: Annotated[PageQuery, Query()]
) -> Page[AppointmentItem]:
    """Earliest first."""
    return answer.linked(await appointments.list_of_contact(session, contact_id, query=query))


@router.get("/appointments", summary="The diary")
async def list_(
    session: Transaction, caller: Caller, answer: Answer, query: Annotated[AppointmentQuery, Query()]
) -> Page[AppointmentItem]:
    """Earliest first; of some days, of one member of staff, in one state."""
    return answer.linked(await appointments.list_page(session, caller=caller, query=query))


@router.get("/appointments/figures", summary="Appointments kept and missed")
async def figures(
    session: Transaction, caller: Caller, query: Annotated[AppointmentSpan, Query()]
) -> AppointmentFiguresRead:
    """In all, by kind and by member of staff."""
    return await appointments.read_figures(session, caller=caller, query=query)


@router.get("/appointments/{appointment_id}", summary="One appointment")
async def read(session: Transaction, caller: Caller, appointment_id: AppointmentId, answer: Answer) -> AppointmentRead:
    """With what became of it, step by step."""
    return answer.tagged(await appointments.read(session, appointment_id))


@router.post(
    "/appointments/{appointment_id}/outcome",
    status_code=status.HTTP_201_CREATED,
    summary="The person came, did not, or the appointment is cancelled",
)
async def record_outcome(
    session: Transaction,
    caller: Caller,
    now: Now,
    appointment_id: AppointmentId,
    body: AppointmentOutcome,
    answer: Answer,
) -> AppointmentRead:
    """Whether the person came is told once the hour has come, and may be told again."""
    return answer.tagged(await appointments.record_outcome(session, appointment_id, caller=caller, now=now, body=body))

"""The directory of the CCAS."""

from typing import Annotated

from fastapi import Query, status

from app.dependencies import Answer, Caller, IfMatch, OrganisationId, Today, Transaction
from app.routing import refusals
from app.routing import router as strict_router
from app.schemas.base import Page
from app.schemas.organisations import OrganisationCreate, OrganisationQuery, OrganisationRead, OrganisationUpdate
from app.services import organisations

router = strict_router("/v1/organisations", "organisations")


@router.post("", status_code=status.HTTP_201_CREATED, summary="An organisation of the directory")
async def create(session: Transaction, caller: Caller, body: OrganisationCreate, answer: Answer) -> OrganisationRead:
    """Two never have the same name, accents and case aside: the refusal names the one that is there."""
    return answer.tagged(await organisations.create(session, body=body))


@router.get("", summary="The directory, by name")
async def list_(
    session: Transaction, caller: Caller, answer: Answer, query: Annotated[OrganisationQuery, Query()]
) -> Page[OrganisationRead]:
    """All kinds unless one is asked for; those that closed too."""
    return answer.linked(await organisations.list_page(session, query=query))


@router.get("/{organisation_id}", summary="One organisation")
async def read(
    session: Transaction, caller: Caller, organisation_id: OrganisationId, answer: Answer
) -> OrganisationRead:
    """As known today."""
    return answer.tagged(await organisations.read(session, organisation_id))


@router.patch("/{organisation_id}", summary="A change of an organisation, or its end", responses=refusals(412, 428))
async def update(
    session: Transaction,
    caller: Caller,
    today: Today,
    organisation_id: OrganisationId,
    version: IfMatch,
    body: OrganisationUpdate,
    answer: Answer,
) -> OrganisationRead:
    """What is not named stays. An organisation is closed, never deleted: files name it."""
    return answer.tagged(await organisations.update(session, organisation_id, version=version, today=today, body=body))

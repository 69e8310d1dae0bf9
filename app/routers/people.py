"""The people whom the CCAS helps."""

from typing import Annotated

from fastapi import Query, status

from app.dependencies import Answer, Caller, IfMatch, PersonId, Today, Transaction
from app.routing import refusals
from app.routing import router as strict_router
from app.schemas.base import Page
from app.schemas.people import PeopleQuery, PersonCreate, PersonRead, PersonUpdate
from app.schemas.plans import BudgetHistory
from app.services import people, plans

router = strict_router("/v1/people", "people")


@router.post("", status_code=status.HTTP_201_CREATED, summary="A new beneficiary")
async def create(session: Transaction, caller: Caller, today: Today, body: PersonCreate, answer: Answer) -> PersonRead:
    """Search first: somebody of the same names and birth date is named and not added, unless told to be another."""
    return answer.tagged(await people.create(session, today=today, body=body))


@router.get("", summary="Beneficiaries, newest first")
async def list_(
    session: Transaction, caller: Caller, answer: Answer, query: Annotated[PeopleQuery, Query()]
) -> Page[PersonRead]:
    """`q` finds names, without regard to accents or case."""
    return answer.linked(await people.list_page(session, query=query))


@router.get("/{person_id}", summary="One beneficiary")
async def read(session: Transaction, caller: Caller, person_id: PersonId, answer: Answer) -> PersonRead:
    """The person as known today."""
    return answer.tagged(await people.read(session, person_id))


@router.get("/{person_id}/budgets", summary="The budgets of a person's demands")
async def budgets(session: Transaction, caller: Caller, today: Today, person_id: PersonId) -> BudgetHistory:
    """Newest entry first, with the request that each was entered for."""
    return await plans.budgets_of(session, person_id, today=today)


@router.patch("/{person_id}", summary="A change in a beneficiary's situation", responses=refusals(412, 428))
async def update(
    session: Transaction,
    caller: Caller,
    today: Today,
    person_id: PersonId,
    version: IfMatch,
    body: PersonUpdate,
    answer: Answer,
) -> PersonRead:
    """What is not named stays."""
    return answer.tagged(await people.update(session, person_id, version=version, today=today, body=body))

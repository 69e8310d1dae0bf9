"""Who is expected at a workshop, and who came."""

from typing import Annotated

from fastapi import Query, status

from app.dependencies import Answer, Caller, PersonId, Today, Transaction, WorkshopId
from app.routing import router as strict_router
from app.schemas.attendances import AttendanceCreate, AttendanceRead, PersonWorkshopRead
from app.schemas.base import Page, PageQuery
from app.services import attendances

router = strict_router("/v1", "workshops")


@router.post(
    "/workshops/{workshop_id}/attendances",
    status_code=status.HTTP_201_CREATED,
    summary="A person is registered, came or did not",
)
async def create(
    session: Transaction, caller: Caller, today: Today, workshop_id: WorkshopId, body: AttendanceCreate
) -> AttendanceRead:
    """It replaces what was known of the person before, which is kept."""
    return await attendances.create(session, workshop_id, caller=caller, today=today, body=body)


@router.get("/workshops/{workshop_id}/attendances", summary="Who is expected, and who came")
async def list_(
    session: Transaction,
    caller: Caller,
    workshop_id: WorkshopId,
    answer: Answer,
    query: Annotated[PageQuery, Query()],
) -> Page[AttendanceRead]:
    """All entries, newest first; of each person the one that is not replaced counts."""
    return answer.linked(await attendances.list_page(session, workshop_id, query=query))


@router.get("/people/{person_id}/attendances", summary="The workshops of a person")
async def list_of_person(
    session: Transaction,
    caller: Caller,
    person_id: PersonId,
    answer: Answer,
    query: Annotated[PageQuery, Query()],
) -> Page[PersonWorkshopRead]:
    """What was noted last first."""
    return answer.linked(await attendances.list_of_person(session, person_id, query=query))

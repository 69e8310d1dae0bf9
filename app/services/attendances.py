"""Who is expected at a workshop and who came: added to, never changed; of each person the last entry counts."""

from datetime import date
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.attendance import SEATED, AttendanceStatus, check_next
from app.domain.errors import ApplicantUnknown, NotFound
from app.domain.permissions import Caller
from app.domain.support_errors import ParticipantUnknown, WorkshopFull
from app.schemas.attendances import AttendanceCreate, AttendanceRead, PersonWorkshopRead
from app.schemas.base import Page, PageQuery
from app.services import people, workshops
from app.services.pages import page
from app.tables import Attendance, Person, Workshop
from app.tenancy import bound_tenant, of_tenant

_OWN_COLUMNS = [getattr(Attendance, name) for name in AttendanceRead.model_fields if name in Attendance.model_fields]
_ITEMS = TypeAdapter(list[AttendanceRead])
_COLUMNS_OF_PERSON = [
    getattr(Workshop if name in Workshop.model_fields else Attendance, name) for name in PersonWorkshopRead.model_fields
]
_OF_PERSON = TypeAdapter(list[PersonWorkshopRead])


async def create(
    session: AsyncSession, workshop_id: UUID, *, caller: Caller, today: date, body: AttendanceCreate
) -> AttendanceRead:
    """Notes what is known of a person at a workshop from now on.

    Raises NotFound, ParticipantUnknown, PersonMerged, WorkshopToCome, AlreadyInWorkshop, AttendanceKnown,
    WorkshopFull.
    """
    workshop = await workshops.locked(session, workshop_id)
    try:
        await people.check_known(session, person_id=body.person_id)
    except ApplicantUnknown:
        raise ParticipantUnknown(field="person_id") from None
    known = await _known(session, workshop, body.person_id)
    state = known.status if known else None
    check_next(state, body.status, held_on=workshop.held_on, today=today)
    await _check_seat(session, workshop, state, body.status)
    attendance = Attendance(
        tenant_id=workshop.tenant_id,
        workshop_id=workshop.id,
        replaces_id=known.id if known else None,
        account_id=caller.account_id,
        **body.model_dump(),
    )
    session.add(attendance)
    workshop.version += 1
    return AttendanceRead.model_validate({**attendance.model_dump(), "replaced": False})


async def list_page(session: AsyncSession, workshop_id: UUID, *, query: PageQuery) -> Page[AttendanceRead]:
    """The entries of a workshop, newest first, those that others replace among them: of people the caller may see.

    Raises NotFound, CursorNotOurs.
    """
    if await session.get(Workshop, (bound_tenant(session), workshop_id)) is None:
        raise NotFound
    statement = (
        select(*_OWN_COLUMNS, workshops.replaced().label("replaced"))
        .join(Person, (col(Person.id) == Attendance.person_id) & of_tenant(session, Person))
        .where(col(Attendance.workshop_id) == workshop_id)
    )
    return await page(session, statement, Attendance, query=query, items=_ITEMS, parent_id=workshop_id)


async def list_of_person(session: AsyncSession, person_id: UUID, *, query: PageQuery) -> Page[PersonWorkshopRead]:
    """The workshops of a person, what was noted last first, those under a row merged into theirs too.

    Raises NotFound, CursorNotOurs.
    """
    person_id = await people.keeper(session, person_id)
    statement = (
        select(*_COLUMNS_OF_PERSON)
        .join(Workshop, (col(Workshop.id) == Attendance.workshop_id) & of_tenant(session, Workshop))
        .where(_of_person(session, person_id), ~workshops.replaced())
    )
    return await page(session, statement, Attendance, query=query, items=_OF_PERSON, parent_id=person_id)


async def _known(session: AsyncSession, workshop: Workshop, person_id: UUID) -> Attendance | None:
    statement = (
        select(Attendance)
        .where(
            of_tenant(session, Attendance),
            col(Attendance.workshop_id) == workshop.id,
            _of_person(session, person_id),
            ~workshops.replaced(),
        )
        .order_by(col(Attendance.id).desc())
        .limit(1)  # before they were known to be one person, two rows may each have been noted
    )
    return (await session.scalars(statement)).one_or_none()


def _of_person(session: AsyncSession, person_id: UUID) -> ColumnElement[bool]:
    """The condition that a row is of a person, or of a row merged into theirs: history keeps the name it was given."""
    return col(Attendance.person_id).in_(people.rows_of(session, person_id))


async def _check_seat(
    session: AsyncSession, workshop: Workshop, known: AttendanceStatus | None, status: AttendanceStatus
) -> None:
    """Raises WorkshopFull where a seat is to be taken and none is left."""
    if workshop.seats is None or known in SEATED or status not in SEATED:
        return
    if await workshops.count_in(session, workshop, SEATED) >= workshop.seats:
        raise WorkshopFull(seats=workshop.seats)

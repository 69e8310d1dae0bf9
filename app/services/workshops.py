"""Workshops (ateliers collectifs), with how many came."""

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Select, exists, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.domain.attendance import OUTCOMES, SEATED, AttendanceStatus
from app.domain.errors import NotFound, VersionStale
from app.domain.organisations import OrganisationKind
from app.domain.permissions import Caller
from app.domain.support_errors import AttendanceKnown, NotAWorkshopOrganisation, SeatsTaken
from app.schemas.base import Page, PageQuery
from app.schemas.workshops import WorkshopCreate, WorkshopRead, WorkshopUpdate
from app.services import organisations
from app.services.pages import page
from app.tables import Attendance, Workshop
from app.tenancy import bound_tenant, of_tenant

_OWN_COLUMNS = [getattr(Workshop, name) for name in WorkshopRead.model_fields if name in Workshop.model_fields]
_ITEMS = TypeAdapter(list[WorkshopRead])


async def create(session: AsyncSession, *, caller: Caller, body: WorkshopCreate) -> WorkshopRead:
    """A workshop, held or to come. Raises OrganisationUnknown, OrganisationClosed, NotAWorkshopOrganisation."""
    await _check_holder(session, body.organisation_id, on=body.held_on)
    workshop = Workshop(tenant_id=bound_tenant(session), account_id=caller.account_id, **body.model_dump())
    session.add(workshop)
    return await read(session, workshop.id)


async def list_page(session: AsyncSession, *, query: PageQuery) -> Page[WorkshopRead]:
    """Workshops, newest entry first."""
    return await page(session, _statement(session), Workshop, query=query, items=_ITEMS)


async def read(session: AsyncSession, workshop_id: UUID) -> WorkshopRead:
    """One workshop, or NotFound."""
    await session.flush()  # what was just entered is read back
    statement = _statement(session).where(of_tenant(session, Workshop), col(Workshop.id) == workshop_id)
    row = (await session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NotFound
    return WorkshopRead(**row)


async def update(
    session: AsyncSession, workshop_id: UUID, *, version: int, today: date, body: WorkshopUpdate
) -> WorkshopRead:
    """Changes what the body names.

    Raises NotFound, VersionStale, OrganisationUnknown, OrganisationClosed, NotAWorkshopOrganisation, SeatsTaken,
    AttendanceKnown.
    """
    workshop = await locked(session, workshop_id)
    if workshop.version != version:
        raise VersionStale
    changes = body.model_dump(exclude_unset=True)
    for field, value in changes.items():
        setattr(workshop, field, value)
    if changes.keys() & {"organisation_id", "held_on"}:
        await _check_holder(session, workshop.organisation_id, on=workshop.held_on)
    taken = await count_in(session, workshop, SEATED)
    if workshop.seats is not None and taken > workshop.seats:
        raise SeatsTaken(taken=taken)
    if workshop.held_on > today and await count_in(session, workshop, OUTCOMES):
        raise AttendanceKnown
    workshop.version += 1
    return await read(session, workshop.id)


async def locked(session: AsyncSession, workshop_id: UUID) -> Workshop:
    """The row of a workshop, held until the end of the transaction; NotFound."""
    key = (bound_tenant(session), workshop_id)
    workshop = await session.get(Workshop, key, with_for_update=True, populate_existing=True)
    if workshop is None:
        raise NotFound
    return workshop


async def count_in(session: AsyncSession, workshop: Workshop, statuses: frozenset[AttendanceStatus]) -> int:
    """How many people stand in one of these states."""
    statement = select(func.count()).where(
        of_tenant(session, Attendance),
        col(Attendance.workshop_id) == workshop.id,
        col(Attendance.status).in_(statuses),
        ~replaced(),
    )
    return (await session.scalars(statement)).one()


def replaced() -> ColumnElement[bool]:
    """The condition that a later attendance of the same person counts."""
    later = aliased(Attendance)
    return exists().where(col(later.tenant_id) == Attendance.tenant_id, col(later.replaces_id) == Attendance.id)


def _statement(session: AsyncSession) -> Select[Any]:
    counts = (
        select(*(func.count().filter(col(Attendance.status) == each).label(each.value) for each in AttendanceStatus))
        .where(of_tenant(session, Attendance), col(Attendance.workshop_id) == Workshop.id, ~replaced())
        .lateral()
    )
    return select(*_OWN_COLUMNS, *counts.columns).select_from(Workshop).join(counts, true())


async def _check_holder(session: AsyncSession, organisation_id: UUID | None, *, on: date) -> None:
    """Raises OrganisationUnknown, OrganisationClosed, NotAWorkshopOrganisation."""
    holder = await organisations.check_known(session, organisation_id, on=on)
    if holder is not None and OrganisationKind.WORKSHOP not in holder.kinds:
        raise NotAWorkshopOrganisation

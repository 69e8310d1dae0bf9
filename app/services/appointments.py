"""Appointments (rendez-vous): planned, moved, kept or missed; the diary of the desk and of each referent."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import contact_lifecycle
from app.domain.appointment_figures import figures
from app.domain.appointment_lifecycle import (
    OUTCOMES,
    AppointmentAction,
    AppointmentStatus,
    after,
    check_hour,
    check_not_before,
)
from app.domain.errors import NotFound, RequestLocked
from app.domain.meeting_errors import AccountUnknown, AppointmentMoved, AppointmentUnknown
from app.domain.permissions import Caller
from app.domain.request_lifecycle import ENDED
from app.schemas.appointments import (
    AppointmentCounts,
    AppointmentCountsOfAccount,
    AppointmentCountsOfKind,
    AppointmentCreate,
    AppointmentFiguresRead,
    AppointmentItem,
    AppointmentOutcome,
    AppointmentQuery,
    AppointmentRead,
    AppointmentSpan,
    AppointmentTransitionRead,
)
from app.schemas.base import Page, PageQuery
from app.services import assignments, check_standings
from app.services import request_steps as steps
from app.services.pages import name_page, scope_of
from app.tables import Account, Appointment, AppointmentTransition, Contact, Request
from app.tenancy import bound_tenant, of_tenant

_OWN_COLUMNS = [getattr(Appointment, name) for name in AppointmentItem.model_fields if name in Appointment.model_fields]
_ITEMS = TypeAdapter(list[AppointmentItem])

Counts = TypeVar("Counts", bound=AppointmentCounts)


async def create_of_request(
    session: AsyncSession, request_id: UUID, *, caller: Caller, now: datetime, body: AppointmentCreate
) -> AppointmentRead:
    """Plans an appointment of a request, or enters one that took place.

    Raises NotFound, RequestLocked for one after the end of the request, AppointmentInPast, AppointmentToCome,
    DateOutOfOrder before the request was received, AccountUnknown, AppointmentUnknown, AppointmentMoved,
    IllegalTransition for the move of one that took place.
    """
    request = await steps.locked(session, request_id)
    starts_at = body.starts_at.astimezone(caller.time_zone)
    if request.status in ENDED:
        planned = AppointmentStatus(body.status) is AppointmentStatus.PLANNED
        if planned or starts_at.date() > await steps.last_act_on(session, request):
            raise RequestLocked(state=request.status.value)
    check_not_before(starts_at, request.received_on)
    made = Appointment(
        **await _described(session, request, of_request(session, request.id), caller=caller, now=now, body=body)
    )
    made.request_id = request.id
    return await _added(session, made)


async def create_of_contact(
    session: AsyncSession, contact_id: UUID, *, caller: Caller, now: datetime, body: AppointmentCreate
) -> AppointmentRead:
    """The same for a contact that is not a request yet. Raises ContactBecameRequest, ContactAnswered too."""
    contact = await _contact(session, contact_id, with_for_update=True, populate_existing=True)
    contact_lifecycle.check_open(contact.status)
    check_not_before(body.starts_at.astimezone(caller.time_zone), contact.contacted_on)
    of_contact = col(Appointment.contact_id) == contact.id
    made = Appointment(**await _described(session, contact, of_contact, caller=caller, now=now, body=body))
    made.contact_id = contact.id
    return await _added(session, made)


async def list_page(session: AsyncSession, *, caller: Caller, query: AppointmentQuery) -> Page[AppointmentItem]:
    """A diary, earliest first. Raises CursorNotOurs."""
    statement = _items(session).where(*_within(query, caller))
    if query.account_id is not None:
        statement = statement.where(col(Appointment.account_id) == query.account_id)
    if query.status is not None:
        statement = statement.where(col(Appointment.status) == query.status)
    return await _page(session, statement, query)


async def list_of_request(session: AsyncSession, request_id: UUID, *, query: PageQuery) -> Page[AppointmentItem]:
    """Those of a request and of the contact that it was, earliest first. Raises NotFound, CursorNotOurs."""
    request = await steps.load(session, request_id)
    return await _page(session, _items(session).where(of_request(session, request.id)), query, request.id)


async def list_of_contact(session: AsyncSession, contact_id: UUID, *, query: PageQuery) -> Page[AppointmentItem]:
    """Those of a contact, earliest first. Raises NotFound, CursorNotOurs."""
    contact = await _contact(session, contact_id)
    return await _page(session, _items(session).where(col(Appointment.contact_id) == contact.id), query, contact.id)


async def read(session: AsyncSession, appointment_id: UUID) -> AppointmentRead:
    """One appointment and what became of it, or NotFound."""
    row = (await session.execute(_items(session).where(col(Appointment.id) == appointment_id))).mappings().one_or_none()
    if row is None:
        raise NotFound
    statement = select(AppointmentTransition).where(
        of_tenant(session, AppointmentTransition), col(AppointmentTransition.appointment_id) == appointment_id
    )
    taken = (await session.scalars(statement.order_by(col(AppointmentTransition.id)))).all()
    request_id = row["request_id"]
    return AppointmentRead(
        **row,
        transitions=[AppointmentTransitionRead.model_validate(one) for one in taken],
        check_warnings=await check_standings.warnings(session, request_id) if request_id else [],
    )


async def record_outcome(
    session: AsyncSession, appointment_id: UUID, *, caller: Caller, now: datetime, body: AppointmentOutcome
) -> AppointmentRead:
    """Notes what became of an appointment. Raises NotFound, IllegalTransition, AppointmentToCome."""
    appointment = await session.get(Appointment, (bound_tenant(session), appointment_id), with_for_update=True)
    if appointment is None:
        raise NotFound
    outcome = AppointmentStatus(body.status)
    after(appointment.status, OUTCOMES[outcome])
    check_hour(outcome, appointment.starts_at.astimezone(caller.time_zone), now=now)
    _move(session, appointment, OUTCOMES[outcome], caller=caller, note=body.note)
    await session.flush()  # the answer is read back
    return await read(session, appointment.id)


async def read_figures(session: AsyncSession, *, caller: Caller, query: AppointmentSpan) -> AppointmentFiguresRead:
    """How many appointments of a time were kept and missed, in the communes that the caller sees."""
    columns = (col(Appointment.kind), col(Appointment.account_id), col(Appointment.status))
    statement = (
        select(*columns, func.count().label("number"))
        .where(of_tenant(session, Appointment), *_within(query, caller))
        .group_by(*columns)
    )
    rows = (await session.execute(statement)).all()
    kinds, accounts = sorted({row.kind for row in rows}), sorted({row.account_id for row in rows})
    return AppointmentFiguresRead(
        total=_counts(AppointmentCounts, rows),
        by_kind=[_counts(AppointmentCountsOfKind, rows, kind=kind) for kind in kinds],
        by_account=[_counts(AppointmentCountsOfAccount, rows, account_id=account_id) for account_id in accounts],
    )


def of_request(session: AsyncSession, request_id: UUID) -> ColumnElement[bool]:
    """The condition that an appointment is of a request, or of the contact that it was."""
    contacts = select(col(Contact.id)).where(of_tenant(session, Contact), col(Contact.request_id) == request_id)
    return or_(col(Appointment.request_id) == request_id, col(Appointment.contact_id).in_(contacts))


async def _described(
    session: AsyncSession,
    of: Contact | Request,
    of_file: ColumnElement[bool],
    *,
    caller: Caller,
    now: datetime,
    body: AppointmentCreate,
) -> dict[str, Any]:
    status = AppointmentStatus(body.status)
    check_hour(status, body.starts_at.astimezone(caller.time_zone), now=now)
    account_id = body.account_id or caller.account_id
    if status is AppointmentStatus.PLANNED:
        known = await assignments.works_for(session, account_id, of.commune_insee_code)
    else:  # they may have left since they met the person
        known = await session.get(Account, (bound_tenant(session), account_id))
    if known is None:
        raise AccountUnknown(field="account_id")
    if body.replaces_id is not None:
        await _replace(session, body.replaces_id, of_file, caller=caller)
    return {
        **body.model_dump(exclude={"status", "account_id"}),
        "tenant_id": bound_tenant(session),
        "status": status,
        "account_id": account_id,
        "entered_by": caller.account_id,
    }


async def _added(session: AsyncSession, appointment: Appointment) -> AppointmentRead:
    session.add(appointment)
    await session.flush()  # the answer is read back
    return await read(session, appointment.id)


async def _replace(
    session: AsyncSession, appointment_id: UUID, of_file: ColumnElement[bool], *, caller: Caller
) -> None:
    """Cancels the appointment that is moved, unless it was cancelled before."""
    statement = select(Appointment).where(
        of_tenant(session, Appointment), col(Appointment.id) == appointment_id, of_file
    )
    moved = (await session.scalars(statement.with_for_update())).one_or_none()
    if moved is None:
        raise AppointmentUnknown(field="replaces_id")
    replacing = select(col(Appointment.id)).where(
        of_tenant(session, Appointment), col(Appointment.replaces_id) == moved.id
    )
    if (await session.scalars(replacing)).one_or_none() is not None:
        raise AppointmentMoved
    if moved.status is not AppointmentStatus.CANCELLED:
        _move(session, moved, AppointmentAction.CANCEL, caller=caller, note=None)


def _move(
    session: AsyncSession, appointment: Appointment, action: AppointmentAction, *, caller: Caller, note: str | None
) -> None:
    before, appointment.status = appointment.status, after(appointment.status, action)
    appointment.version += 1
    session.add(
        AppointmentTransition(
            tenant_id=appointment.tenant_id,
            appointment_id=appointment.id,
            account_id=caller.account_id,
            action=action,
            from_status=before,
            to_status=appointment.status,
            note=note,
        )
    )


async def _contact(session: AsyncSession, contact_id: UUID, **options: Any) -> Contact:
    contact = await session.get(Contact, (bound_tenant(session), contact_id), **options)
    if contact is None:
        raise NotFound
    return contact


def _items(session: AsyncSession) -> Select[*tuple[Any, ...]]:
    """Appointments with the person they are with."""
    person = func.coalesce(col(Request.applicant_id), col(Contact.person_id)).label("person_id")
    return (
        select(*_OWN_COLUMNS, person)
        .outerjoin(
            Request, and_(col(Request.tenant_id) == Appointment.tenant_id, col(Request.id) == Appointment.request_id)
        )
        .outerjoin(
            Contact, and_(col(Contact.tenant_id) == Appointment.tenant_id, col(Contact.id) == Appointment.contact_id)
        )
        .where(of_tenant(session, Appointment))
    )


async def _page(
    session: AsyncSession, statement: Select[*tuple[Any, ...]], query: PageQuery, parent_id: UUID | None = None
) -> Page[AppointmentItem]:
    hour = func.to_char(func.timezone("UTC", col(Appointment.starts_at)), "YYYYMMDDHH24MISSUS")
    key = func.concat(hour, " ", col(Appointment.id)).collate("C")
    scope = scope_of(session, Appointment, parent_id)
    rows, next_cursor = await name_page(session, statement, key, scope=scope, query=query)
    return Page(items=_ITEMS.validate_python(rows), next_cursor=next_cursor)


def _within(query: AppointmentSpan, caller: Caller) -> list[ColumnElement[bool]]:
    """Days are those of the CCAS's own clock."""
    conditions = []
    if query.since is not None:
        conditions.append(col(Appointment.starts_at) >= _midnight(query.since, caller))
    if query.until is not None:
        conditions.append(col(Appointment.starts_at) < _midnight(query.until + timedelta(days=1), caller))
    return conditions


def _midnight(day: date, caller: Caller) -> datetime:
    return datetime.combine(day, time.min, caller.time_zone).astimezone(UTC)


def _counts(form: type[Counts], rows: Iterable[Any], **of: Any) -> Counts:
    """The figures of the rows that have these values."""
    counted = figures(
        (row.status, row.number) for row in rows if all(getattr(row, name) == value for name, value in of.items())
    )
    return form.model_validate({**{name: getattr(counted, name) for name in AppointmentCounts.model_fields}, **of})

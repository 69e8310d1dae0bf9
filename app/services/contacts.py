"""Contacts (sollicitations): everyone who asks is counted, then becomes a request or is given another answer."""

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.contact_lifecycle import ContactAction, after, check_open
from app.domain.dates import check_day
from app.domain.errors import FieldFault, Invalid, NotFound, VersionStale
from app.domain.permissions import Caller, Role
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
    Sheet,
    SheetRead,
)
from app.schemas.faults import faults_of
from app.schemas.people import PersonCreate
from app.schemas.requests import RequestCreate
from app.services import organisations, other_answers, people, requests, transfers
from app.services.pages import page
from app.tables import Contact, ContactTransition, Person
from app.tenancy import bound_tenant, of_tenant

_OF_SHEET = ("first_names", "birth_name", "phone")
_ITEM_COLUMNS = [
    Contact.sheet[name].astext.label(name) if name in _OF_SHEET else getattr(Contact, name)
    for name in ContactItem.model_fields
]
_ITEMS = TypeAdapter(list[ContactItem])
_PLAIN_FIELDS = [name for name in ContactRead.model_fields if name not in ("sheet", "other_answer")]


async def create(session: AsyncSession, *, caller: Caller, today: date, body: ContactCreate) -> ContactRead:
    """Counts someone who asks.

    Raises CommuneNotServed, CommuneOutOfReach, OrganisationUnknown, OrganisationClosed, NotPrescriber,
    ApplicantUnknown, DateInFuture.
    """
    contact = Contact(
        tenant_id=bound_tenant(session),
        account_id=caller.account_id,
        sheet={},
        name_key=None,
        **body.model_dump(exclude={"sheet"}),
    )
    _fill(contact, body.sheet)
    await _check(session, contact, caller=caller, today=today)
    await people.check_known(session, person_id=body.person_id)
    session.add(contact)
    return _read(contact)


async def list_page(session: AsyncSession, *, query: ContactQuery) -> Page[ContactItem]:
    """Contacts, newest entry first."""
    statement = select(*_ITEM_COLUMNS)
    for name in ("status", "channel", "commune_insee_code", "prescriber_id"):
        if (value := getattr(query, name)) is not None:
            statement = statement.where(getattr(Contact, name) == value)
    if query.contacted_from is not None:
        statement = statement.where(col(Contact.contacted_on) >= query.contacted_from)
    if query.contacted_to is not None:
        statement = statement.where(col(Contact.contacted_on) <= query.contacted_to)
    if query.q is not None:
        known = select(col(Person.id)).where(of_tenant(session, Person), people.called(session, query.q))
        statement = statement.where(or_(people.named(query.q, Contact.name_key), col(Contact.person_id).in_(known)))
    return await page(session, statement, Contact, query=query, items=_ITEMS)


async def read(session: AsyncSession, contact_id: UUID) -> ContactRead:
    """One contact, or NotFound."""
    return _read(await _load(session, contact_id))


async def update(
    session: AsyncSession, contact_id: UUID, *, version: int, caller: Caller, today: date, body: ContactUpdate
) -> ContactRead:
    """Changes what the body names, in the sheet as well, while the contact is open.

    Raises NotFound, VersionStale, ContactBecameRequest, ContactAnswered, and what `create` raises.
    """
    contact = await _load(session, contact_id, with_for_update=True)
    if contact.version != version:
        raise VersionStale
    check_open(contact.status)
    if body.person_id != contact.person_id:
        await people.check_known(session, person_id=body.person_id)
    for field, value in body.model_dump(exclude_unset=True, exclude={"sheet"}).items():
        setattr(contact, field, value)
    _fill(contact, body.sheet)
    await _check(session, contact, caller=caller, today=today)
    contact.version += 1
    return _read(contact)


async def become_request(
    session: AsyncSession, contact_id: UUID, *, caller: Caller, today: date, body: ContactRequestCreate
) -> ContactBecameRequestRead:
    """Makes the sheet a request, completed by what the body says.

    Raises NotFound, ContactBecameRequest, ContactAnswered, Invalid for what neither says, and what
    `requests.create` raises.
    """
    contact = await _load(session, contact_id, with_for_update=True)
    check_open(contact.status)
    if body.instructing_agent_id is None and Role.AGENT not in caller.roles:
        raise Invalid(FieldFault("/body/instructing_agent_id", "missing", {}))
    demand = _demand(contact, body)
    received_on = demand.received_on or contact.contacted_on
    check_day("received_on", received_on, not_before=contact.contacted_on, today=today)
    request = await requests.create(
        session, caller=caller, today=today, body=demand, instructing_agent_id=body.instructing_agent_id
    )
    await session.flush()  # the contact refers to the request through a foreign key without an ORM relation
    contact.request_id, contact.person_id = request.id, request.applicant_id
    _end(session, contact, ContactAction.BECOME_REQUEST, caller=caller, effect_on=received_on)
    return ContactBecameRequestRead(**dict(_read(contact)), similar_person_ids=request.similar_person_ids)


async def close(
    session: AsyncSession, contact_id: UUID, *, caller: Caller, today: date, body: ContactClosing
) -> ContactRead:
    """Ends the contact with the other answer that was given.

    Raises NotFound, ContactBecameRequest, ContactAnswered, UnreachableTooSoon, OrganisationUnknown, OrganisationClosed,
    DateInFuture, DateOutOfOrder.
    """
    contact = await _load(session, contact_id, with_for_update=True)
    check_open(contact.status)
    on = body.closed_on or today
    check_day("closed_on", on, not_before=contact.contacted_on, today=today)
    await other_answers.record(session, contact, body.other_answer, since=contact.contacted_on, today=today)
    contact.closing_reason_code, contact.closing_reason = body.reason_code, body.reason
    contact.closed_on = on
    _end(session, contact, ContactAction.ANSWER, caller=caller, effect_on=on)
    return _read(contact)


def _end(session: AsyncSession, contact: Contact, action: ContactAction, *, caller: Caller, effect_on: date) -> None:
    before, contact.status = contact.status, after(contact.status, action)
    contact.version += 1
    session.add(
        ContactTransition(
            tenant_id=contact.tenant_id,
            contact_id=contact.id,
            account_id=caller.account_id,
            action=action,
            from_status=before,
            to_status=contact.status,
            effect_on=effect_on,
        )
    )


def _demand(contact: Contact, body: ContactRequestCreate) -> RequestCreate:
    """The request that the contact and the body make together. Raises Invalid for what is missing in both."""
    told = {
        name: value
        for name, value in {**contact.model_dump(), **contact.sheet}.items()
        if name in RequestCreate.model_fields and value is not None
    }
    given = body.model_dump(exclude_unset=True, exclude={"applicant", "instructing_agent_id"})
    content: dict[str, Any] = {
        **told,
        "commune_insee_code": contact.commune_insee_code,
        "received_on": contact.contacted_on,
        **{name: value for name, value in given.items() if value is not None},
    }
    if contact.person_id is not None:
        content.setdefault("applicant_id", contact.person_id)
    if body.applicant is not None or "applicant_id" not in content:
        rest = body.applicant.model_dump(exclude_unset=True) if body.applicant else {}
        content["applicant"] = {**_of_person(contact.sheet), **rest}
    try:
        return RequestCreate.model_validate(content)
    except ValidationError as error:
        faults = [{**fault, "loc": ("body", *fault["loc"])} for fault in error.errors()]
        raise Invalid(*faults_of(faults)) from None


def _of_person(sheet: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in sheet.items() if name in PersonCreate.model_fields}


def _fill(contact: Contact, sheet: Sheet | None) -> None:
    """Writes what is said on the sheet beside what is there; null takes something off it."""
    said = sheet.model_dump(mode="json", exclude_unset=True) if sheet else {}
    contact.sheet = {name: value for name, value in {**contact.sheet, **said}.items() if value is not None}
    names = (contact.sheet.get(name) for name in ("birth_name", "usage_name", "first_names"))
    contact.name_key = people.plain(" ".join(name for name in names if name)) or None


async def _check(session: AsyncSession, contact: Contact, *, caller: Caller, today: date) -> None:
    check_day("contacted_on", contact.contacted_on, not_before=None, today=today)
    transfers.check_commune(caller, contact.commune_insee_code)
    await organisations.check_prescriber(session, contact.prescriber_id, on=contact.contacted_on)
    sheet = Sheet.model_validate(contact.sheet)
    for field in ("birth_on", "resident_since_on"):
        if (on := getattr(sheet, field)) is not None:
            check_day(f"sheet.{field}", on, not_before=None, today=today)


async def _load(session: AsyncSession, contact_id: UUID, **options: Any) -> Contact:
    key = (bound_tenant(session), contact_id)
    contact = await session.get(Contact, key, populate_existing=True, **options)
    if contact is None:
        raise NotFound
    return contact


def _read(contact: Contact) -> ContactRead:
    return ContactRead(
        **{name: getattr(contact, name) for name in _PLAIN_FIELDS},
        sheet=SheetRead.model_validate(Sheet.model_validate(contact.sheet)),
        other_answer=other_answers.told(contact),
    )

"""Referrals (orientations): a person is sent to another organisation, and what came of it is known or asked again."""

from collections.abc import Iterable
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.contact_lifecycle import ContactStatus
from app.domain.dates import check_day, check_order
from app.domain.errors import NotFound
from app.domain.intake_errors import ContactBecameRequest
from app.domain.organisations import OrganisationKind
from app.domain.permissions import Caller
from app.domain.referral_errors import NoReferral, NotReferralOrganisation, PersonNotRecorded
from app.domain.referral_lifecycle import ReferralAction, ReferralStatus, after
from app.schemas.base import Page
from app.schemas.referrals import (
    ReferralAnswerRead,
    ReferralCounts,
    ReferralCountsOfOrganisation,
    ReferralCreate,
    ReferralFiguresRead,
    ReferralItem,
    ReferralList,
    ReferralQuery,
    ReferralRead,
    ReferralSpan,
    ReminderCreate,
    ReminderRead,
)
from app.services import authorisations, organisations
from app.services import request_steps as steps
from app.services.pages import page
from app.services.references import next_reference
from app.tables import Contact, Organisation, Referral, ReferralAnswer, ReferralReminder, Request
from app.tenancy import bound_tenant, of_tenant

_PLAIN_COLUMNS = [getattr(Referral, name) for name in ReferralItem.model_fields if name != "silent"]
_ITEMS = TypeAdapter(list[ReferralItem])
_RECEIVES = frozenset({OrganisationKind.REFERRAL, OrganisationKind.LENDER})

Counts = TypeVar("Counts", bound=ReferralCounts)
Told = TypeVar("Told", ReferralAnswer, ReferralReminder)


async def create(
    session: AsyncSession, request_id: UUID, *, caller: Caller, today: date, body: ReferralCreate
) -> ReferralRead:
    """Refers the people of a request, which may be over.

    Raises NotFound, AuthorisationMissing, OrganisationUnknown, OrganisationClosed, NotReferralOrganisation,
    DateInFuture, DateOutOfOrder.
    """
    request = await steps.load(session, request_id)
    referral = await _made(session, body, not_before=request.received_on, caller=caller, today=today)
    referral.request_id = request.id
    return await _added(session, referral, today=today)


async def create_of_contact(
    session: AsyncSession, contact_id: UUID, *, caller: Caller, today: date, body: ReferralCreate
) -> ReferralRead:
    """Refers someone who asked: nothing is shared of one who gave no name, who leaves with the appointment.

    Raises ContactBecameRequest, PersonNotRecorded, and what `create` raises.
    """
    contact = await _contact(session, contact_id)
    if contact.status is ContactStatus.REQUEST:
        raise ContactBecameRequest
    referral = await _made(session, body, not_before=contact.contacted_on, caller=caller, today=today)
    referral.contact_id = contact.id
    return await _added(session, referral, today=today)


async def list_page(session: AsyncSession, *, today: date, query: ReferralQuery) -> Page[ReferralItem]:
    """Referrals, newest entry first. Raises CursorNotOurs."""
    statement = _items(today)
    if query.status is not None:
        statement = statement.where(col(Referral.status) == query.status)
    if query.silent_on is not None:
        statement = statement.where(silent(query.silent_on))
    if query.organisation_id is not None:
        statement = statement.where(col(Referral.organisation_id) == query.organisation_id)
    statement = statement.where(*_within(query.referred_from, query.referred_to))
    return await page(session, statement, Referral, query=query, items=_ITEMS)


async def list_of_request(session: AsyncSession, request_id: UUID, *, today: date) -> ReferralList:
    """Those of a request and of the contact that it was, oldest entry first. Raises NotFound."""
    request = await steps.load(session, request_id)
    return await _listed(session, _of_request(session, request.id), today=today)


async def list_of_contact(session: AsyncSession, contact_id: UUID, *, today: date) -> ReferralList:
    """Those of a contact, oldest entry first. Raises NotFound."""
    contact = await _contact(session, contact_id)
    return await _listed(session, col(Referral.contact_id) == contact.id, today=today)


async def read(session: AsyncSession, referral_id: UUID, *, today: date) -> ReferralRead:
    """One referral with its answers and reminders, or NotFound."""
    statement = _items(today).where(of_tenant(session, Referral), col(Referral.id) == referral_id)
    row = (await session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NotFound
    answers = (await session.scalars(_told_of(session, ReferralAnswer, referral_id))).all()
    reminders = (await session.scalars(_told_of(session, ReferralReminder, referral_id))).all()
    return ReferralRead(
        **row,
        answers=[_answer(answer) for answer in answers],
        reminders=[ReminderRead.model_validate(reminder) for reminder in reminders],
    )


async def remind(
    session: AsyncSession, referral_id: UUID, *, caller: Caller, today: date, body: ReminderCreate
) -> ReferralRead:
    """Waits anew, until another day. Raises NotFound, IllegalTransition, DateInFuture, DateOutOfOrder."""
    referral = await locked(session, referral_id)
    check_day("reminded_on", body.reminded_on, not_before=referral.referred_on, today=today)
    check_order("answer_expected_on", body.answer_expected_on, not_before=body.reminded_on)
    referral.status = after(referral.status, ReferralAction.REMIND)
    referral.answer_expected_on = body.answer_expected_on
    referral.version += 1
    session.add(
        ReferralReminder(
            tenant_id=referral.tenant_id,
            referral_id=referral.id,
            account_id=caller.account_id,
            **body.model_dump(),
        )
    )
    await session.flush()  # the answer is read back
    return await read(session, referral.id, today=today)


async def read_figures(session: AsyncSession, *, today: date, query: ReferralSpan) -> ReferralFiguresRead:
    """How many were referred on these days and what came of it, in the communes that the caller sees."""
    columns = (col(Referral.organisation_id), col(Organisation.name), col(Referral.status), silent(today))
    statement = (
        select(*columns[:3], columns[3].label("silent"), func.count().label("number"))
        .join(
            Organisation,
            and_(col(Organisation.tenant_id) == Referral.tenant_id, col(Organisation.id) == Referral.organisation_id),
        )
        .where(of_tenant(session, Referral), *_within(query.since, query.until))
        .group_by(*columns)
    )
    rows = (await session.execute(statement)).all()
    named = {row.organisation_id: row.name for row in rows}
    return ReferralFiguresRead(
        total=_counts(ReferralCounts, rows),
        by_organisation=[
            _counts(
                ReferralCountsOfOrganisation,
                [row for row in rows if row.organisation_id == organisation_id],
                organisation_id=organisation_id,
                organisation_name=name,
            )
            for organisation_id, name in sorted(named.items(), key=lambda item: (item[1], item[0]))
        ],
    )


async def locked(session: AsyncSession, referral_id: UUID) -> Referral:
    """The row of a referral, held until the end of the transaction; NotFound."""
    key = (bound_tenant(session), referral_id)
    referral = await session.get(Referral, key, with_for_update=True, populate_existing=True)
    if referral is None:
        raise NotFound
    return referral


async def check_referred(session: AsyncSession, request: Request) -> None:
    """Raises NoReferral unless somebody was referred on the file, or on the contact that it was."""
    statement = select(col(Referral.id)).where(
        of_tenant(session, Referral),
        _of_request(session, request.id),
        col(Referral.status) != ReferralStatus.WITHDRAWN,
    )
    if (await session.scalars(statement.limit(1))).one_or_none() is None:
        raise NoReferral


async def check_authorised(session: AsyncSession, referral: Referral, *, on: date) -> None:
    """Raises AuthorisationMissing unless all whom the referral names allow it that day, PersonNotRecorded."""
    for person_id in await _people(session, referral):
        await authorisations.check_given_to_organisation(session, person_id, referral.organisation_id, on=on)


def silent(on: date) -> ColumnElement[bool]:
    """The condition that a referral waits for an answer that was expected before that day."""
    return and_(col(Referral.status) == ReferralStatus.WAITING, col(Referral.answer_expected_on) < on)


async def _people(session: AsyncSession, referral: Referral) -> list[UUID]:
    """Whom a referral names: the applicants of the request, whom the contact names, nobody where it names nobody."""
    if referral.request_id is not None:
        request = await steps.load(session, referral.request_id)
        return [person_id for person_id in (request.applicant_id, request.co_applicant_id) if person_id is not None]
    contact = await session.get_one(Contact, (referral.tenant_id, referral.contact_id))
    if contact.person_id is None and contact.name_key is not None:
        raise PersonNotRecorded
    return [contact.person_id] if contact.person_id is not None else []


async def _made(
    session: AsyncSession, body: ReferralCreate, *, not_before: date, caller: Caller, today: date
) -> Referral:
    check_day("referred_on", body.referred_on, not_before=not_before, today=today)
    check_order("answer_expected_on", body.answer_expected_on, not_before=body.referred_on)
    if body.appointment_at is not None:
        day = body.appointment_at.astimezone(caller.time_zone).date()
        check_order("appointment_at", day, not_before=body.referred_on)
    organisation = await organisations.check_known(session, body.organisation_id, on=body.referred_on)
    if organisation is None or _RECEIVES.isdisjoint(organisation.kinds):
        raise NotReferralOrganisation
    return Referral(tenant_id=bound_tenant(session), reference="", account_id=caller.account_id, **body.model_dump())


async def _added(session: AsyncSession, referral: Referral, *, today: date) -> ReferralRead:
    await check_authorised(session, referral, on=referral.referred_on)
    referral.reference = await next_reference(session, series="O", year=referral.referred_on.year)
    session.add(referral)
    await session.flush()  # the answer is read back
    return await read(session, referral.id, today=today)


async def _contact(session: AsyncSession, contact_id: UUID) -> Contact:
    contact = await session.get(Contact, (bound_tenant(session), contact_id))
    if contact is None:
        raise NotFound
    return contact


async def _listed(session: AsyncSession, of_file: ColumnElement[bool], *, today: date) -> ReferralList:
    statement = _items(today).where(of_tenant(session, Referral), of_file).order_by(col(Referral.id))
    rows = (await session.execute(statement)).all()
    return ReferralList(items=_ITEMS.validate_python(rows, from_attributes=True), next_cursor=None)


def _items(today: date) -> Select[*tuple[Any, ...]]:
    return select(*_PLAIN_COLUMNS, silent(today).label("silent"))


def _told_of(session: AsyncSession, table: type[Told], referral_id: UUID) -> Select[Told]:
    return select(table).where(of_tenant(session, table), col(table.referral_id) == referral_id).order_by(col(table.id))


def _of_request(session: AsyncSession, request_id: UUID) -> ColumnElement[bool]:
    contacts = select(col(Contact.id)).where(of_tenant(session, Contact), col(Contact.request_id) == request_id)
    return or_(col(Referral.request_id) == request_id, col(Referral.contact_id).in_(contacts))


def _within(since: date | None, until: date | None) -> list[ColumnElement[bool]]:
    conditions = []
    if since is not None:
        conditions.append(col(Referral.referred_on) >= since)
    if until is not None:
        conditions.append(col(Referral.referred_on) <= until)
    return conditions


def _answer(answer: ReferralAnswer) -> ReferralAnswerRead:
    source = "reported_by_staff" if answer.link_id is None else "partner_link"
    return ReferralAnswerRead.model_validate({**answer.model_dump(), "source": source})


def _counts(form: type[Counts], rows: Iterable[Any], **of: Any) -> Counts:
    """The figures of these rows, each a number of referrals of one status."""
    counted = dict.fromkeys((status.value for status in ReferralStatus), 0)
    silent_ones = 0
    for row in rows:
        counted[row.status.value] += row.number
        silent_ones += row.number if row.silent else 0
    return form(referred=sum(counted.values()), silent=silent_ones, **counted, **of)

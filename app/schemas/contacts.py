"""Contacts (sollicitations) and the intake sheet that they fill little by little."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StrictBool

from app.domain.contact_lifecycle import ContactStatus
from app.schemas.base import (
    Day,
    Email,
    Id,
    Input,
    InseeCode,
    Line,
    Output,
    PageQuery,
    Phone,
    PositiveCents,
    Prose,
    Resource,
    ShortLine,
)
from app.schemas.codes import Channel, ClosingReason, Purpose, SafeContact
from app.schemas.people import PersonUpdate
from app.schemas.requests import Household, OtherAnswer, OtherAnswerRead, Situations


class Sheet(Input):
    """The intake sheet (fiche recueil de données): whatever is told so far; null is not told.

    `commune_insee_code` is where the person lives.
    """

    first_names: ShortLine | None = None
    birth_name: ShortLine | None = None
    usage_name: ShortLine | None = None
    birth_on: Day | None = None
    commune_insee_code: InseeCode | None = None
    resident_since_on: Day | None = None
    phone: Phone | None = None
    email: Email | None = None
    safe_contact: SafeContact | None = None
    interpreter_language: ShortLine | None = None
    household: Household | None = None
    situations: Situations | None = None
    priority_district: StrictBool | None = None
    project_description: Prose | None = None
    project_cost_cents: PositiveCents | None = None
    requested_amount_cents: PositiveCents | None = None


class ContactCreate(Input):
    """Someone asked. Nobody has to be named: an anonymous contact is counted all the same.

    `commune_insee_code` is the commune of the CCAS that was asked; `words` are the person's own.
    """

    contacted_on: Day
    channel: Channel
    prescriber_id: Id | None = None
    purpose: Purpose | None = None
    commune_insee_code: InseeCode
    words: Prose | None = None
    person_id: Id | None = None
    sheet: Sheet | None = None


class ContactUpdate(Input):
    """What has changed; what is not named stays, in the sheet as well."""

    contacted_on: Day = None  # type: ignore[assignment]
    channel: Channel = None
    prescriber_id: Id | None = None
    purpose: Purpose | None = None
    commune_insee_code: InseeCode = None  # type: ignore[assignment]
    words: Prose | None = None
    person_id: Id | None = None
    sheet: Sheet = None  # type: ignore[assignment]


class ContactQuery(PageQuery):
    """Filters of the list of contacts; `q` finds names, of the sheet or of the person."""

    status: ContactStatus | None = None
    channel: Channel | None = None
    commune_insee_code: InseeCode | None = None
    prescriber_id: Id | None = None
    contacted_from: Day | None = None
    contacted_to: Day | None = None
    q: ShortLine | None = None


class ApplicantRest(PersonUpdate):
    """What the sheet does not say of the applicant."""

    not_the_same_as: Annotated[list[Id], Field(max_length=50)] = []


class ContactRequestCreate(Input):
    """What the request needs and the contact does not say; what is said in both stands as said here.

    `received_on` is the day of the contact unless given. `instructing_agent_id`: who instructs; a caller who is not an
    agent names one.
    """

    applicant_id: Id | None = None
    applicant: ApplicantRest | None = None
    co_applicant_id: Id | None = None
    household: Household | None = None
    commune_insee_code: InseeCode | None = None
    channel: Channel | None = None
    prescriber: Line | None = None
    prescriber_id: Id | None = None
    purpose: Purpose | None = None
    project_description: Prose | None = None
    project_cost_cents: PositiveCents | None = None
    requested_amount_cents: PositiveCents | None = None
    situations: Situations | None = None
    priority_district: StrictBool | None = None
    product: ShortLine | None = None
    received_on: Day | None = None
    instructing_agent_id: Id | None = None


class ContactClosing(Input):
    """The contact ends without a request, and another answer was given."""

    reason_code: ClosingReason
    reason: Prose | None = None
    other_answer: OtherAnswer
    closed_on: Day | None = None


class SheetRead(Output):
    """The intake sheet as far as it is filled."""

    first_names: str | None
    birth_name: str | None
    usage_name: str | None
    birth_on: date | None
    commune_insee_code: str | None
    resident_since_on: date | None
    phone: str | None
    email: str | None
    safe_contact: str | None
    interpreter_language: str | None
    household: Household | None
    situations: list[str] | None
    priority_district: bool | None
    project_description: str | None
    project_cost_cents: int | None
    requested_amount_cents: int | None


class ContactItem(Output):
    """A contact as lists show it; the names are the sheet's."""

    id: UUID
    version: int
    status: ContactStatus
    contacted_on: date
    channel: str
    prescriber_id: UUID | None
    purpose: str | None
    commune_insee_code: str
    first_names: str | None
    birth_name: str | None
    phone: str | None
    person_id: UUID | None
    request_id: UUID | None
    entered_at: datetime


class ContactRead(Resource):
    """A contact, its sheet, and what became of it."""

    id: UUID
    status: ContactStatus
    contacted_on: date
    channel: str
    prescriber_id: UUID | None
    purpose: str | None
    commune_insee_code: str
    words: str | None
    person_id: UUID | None
    sheet: SheetRead
    request_id: UUID | None
    closed_on: date | None
    closing_reason_code: str | None
    closing_reason: str | None
    other_answer: OtherAnswerRead | None
    entered_at: datetime


class ContactBecameRequestRead(ContactRead):
    """A contact that became the request `request_id`.

    `similar_person_ids`: people of the applicant's names and birth date, to be compared.
    """

    similar_person_ids: list[UUID]

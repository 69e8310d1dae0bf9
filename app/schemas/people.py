"""The people whom a CCAS helps."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field, StrictBool

from app.domain.aids import Capacity
from app.schemas.base import Day, Email, Id, Input, InseeCode, Line, PageQuery, Phone, Resource, ShortLine
from app.schemas.codes import (
    BirthPlace,
    EducationLevel,
    FamilySituation,
    Housing,
    Nationality,
    SafeContact,
    Sex,
)


class Profile(Input):
    """What is told of a person beyond the name; null is not told.

    `birth_place`: INSEE code of the commune, or ISO 3166-1 code (alpha-2) of the country. `domiciliation`: the CCAS or
    association where a person without a home receives letters. `already_known`: to the CCAS, before the first demand.
    `safe_contact`: how to reach the person so that nobody else learns of it. `interpreter_language`: the language in
    which the person needs an interpreter.
    """

    resident_since_on: Day | None = None
    capacity: Capacity | None = None
    phone: Phone | None = None
    email: Email | None = None
    birth_place: BirthPlace | None = None
    nationality: Nationality | None = None
    sex: Sex | None = None
    education_level: EducationLevel | None = None
    family_situation: FamilySituation | None = None
    housing: Housing | None = None
    domiciliation: Line | None = None
    already_known: StrictBool | None = None
    safe_contact: SafeContact | None = None
    interpreter_language: ShortLine | None = None
    reading_difficulty: StrictBool | None = None
    deceased_on: Day | None = None


class PersonCreate(Profile):
    """A beneficiary as first met.

    `not_the_same_as` names the people of the same names and birth date whom this one was found not to be.
    """

    first_names: ShortLine
    birth_name: ShortLine
    usage_name: ShortLine | None = None
    birth_on: Day
    commune_insee_code: InseeCode
    not_the_same_as: Annotated[list[Id], Field(max_length=50)] = []


class PersonUpdate(Profile):
    """What has changed; what is not named stays."""

    first_names: ShortLine = None  # type: ignore[assignment]
    birth_name: ShortLine = None  # type: ignore[assignment]
    usage_name: ShortLine | None = None
    birth_on: Day = None  # type: ignore[assignment]
    commune_insee_code: InseeCode = None  # type: ignore[assignment]


class PersonRead(Resource):
    """A beneficiary. `merged_into_id`: the person under whom the files of this one are kept since they were merged."""

    id: UUID
    first_names: str
    birth_name: str
    usage_name: str | None
    birth_on: date
    commune_insee_code: str
    resident_since_on: date | None
    capacity: Capacity | None
    phone: str | None
    email: str | None
    birth_place: str | None
    nationality: str | None
    sex: str | None
    education_level: str | None
    family_situation: str | None
    housing: str | None
    domiciliation: str | None
    already_known: bool | None
    safe_contact: str | None
    interpreter_language: str | None
    reading_difficulty: bool | None
    deceased_on: date | None
    merged_into_id: UUID | None


class PeopleQuery(PageQuery):
    """`q` finds names, without regard to accents or case."""

    q: ShortLine | None = None

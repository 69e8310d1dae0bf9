"""The directory of a CCAS."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from app.domain.organisations import OrganisationKind, is_siret
from app.schemas.base import Day, Email, Input, Line, PageQuery, Phone, Prose, Resource, ShortLine


def _with_its_key(number: str) -> str:
    if not is_siret(number):
        raise PydanticCustomError("not_a_siret", "the key of this SIRET does not fit")
    return number


def _each_once(kinds: list[OrganisationKind]) -> list[OrganisationKind]:
    return sorted(set(kinds))


Siret = Annotated[
    str, Field(strict=True, pattern=r"^[0-9]{14}$", examples=["73282932000074"]), AfterValidator(_with_its_key)
]
Kinds = Annotated[list[OrganisationKind], Field(min_length=1, max_length=20), AfterValidator(_each_once)]


class OrganisationCreate(Input):
    """An organisation that the CCAS works with, and all that it does for people."""

    name: Line
    kinds: Kinds
    phone: Phone | None = None
    email: Email | None = None
    address: Prose | None = None
    siret: Siret | None = None
    note: Prose | None = None


class OrganisationUpdate(Input):
    """What has changed; what is not named stays. `closed_on` is the day from which it is worked with no more."""

    name: Line = None  # type: ignore[assignment]
    kinds: Kinds = None  # type: ignore[assignment]
    phone: Phone | None = None
    email: Email | None = None
    address: Prose | None = None
    siret: Siret | None = None
    note: Prose | None = None
    closed_on: Day | None = None


class OrganisationQuery(PageQuery):
    """Filters of the directory; `q` finds names, without regard to accents or case."""

    kind: OrganisationKind | None = None
    q: ShortLine | None = None


class OrganisationRead(Resource):
    """One organisation. `source` is the sentence of a published document that names it; null for what was entered."""

    id: UUID
    name: str
    kinds: list[OrganisationKind]
    phone: str | None
    email: str | None
    address: str | None
    siret: str | None
    note: str | None
    source: str | None
    closed_on: date | None
    entered_at: datetime

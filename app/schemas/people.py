"""The people whom a CCAS helps."""

from datetime import date
from uuid import UUID

from app.domain.aids import Capacity
from app.schemas.base import Day, Email, Input, InseeCode, PageQuery, Phone, Resource, ShortLine


class PersonCreate(Input):
    """A beneficiary as first met. Null is not told: since when in the commune, and the capacity to contract."""

    first_names: ShortLine
    birth_name: ShortLine
    usage_name: ShortLine | None = None
    birth_on: Day
    commune_insee_code: InseeCode
    resident_since_on: Day | None = None
    capacity: Capacity | None = None
    phone: Phone | None = None
    email: Email | None = None


class PersonUpdate(Input):
    """What has changed; what is not named stays."""

    first_names: ShortLine = None  # type: ignore[assignment]
    birth_name: ShortLine = None  # type: ignore[assignment]
    usage_name: ShortLine | None = None
    birth_on: Day = None  # type: ignore[assignment]
    commune_insee_code: InseeCode = None  # type: ignore[assignment]
    resident_since_on: Day | None = None
    capacity: Capacity | None = None
    phone: Phone | None = None
    email: Email | None = None


class PersonRead(Resource):
    """A beneficiary."""

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


class PeopleQuery(PageQuery):
    """`q` finds names, without regard to accents or case."""

    q: ShortLine | None = None

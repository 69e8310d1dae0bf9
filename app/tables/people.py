"""The people whom a CCAS helps (bénéficiaires)."""

from datetime import date, datetime

from sqlmodel import Field

from app.domain.aids import Capacity
from app.tables.base import RECORD, entered_at, value_enum
from app.tenancy import TenantTable


class Person(TenantTable, table=True):
    """A beneficiary. `name_key` is the name without accents or case, for searching.

    `resident_since_on` is the day from which the person lives in the commune; null, like `capacity`, is not told.
    """

    __tablename__ = "people"
    __table_args__ = (RECORD,)

    version: int = 1
    first_names: str = Field(max_length=100)
    birth_name: str = Field(max_length=100)
    usage_name: str | None = Field(max_length=100)
    birth_on: date
    commune_insee_code: str = Field(max_length=5)
    resident_since_on: date | None = None
    capacity: Capacity | None = Field(default=None, sa_type=value_enum(Capacity, "capacity"))
    phone: str | None = Field(max_length=20)
    email: str | None = Field(max_length=254)
    name_key: str
    entered_at: datetime = entered_at()

"""The people whom a CCAS helps (bénéficiaires)."""

from datetime import date, datetime

from sqlmodel import Field

from app.tables.base import RECORD, entered_at
from app.tenancy import TenantTable


class Person(TenantTable, table=True):
    """A beneficiary. `name_key` is the name without accents or case, for searching."""

    __tablename__ = "people"
    __table_args__ = (RECORD,)

    version: int = 1
    first_names: str = Field(max_length=100)
    birth_name: str = Field(max_length=100)
    usage_name: str | None = Field(max_length=100)
    birth_on: date
    commune_insee_code: str = Field(max_length=5)
    phone: str | None = Field(max_length=20)
    email: str | None = Field(max_length=254)
    name_key: str
    entered_at: datetime = entered_at()

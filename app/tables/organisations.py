"""The directory of a CCAS: the organisations that send people, receive them, lend, train, assist or are paid."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlmodel import Field

from app.domain.organisations import OrganisationKind
from app.tables.base import RECORD, entered_at
from app.tenancy import TenantTable

_KINDS = ", ".join(f"'{kind.value}'" for kind in OrganisationKind)


class Organisation(TenantTable, table=True):
    """One organisation of the directory. `name_key` is the name without accents or case, which no two share.

    `source` is the sentence in which a published document names it; null for what the staff entered. It is closed,
    never deleted: history names it.
    """

    __tablename__ = "organisations"
    __table_args__ = (
        UniqueConstraint("tenant_id", "name_key"),
        CheckConstraint(f"cardinality(kinds) > 0 AND kinds <@ ARRAY[{_KINDS}]", name="kinds_known"),
        CheckConstraint("siret ~ '^[0-9]{14}$'", name="siret_form"),
        RECORD,
    )

    version: int = 1
    name: str = Field(max_length=200)
    name_key: str
    kinds: list[str] = Field(sa_type=ARRAY(TEXT))
    phone: str | None = Field(default=None, max_length=20)
    email: str | None = Field(default=None, max_length=254)
    address: str | None = Field(default=None, max_length=4000)
    siret: str | None = Field(default=None, max_length=14)
    note: str | None = Field(default=None, max_length=4000)
    source: str | None = None
    closed_on: date | None = None
    entered_at: datetime = entered_at()

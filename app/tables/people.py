"""The people whom a CCAS helps (bénéficiaires)."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String, text
from sqlmodel import Field

from app.domain.aids import Capacity
from app.tables.base import RECORD, entered_at, value_enum
from app.tenancy import TenantTable, within_tenant


class Person(TenantTable, table=True):
    """A beneficiary; what is null is not told.

    The keys are for searching: `name_key` is the name without accents or case, `phone_key` the digits as dialled in
    France, `email_key` the address in lower case. Their order is that of bytes, so that an index finds a beginning.
    """

    __tablename__ = "people"
    __table_args__ = (
        within_tenant("merged_into_id", "people"),
        CheckConstraint("merged_into_id <> id", name="merged_into_another"),
        CheckConstraint("deceased_on >= birth_on", name="deceased_after_birth"),
        Index("ix_people_birth_on", "tenant_id", "birth_on"),
        *(
            Index(f"ix_people_{key}", "tenant_id", key)
            for key in ("name_key", "usage_name_key", "phone_key", "email_key")
        ),
        Index(
            "ix_people_merged_into_id",
            "tenant_id",
            "merged_into_id",
            postgresql_where=text("merged_into_id IS NOT NULL"),
        ),
        RECORD,
    )

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
    birth_place: str | None = Field(default=None, max_length=5)
    nationality: str | None = Field(default=None, max_length=40)
    sex: str | None = Field(default=None, max_length=40)
    education_level: str | None = Field(default=None, max_length=40)
    family_situation: str | None = Field(default=None, max_length=40)
    housing: str | None = Field(default=None, max_length=40)
    domiciliation: str | None = Field(default=None, max_length=200)
    already_known: bool | None = None
    safe_contact: str | None = Field(default=None, max_length=40)
    interpreter_language: str | None = Field(default=None, max_length=100)
    reading_difficulty: bool | None = None
    deceased_on: date | None = None
    merged_into_id: UUID | None = None
    name_key: str = Field(sa_type=String(collation="C"))
    usage_name_key: str | None = Field(default=None, sa_type=String(collation="C"))
    phone_key: str | None = Field(default=None, max_length=20)
    email_key: str | None = Field(default=None, max_length=254)
    entered_at: datetime = entered_at()

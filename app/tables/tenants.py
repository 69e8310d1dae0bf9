"""The CCAS that share the instance, and the dated versions of their rules."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field, SQLModel
from uuid_utils.compat import uuid7

from app.domain.dates import Precision
from app.domain.rules import TenantKind
from app.tables.base import READ, entered_at, json_column, value_enum
from app.tenancy import TenantTable


class Tenant(SQLModel, table=True):
    """A CCAS, or the group of CCAS of several communes. Global: its name and communes are public."""

    __tablename__ = "tenants"
    __table_args__ = (
        UniqueConstraint("slug"),
        CheckConstraint("slug ~ '^[a-z][a-z0-9-]{1,62}$' AND slug <> 'platform'", name="slug_form"),
        READ,
    )

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    slug: str = Field(max_length=63)
    name: str = Field(max_length=200)
    kind: TenantKind = Field(sa_type=value_enum(TenantKind, "kind"))
    time_zone: str = Field(max_length=64)
    communes: list[dict[str, Any]] = json_column(list)


class RuleVersionRow(TenantTable, table=True):
    """One version of a tenant's rules; no two are in force on one day."""

    __tablename__ = "rule_versions"
    __table_args__ = (
        UniqueConstraint("tenant_id", "version"),
        CheckConstraint("valid_to >= valid_from", name="dates_in_order"),
        ExcludeConstraint(
            ("tenant_id", "="),
            (text("daterange(valid_from, valid_to, '[]')"), "&&"),
            using="gist",
            name="ex_rule_versions_one_a_day",
        ),
        READ,
    )

    version: int
    valid_from: date | None
    valid_from_precision: Precision | None = Field(sa_type=value_enum(Precision, "valid_from_precision"))
    valid_to: date | None
    reference: str
    products: list[dict[str, Any]] = json_column(list)
    entered_at: datetime = entered_at()

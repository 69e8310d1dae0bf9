"""The CCAS that share the instance, and the dated versions of their rules."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DDL, CheckConstraint, UniqueConstraint, event, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field, SQLModel
from uuid_utils.compat import uuid7

from app.domain.dates import Precision
from app.domain.rules import TenantKind
from app.tables.base import READ, RECORD, entered_at, json_column, value_enum
from app.tenancy import TenantTable, within_tenant


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
    """One version of a tenant's rules; no two are in force on one day.

    It never changes, but that an open one may be closed. `adopted_by` is null where the owner's command loaded it.
    """

    __tablename__ = "rule_versions"
    __table_args__ = (
        UniqueConstraint("tenant_id", "version"),
        within_tenant("adopted_by", "accounts"),
        CheckConstraint("valid_to >= valid_from", name="dates_in_order"),
        ExcludeConstraint(
            ("tenant_id", "="),
            (text("daterange(valid_from, valid_to, '[]')"), "&&"),
            using="gist",
            name="ex_rule_versions_one_a_day",
        ),
        RECORD,
    )

    version: int
    valid_from: date | None
    valid_from_precision: Precision | None = Field(sa_type=value_enum(Precision, "valid_from_precision"))
    valid_to: date | None
    reference: str
    products: list[dict[str, Any]] = json_column(list)
    indexes: list[dict[str, Any]] = json_column(list)
    adopted_by: UUID | None = None
    entered_at: datetime = entered_at()


# What no grant can say: nothing but the end of an open version is ever written again.
_ONLY_CLOSED = (
    """
    CREATE FUNCTION refuse_rule_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF OLD.valid_to IS NULL AND NEW.valid_to IS NOT NULL
        AND to_jsonb(NEW) - 'valid_to' = to_jsonb(OLD) - 'valid_to' THEN
        IF EXISTS (
          SELECT 1 FROM decisions d
          WHERE d.tenant_id = OLD.tenant_id AND d.rule_version_id = OLD.id AND d.decided_on > NEW.valid_to
        ) THEN
          RAISE EXCEPTION 'a decision under this version is dated after its end'
            USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'rule_versions_end_after_decisions';
        END IF;
        RETURN NEW;
      END IF;
      RAISE EXCEPTION 'a version of the rules never changes: an open one is closed, once'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'rule_versions_only_closed';
    END $$
    """,
    """
    CREATE TRIGGER only_closed BEFORE UPDATE ON rule_versions
    FOR EACH ROW EXECUTE FUNCTION refuse_rule_change()
    """,
)
for _statement in _ONLY_CLOSED:
    event.listen(SQLModel.metadata.tables["rule_versions"], "after_create", DDL(_statement))  # type: ignore[no-untyped-call]

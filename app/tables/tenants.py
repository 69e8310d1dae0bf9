"""The CCAS that share the instance, and the dated versions of their rules."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DDL, CheckConstraint, DateTime, ForeignKeyConstraint, UniqueConstraint, event, text
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
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

    It never changes, but that an open one may be closed, and one that has not begun withdrawn. `closes_version` is the
    open version that its adoption closed, and that its withdrawal opens again. `adopted_by` is null where the owner's
    command loaded it.
    """

    __tablename__ = "rule_versions"
    __table_args__ = (
        UniqueConstraint("tenant_id", "version"),
        within_tenant("adopted_by", "accounts"),
        within_tenant("withdrawn_by", "accounts"),
        ForeignKeyConstraint(["tenant_id", "closes_version"], ["rule_versions.tenant_id", "rule_versions.version"]),
        CheckConstraint(
            "num_nonnulls(withdrawn_at, withdrawn_by, withdrawal_reason) IN (0, 3)", name="withdrawn_by_someone"
        ),
        CheckConstraint("valid_to >= valid_from", name="dates_in_order"),
        ExcludeConstraint(
            ("tenant_id", "="),
            (text("daterange(valid_from, valid_to, '[]')"), "&&"),
            using="gist",
            where=text("withdrawn_at IS NULL"),
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
    commission: dict[str, Any] | None = Field(default=None, sa_type=JSONB(none_as_null=True))
    adopted_by: UUID | None = None
    closes_version: int | None = None
    withdrawn_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    withdrawn_by: UUID | None = None
    withdrawal_reason: str | None = Field(default=None, max_length=4_000)
    entered_at: datetime = entered_at()


# What no grant can say. An open version is closed, once, not before a decision that was taken under it, and in the past
# by the owner alone. One that has not begun and that nothing refers to is withdrawn, at the instant of the transaction:
# what it had closed may be opened again in that transaction, and in no other. Days here are those of UTC, with one to
# spare for the clocks behind it; the service keeps the tenant's own.
_NEVER_CHANGED = """
    CREATE FUNCTION refuse_rule_change() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      withdrawal CONSTANT text[] := ARRAY['withdrawn_at', 'withdrawn_by', 'withdrawal_reason'];
      is_same_but_end CONSTANT boolean := to_jsonb(NEW) - 'valid_to' = to_jsonb(OLD) - 'valid_to';
    BEGIN
      IF is_same_but_end AND OLD.withdrawn_at IS NULL AND OLD.valid_to IS NULL AND NEW.valid_to IS NOT NULL THEN
        IF NEW.valid_to < (now() AT TIME ZONE 'UTC')::date - 2
          AND NOT pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'MEMBER') THEN
          RAISE EXCEPTION 'the owner alone ends rules in the past'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'rule_versions_end_today';
        END IF;
        IF EXISTS (
          SELECT 1 FROM decisions d
          WHERE d.tenant_id = OLD.tenant_id AND d.rule_version_id = OLD.id AND d.decided_on > NEW.valid_to
        ) THEN
          RAISE EXCEPTION 'a decision under this version is dated after its end'
            USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'rule_versions_end_after_decisions';
        END IF;
        RETURN NEW;
      END IF;
      IF is_same_but_end AND OLD.withdrawn_at IS NULL AND OLD.valid_to IS NOT NULL AND NEW.valid_to IS NULL
        AND EXISTS (
          SELECT 1 FROM rule_versions v
          WHERE v.tenant_id = OLD.tenant_id AND v.closes_version = OLD.version
            AND v.valid_from = OLD.valid_to + 1 AND v.withdrawn_at = now()
        ) THEN
        RETURN NEW;
      END IF;
      IF OLD.withdrawn_at IS NULL AND NEW.withdrawn_at = now()
        AND OLD.valid_from >= (now() AT TIME ZONE 'UTC')::date
        AND to_jsonb(NEW) - withdrawal = to_jsonb(OLD) - withdrawal THEN
        IF EXISTS (
          SELECT 1 FROM decisions d WHERE d.tenant_id = OLD.tenant_id AND d.rule_version_id = OLD.id
        ) OR EXISTS (
          SELECT 1 FROM requests r WHERE r.tenant_id = OLD.tenant_id AND r.rules_version = OLD.version
        ) THEN
          RAISE EXCEPTION 'a request or a decision refers to this version'
            USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'rule_versions_withdrawn_unused';
        END IF;
        RETURN NEW;
      END IF;
      RAISE EXCEPTION 'a version of the rules never changes: an open one is closed, one to come is withdrawn'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'rule_versions_only_closed';
    END $$
"""
# The commands that load a CCAS's history run as the owner of the table, which the service never is: a role cannot be
# forged, a setting could. A day is left to the clocks that are behind UTC; the service knows the tenant's. What is
# written as withdrawn, or as having closed a version that does not end the day before, would open that one again.
_NEVER_FORGED = """
    CREATE FUNCTION refuse_forged_rules() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'MEMBER') THEN
        RETURN NEW;
      END IF;
      IF NEW.valid_from IS NULL OR NEW.valid_from < (now() AT TIME ZONE 'UTC')::date - 1 THEN
        RAISE EXCEPTION 'the owner alone writes rules of the past'
          USING ERRCODE = 'check_violation', CONSTRAINT = 'rule_versions_begin_today';
      END IF;
      IF NEW.withdrawn_at IS NOT NULL THEN
        RAISE EXCEPTION 'no version of the rules is born withdrawn'
          USING ERRCODE = 'check_violation', CONSTRAINT = 'rule_versions_born_in_force';
      END IF;
      IF NEW.closes_version IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM rule_versions v
        WHERE v.tenant_id = NEW.tenant_id AND v.version = NEW.closes_version AND v.valid_to = NEW.valid_from - 1
      ) THEN
        RAISE EXCEPTION 'the version that this one closes does not end the day before'
          USING ERRCODE = 'check_violation', CONSTRAINT = 'rule_versions_closed_the_day_before';
      END IF;
      RETURN NEW;
    END $$
"""
for _statement in (
    _NEVER_CHANGED,
    """
    CREATE TRIGGER only_closed BEFORE UPDATE ON rule_versions
    FOR EACH ROW EXECUTE FUNCTION refuse_rule_change()
    """,
    _NEVER_FORGED,
    """
    CREATE TRIGGER none_forged BEFORE INSERT ON rule_versions
    FOR EACH ROW EXECUTE FUNCTION refuse_forged_rules()
    """,
):
    event.listen(SQLModel.metadata.tables["rule_versions"], "after_create", DDL(_statement))  # type: ignore[no-untyped-call]

"""Repayment schedules: numbered versions, which one is in force, and their rows."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Numeric, UniqueConstraint
from sqlmodel import Field

from app.domain.schedule_kinds import ScheduleKind
from app.tables.base import HISTORY, cents, entered_at, json_column, value_enum
from app.tenancy import TenantTable, within_tenant


class Schedule(TenantTable, table=True):
    """One numbered version of a repayment schedule (échéancier); never changed.

    What its rows alone do not tell stands beside them: the nominal yearly rate, the day of month on which its dates
    fall, months without payment (`pauses`) and what was repaid early (`prepayments`), as the domain's versions have it.
    """

    __tablename__ = "schedules"
    __table_args__ = (
        within_tenant("loan_id", "loans"),
        UniqueConstraint("tenant_id", "loan_id", "version"),
        CheckConstraint("starts_on IS NULL OR anchor_day IS NOT NULL", name="start_is_anchored"),
        HISTORY,
    )

    loan_id: UUID
    version: int
    kind: ScheduleKind = Field(default=ScheduleKind.CONTRACT, sa_type=value_enum(ScheduleKind, "kind"))
    rate_percent: Decimal = Field(sa_type=Numeric(9, 6))
    starts_on: date | None = None
    anchor_day: int | None = None
    past_anchors: list[dict[str, Any]] = json_column(list)
    pauses: list[dict[str, Any]] = json_column(list)
    prepayments: list[dict[str, Any]] = json_column(list)
    entered_at: datetime = entered_at()


class ScheduleActivation(TenantTable, table=True):
    """That a version is in force from a day on, in place of another; null is from the start.

    Each follows one other at most once: the chain cannot fork, so that one version alone is in force.
    """

    __tablename__ = "schedule_activations"
    __table_args__ = (
        within_tenant("loan_id", "loans"),
        within_tenant("schedule_id", "schedules"),
        within_tenant("supersedes_id", "schedule_activations"),
        within_tenant("decision_id", "loan_decisions"),
        UniqueConstraint("tenant_id", "loan_id", "supersedes_id", postgresql_nulls_not_distinct=True),
        CheckConstraint("(supersedes_id IS NULL) = (effective_on IS NULL)", name="dated_but_for_the_first"),
        HISTORY,
    )

    loan_id: UUID
    schedule_id: UUID
    effective_on: date | None
    supersedes_id: UUID | None
    decision_id: UUID | None = None
    entered_at: datetime = entered_at()


class ScheduleRow(TenantTable, table=True):
    """One instalment (échéance), in cents; `balance_cents` is what is left after it.

    `ref` is its number within the loan, for good: versions of the schedule that keep the instalment keep it. The
    borrower pays `borrower_cents` of it, and each of `third_parties` `{payer, cents}` the rest.
    """

    __tablename__ = "schedule_rows"
    __table_args__ = (
        within_tenant("schedule_id", "schedules"),
        UniqueConstraint("tenant_id", "schedule_id", "number"),
        UniqueConstraint("tenant_id", "schedule_id", "ref"),
        CheckConstraint("total_cents = principal_cents + interest_cents", name="total_adds_up"),
        CheckConstraint("borrower_cents BETWEEN principal_cents AND total_cents", name="borrower_pays_principal"),
        CheckConstraint(
            "principal_cents >= 0 AND interest_cents >= 0 AND balance_cents >= 0 AND total_cents > 0", name="signs"
        ),
        HISTORY,
    )

    schedule_id: UUID
    number: int
    ref: int
    due_on: date
    principal_cents: int = cents()
    interest_cents: int = cents()
    total_cents: int = cents()
    balance_cents: int = cents()
    borrower_cents: int = cents()
    third_parties: list[dict[str, Any]] = json_column(list)

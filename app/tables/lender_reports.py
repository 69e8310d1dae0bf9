"""Facts that a lender reports of its loan beside its statements."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Numeric, UniqueConstraint, text
from sqlmodel import Field

from app.domain.lender_reports import LenderScheduleKind, ReportKind, ReversedKind
from app.tables.base import HISTORY, cents, entered_at, json_column, one_author, value_enum
from app.tenancy import TenantTable, within_tenant


class LenderReport(TenantTable, table=True):
    """One fact under the lender's own reference, with the day it is of and amounts in cents; never changed.

    `rows` are those of a schedule from `effect_on`. `decision_id` is the lender's decision that the schedule, the
    acceleration or the loss is. A call and a recovery cite the loss by `loss_reference`. A reversal takes back what the
    lender told under `reversed_reference`.
    """

    __tablename__ = "lender_reports"
    __table_args__ = (
        within_tenant("loan_id", "loans"),
        within_tenant("decision_id", "loan_decisions"),
        within_tenant("account_id", "accounts"),
        within_tenant("telling_id", "tellings"),
        one_author(),
        UniqueConstraint("tenant_id", "partner_id", "kind", "reference", name="uq_lender_reports_reference"),
        Index("ix_lender_reports_loan", "tenant_id", "loan_id"),
        Index(
            "uq_lender_reports_reversed",
            "tenant_id",
            "loan_id",
            "reversed_kind",
            "reversed_reference",
            unique=True,
            postgresql_where=text("kind = 'reversal'"),
        ),
        CheckConstraint("(kind = 'schedule') = (schedule_kind IS NOT NULL)", name="schedule_has_kind"),
        CheckConstraint("(kind = 'schedule') = (decided_on IS NOT NULL)", name="schedule_is_dated"),
        CheckConstraint("(kind = 'schedule') = (jsonb_array_length(rows) > 0)", name="schedule_has_rows"),
        CheckConstraint("(kind IN ('guarantee_call', 'recovery')) = (amount_cents IS NOT NULL)", name="amount_told"),
        CheckConstraint("(kind = 'guarantee_call') = (guarantor IS NOT NULL)", name="call_names_guarantor"),
        CheckConstraint("(kind IN ('guarantee_call', 'recovery')) = (loss_reference IS NOT NULL)", name="loss_cited"),
        CheckConstraint("kind <> 'loss' OR num_nonnulls(principal_cents, interest_cents) = 2", name="loss_whole"),
        CheckConstraint(
            "(kind IN ('schedule', 'acceleration', 'loss')) = (decision_id IS NOT NULL)", name="decided_by_lender"
        ),
        CheckConstraint(
            "num_nonnulls(reversed_kind, reversed_reference) = CASE kind WHEN 'reversal' THEN 2 ELSE 0 END",
            name="reversal_names_fact",
        ),
        CheckConstraint("principal_cents >= 0 AND interest_cents >= 0 AND amount_cents > 0", name="signs"),
        HISTORY,
    )

    loan_id: UUID
    partner_id: UUID = Field(foreign_key="partners.id")
    kind: ReportKind = Field(sa_type=value_enum(ReportKind, "kind"))
    reference: str = Field(max_length=64)
    effect_on: date
    decided_on: date | None = None
    decision_id: UUID | None = None
    schedule_kind: LenderScheduleKind | None = Field(
        default=None, sa_type=value_enum(LenderScheduleKind, "schedule_kind")
    )
    rate_percent: Decimal | None = Field(default=None, sa_type=Numeric(9, 6))
    rows: list[dict[str, Any]] = json_column(list)
    principal_cents: int | None = cents(nullable=True, default=None)
    interest_cents: int | None = cents(nullable=True, default=None)
    amount_cents: int | None = cents(nullable=True, default=None)
    guarantor: str | None = Field(default=None, max_length=200)
    loss_reference: str | None = Field(default=None, max_length=64)
    reversed_kind: ReversedKind | None = Field(default=None, sa_type=value_enum(ReversedKind, "reversed_kind"))
    reversed_reference: str | None = Field(default=None, max_length=64)
    account_id: UUID | None
    partner_client_id: UUID | None = Field(foreign_key="partner_clients.id")
    telling_id: UUID | None = None
    entered_at: datetime = entered_at()

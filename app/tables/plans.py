"""What a file rests on: monthly budgets and financing plans. A change adds a revision, nothing is overwritten."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field

from app.domain.financing import BudgetSide, PlanLineKind, PlanLineStatus
from app.tables.base import HISTORY, cents, entered_at, value_enum
from app.tenancy import TenantTable, within_tenant


class Budget(TenantTable, table=True):
    """A snapshot of a household's month, and what it was assessed to be able to repay in one, in cents.

    `as_of_on` is the day on which it was so; null is not stated.
    """

    __tablename__ = "budgets"
    __table_args__ = (
        within_tenant("request_id", "requests"),
        UniqueConstraint("tenant_id", "request_id", "revision"),
        CheckConstraint("assessed_capacity_cents >= 0", name="capacity_not_negative"),
        HISTORY,
    )

    request_id: UUID
    revision: int
    assessed_capacity_cents: int | None = cents(nullable=True, default=None)
    as_of_on: date | None = None
    entered_at: datetime = entered_at()


class BudgetLine(TenantTable, table=True):
    """One resource or charge of a month, in cents; of a debt, also what is owed in all and the day on which it ends."""

    __tablename__ = "budget_lines"
    __table_args__ = (
        within_tenant("budget_id", "budgets"),
        UniqueConstraint("tenant_id", "budget_id", "position"),
        CheckConstraint("amount_cents >= 0", name="amount_not_negative"),
        CheckConstraint("outstanding_cents >= 0", name="outstanding_not_negative"),
        CheckConstraint(
            "kind = 'debt_instalments' OR num_nonnulls(outstanding_cents, ends_on) = 0", name="only_a_debt_ends"
        ),
        HISTORY,
    )

    budget_id: UUID
    position: int
    side: BudgetSide = Field(sa_type=value_enum(BudgetSide, "side"))
    kind: str = Field(max_length=40)
    label: str | None = Field(max_length=200)
    amount_cents: int = cents()
    outstanding_cents: int | None = cents(nullable=True, default=None)
    ends_on: date | None = None


class FinancingPlan(TenantTable, table=True):
    """How a project is paid for (plan de financement)."""

    __tablename__ = "financing_plans"
    __table_args__ = (
        within_tenant("request_id", "requests"),
        UniqueConstraint("tenant_id", "request_id", "revision"),
        HISTORY,
    )

    request_id: UUID
    revision: int
    entered_at: datetime = entered_at()


class FinancingPlanLine(TenantTable, table=True):
    """One source of money, in cents; `organisation_id` is the funder's, where the directory has it."""

    __tablename__ = "financing_plan_lines"
    __table_args__ = (
        within_tenant("financing_plan_id", "financing_plans"),
        within_tenant("organisation_id", "organisations"),
        UniqueConstraint("tenant_id", "financing_plan_id", "position"),
        CheckConstraint("amount_cents > 0", name="amount_positive"),
        HISTORY,
    )

    financing_plan_id: UUID
    position: int
    label: str = Field(max_length=200)
    amount_cents: int = cents()
    kind: PlanLineKind = Field(sa_type=value_enum(PlanLineKind, "kind"))
    status: PlanLineStatus = Field(sa_type=value_enum(PlanLineStatus, "status"))
    fund: str | None = Field(max_length=200)
    organisation_id: UUID | None = None

"""Deferrals of instalments (reports d'échéances)."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date, Index, SmallInteger, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from app.domain.deferral import DeferralMode
from app.tables.base import HISTORY, entered_at, value_enum
from app.tenancy import TenantTable, within_tenant


class Deferral(TenantTable, table=True):
    """The due dates that a version of the schedule passed over (`paused_on`), from which instalment on."""

    __tablename__ = "deferrals"
    __table_args__ = (
        within_tenant("loan_id", "loans"),
        within_tenant("schedule_id", "schedules"),
        within_tenant("decision_id", "loan_decisions"),
        UniqueConstraint("tenant_id", "schedule_id"),
        Index("ix_deferrals_loan", "tenant_id", "loan_id"),
        HISTORY,
    )

    loan_id: UUID
    schedule_id: UUID
    decision_id: UUID
    first_ref: int
    months: int = Field(sa_type=SmallInteger)
    mode: DeferralMode = Field(sa_type=value_enum(DeferralMode, "mode"))
    paused_on: list[date] = Field(sa_type=ARRAY(Date))
    entered_at: datetime = entered_at()

"""Over-indebtedness (surendettement) of the borrower of a loan."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from app.domain.over_indebtedness import ProcedureEventKind
from app.tables.base import HISTORY, entered_at, value_enum
from app.tenancy import TenantTable, within_tenant


class ProcedureEventRow(TenantTable, table=True):
    """An event of the procedure, or a delay that the judge gave; who decided it stands in its decision.

    `until` is the last day of a suspension whose end was told. `schedule_id` is the version that a plan or measures
    made, or that was in force again once they lapsed; null where the schedule stayed.
    """

    __tablename__ = "over_indebtedness_events"
    __table_args__ = (
        within_tenant("loan_id", "loans"),
        within_tenant("decision_id", "loan_decisions"),
        within_tenant("schedule_id", "schedules"),
        within_tenant("account_id", "accounts"),
        CheckConstraint("(kind IN ('moratorium', 'judge_grace')) = (until IS NOT NULL)", name="until_where_told"),
        CheckConstraint("until BETWEEN effect_on AND effect_on + interval '2 years'", name="two_years_at_most"),
        CheckConstraint("kind NOT IN ('plan', 'measures') OR schedule_id IS NOT NULL", name="plan_has_rows"),
        Index("ix_over_indebtedness_events_loan", "tenant_id", "loan_id"),
        HISTORY,
    )

    loan_id: UUID
    kind: ProcedureEventKind = Field(sa_type=value_enum(ProcedureEventKind, "kind"))
    effect_on: date
    until: date | None
    decision_id: UUID
    schedule_id: UUID | None
    account_id: UUID
    entered_at: datetime = entered_at()

"""How much of a full-time post goes to the scheme, and how much one post may bear."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, SmallInteger
from sqlmodel import Field

from app.domain.workload import Measure
from app.tables.base import HISTORY, entered_at, value_enum
from app.tenancy import TenantTable, within_tenant


class WorkingTime(TenantTable, table=True):
    """The part of a full-time post (ETP), in percent, that someone spends on the scheme from a day on.

    The last entry of a day counts.
    """

    __tablename__ = "working_times"
    __table_args__ = (
        within_tenant("worker_id", "accounts"),
        within_tenant("account_id", "accounts"),
        CheckConstraint("fte_percent BETWEEN 1 AND 100", name="part_of_a_post"),
        Index("ix_working_times_worker", "tenant_id", "worker_id", "valid_from", "entered_at"),
        HISTORY,
    )

    worker_id: UUID
    valid_from: date
    fte_percent: int = Field(sa_type=SmallInteger)
    account_id: UUID
    entered_at: datetime = entered_at()


class WorkloadThreshold(TenantTable, table=True):
    """The most of a measure that one full-time post may bear from a day on; null lifts the limit.

    The last entry of a day counts.
    """

    __tablename__ = "workload_thresholds"
    __table_args__ = (
        within_tenant("account_id", "accounts"),
        CheckConstraint("per_fte_max > 0", name="limit_positive"),
        Index("ix_workload_thresholds_measure", "tenant_id", "measure", "valid_from", "entered_at"),
        HISTORY,
    )

    measure: Measure = Field(sa_type=value_enum(Measure, "measure"))
    per_fte_max: int | None
    valid_from: date
    account_id: UUID
    entered_at: datetime = entered_at()

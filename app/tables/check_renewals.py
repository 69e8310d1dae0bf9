"""The lenders asked to check again, their last check having expired."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import DateTime, UniqueConstraint
from sqlmodel import Field

from app.tables.base import HISTORY, entered_at
from app.tenancy import TenantTable, within_tenant


class CheckRenewal(TenantTable, table=True):
    """A lender asked for another check of what was handed over, once for each that expired: `expired_at` is the instant
    of that consultation. A later one answers it.
    """

    __tablename__ = "check_renewals"
    __table_args__ = (
        within_tenant("request_id", "requests"),
        within_tenant("handoff_id", "handoffs"),
        within_tenant("account_id", "accounts"),
        UniqueConstraint("tenant_id", "handoff_id", "expired_at"),
        HISTORY,
    )

    request_id: UUID
    handoff_id: UUID
    wanted_on: date
    expired_at: datetime = Field(sa_type=DateTime(timezone=True))
    account_id: UUID
    entered_at: datetime = entered_at()

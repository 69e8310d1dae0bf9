"""Who instructs a file (agent instructeur), since when."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from app.tables.base import HISTORY, entered_at
from app.tenancy import TenantTable, within_tenant


class Assignment(TenantTable, table=True):
    """A file given to an agent, by whom; the first is its intake."""

    __tablename__ = "assignments"
    __table_args__ = (
        within_tenant("request_id", "requests"),
        within_tenant("instructing_agent_id", "accounts"),
        within_tenant("account_id", "accounts"),
        Index("ix_assignments_request", "tenant_id", "request_id", "assigned_on", "entered_at"),
        HISTORY,
    )

    request_id: UUID
    instructing_agent_id: UUID
    assigned_on: date
    reason: str | None = Field(max_length=4000)
    account_id: UUID
    entered_at: datetime = entered_at()

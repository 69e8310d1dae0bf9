"""Up to which day the public accountant has told all that was paid."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from app.tables.base import HISTORY, entered_at
from app.tenancy import TenantTable, within_tenant


class Position(TenantTable, table=True):
    """A position of the accountant (position de la Trésorerie): what fell due by then and is not told is unpaid."""

    __tablename__ = "positions"
    __table_args__ = (
        within_tenant("account_id", "accounts"),
        Index("ix_positions_position_on", "tenant_id", "position_on"),
        HISTORY,
    )

    position_on: date
    reference: str = Field(max_length=100)
    account_id: UUID
    entered_at: datetime = entered_at()

"""Conditions precedent of decisions, as they are met."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint

from app.tables.base import HISTORY, entered_at
from app.tenancy import TenantTable, within_tenant


class ConditionMet(TenantTable, table=True):
    """A condition of a decision, by its number there, that was met on a day."""

    __tablename__ = "conditions_met"
    __table_args__ = (
        within_tenant("request_id", "requests"),
        within_tenant("decision_id", "decisions"),
        within_tenant("account_id", "accounts"),
        UniqueConstraint("tenant_id", "decision_id", "number"),
        CheckConstraint("number >= 1", name="numbered"),
        HISTORY,
    )

    request_id: UUID
    decision_id: UUID
    number: int
    met_on: date
    account_id: UUID
    entered_at: datetime = entered_at()

"""The action plans (plans d'action) of a request. A change adds a revision, nothing is overwritten."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlmodel import Field

from app.domain.action_plans import ActionKind
from app.tables.base import HISTORY, entered_at, value_enum
from app.tenancy import TenantTable, within_tenant


class ActionPlan(TenantTable, table=True):
    """What the person and the CCAS agree to aim at, and the day on which they signed it."""

    __tablename__ = "action_plans"
    __table_args__ = (
        within_tenant("request_id", "requests"),
        within_tenant("account_id", "accounts"),
        UniqueConstraint("tenant_id", "request_id", "revision"),
        CheckConstraint("cardinality(objectives) > 0", name="with_objectives"),
        HISTORY,
    )

    request_id: UUID
    revision: int
    objectives: list[str] = Field(sa_type=ARRAY(TEXT))
    signed_on: date | None
    account_id: UUID
    entered_at: datetime = entered_at()


class ActionPlanAction(TenantTable, table=True):
    """One action: individual support, or a module for several."""

    __tablename__ = "action_plan_actions"
    __table_args__ = (
        within_tenant("action_plan_id", "action_plans"),
        UniqueConstraint("tenant_id", "action_plan_id", "position"),
        CheckConstraint("ends_on >= starts_on", name="ends_after_it_starts"),
        HISTORY,
    )

    action_plan_id: UUID
    position: int
    kind: ActionKind = Field(sa_type=value_enum(ActionKind, "kind"))
    label: str = Field(max_length=200)
    starts_on: date | None
    ends_on: date | None

"""The action plan of a request (plan d'action)."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.domain.action_plans import ActionKind
from app.schemas.base import Day, Input, Line, Output, Prose, Resource


class ActionReplace(Input):
    """One action: individual support, or a module for several."""

    kind: ActionKind
    label: Line
    starts_on: Day | None = None
    ends_on: Day | None = None


class ActionPlanReplace(Input):
    """What is aimed at and what will be done; `signed_on` is the day on which the person and the CCAS signed."""

    objectives: Annotated[list[Prose], Field(min_length=1, max_length=20)]
    actions: Annotated[list[ActionReplace], Field(max_length=50)]
    signed_on: Day | None = None


class PlannedActionRead(Output):
    """One action."""

    kind: ActionKind
    label: str
    starts_on: date | None
    ends_on: date | None


class ActionPlanRead(Resource):
    """The latest action plan. `revision` counts those recorded; the ETag is the request's."""

    revision: int
    objectives: list[str]
    actions: list[PlannedActionRead]
    signed_on: date | None
    account_id: UUID
    entered_at: datetime

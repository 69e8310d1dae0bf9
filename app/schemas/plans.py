"""The budget and the financing plan of a request."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from app.domain.financing import PlanLineKind, PlanLineStatus
from app.schemas.base import Cents, Input, Line, Output, PositiveCents, Resource
from app.schemas.codes import ChargeKind, ResourceKind


class ResourceLine(Input):
    """Money that comes in each month."""

    kind: ResourceKind
    label: Line | None = None
    amount_cents: Cents


class ChargeLine(Input):
    """Money that goes out each month."""

    kind: ChargeKind
    label: Line | None = None
    amount_cents: Cents


class BudgetReplace(Input):
    """A month of the household, and what it was assessed to be able to repay in one; null is not assessed yet."""

    resources: Annotated[list[ResourceLine], Field(max_length=50)]
    charges: Annotated[list[ChargeLine], Field(max_length=50)]
    assessed_capacity_cents: Cents | None = None


class BudgetLineRead(Output):
    """One resource or charge of a month."""

    kind: str
    label: str | None
    amount_cents: int


class BudgetRead(Resource):
    """A month of the household. `revision` counts the budgets recorded; the ETag is the request's."""

    revision: int
    resources: list[BudgetLineRead]
    charges: list[BudgetLineRead]
    resources_cents: int
    charges_cents: int
    assessed_capacity_cents: int | None
    entered_at: datetime


class PlanLineReplace(Input):
    """One source of money; `fund` names the fund of a third party."""

    label: Line
    amount_cents: PositiveCents
    kind: PlanLineKind
    status: PlanLineStatus = PlanLineStatus.EXPECTED
    fund: Line | None = None


class FinancingPlanReplace(Input):
    """How the project is paid for; the lines that are not refused add up to its cost."""

    lines: Annotated[list[PlanLineReplace], Field(min_length=1, max_length=50)]


class PlanLineRead(Output):
    """One source of money."""

    label: str
    amount_cents: int
    kind: PlanLineKind
    status: PlanLineStatus
    fund: str | None


class FinancingPlanRead(Resource):
    """How the project is paid for. `balanced`: the lines add up to the cost of the project."""

    revision: int
    lines: list[PlanLineRead]
    total_cents: int
    project_cost_cents: int
    balanced: bool
    entered_at: datetime

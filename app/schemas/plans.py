"""The budget and the financing plan of a request."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, PlainSerializer, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from app.domain.financing import PlanLineKind, PlanLineStatus
from app.domain.products import PerUnit
from app.schemas.base import Cents, Day, Id, Input, Line, Output, PositiveCents, Resource
from app.schemas.codes import ChargeKind, ResourceKind

# With its two decimals: « 33.30 », not « 33.3 ».
Ratio = Annotated[
    Decimal,
    PlainSerializer(lambda ratio: format(ratio, "f"), return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\d+\.\d{2}$", "examples": ["33.33"]}),
]


class ResourceLine(Input):
    """Money that comes in each month."""

    kind: ResourceKind
    label: Line | None = None
    amount_cents: Cents


class ChargeLine(Input):
    """Money that goes out each month.

    Of a debt (`debt_instalments`), where it is known: what is still owed in all, and the day on which it ends.
    """

    kind: ChargeKind
    label: Line | None = None
    amount_cents: Cents
    outstanding_cents: Cents | None = None
    ends_on: Day | None = None

    @model_validator(mode="after")
    def _only_a_debt_ends(self) -> Self:
        if self.kind != "debt_instalments" and (self.outstanding_cents, self.ends_on) != (None, None):
            raise PydanticCustomError("incoherent", "{fault}", {"fault": "only_a_debt_ends"})
        return self


class BudgetReplace(Input):
    """A month of the household, and what it was assessed to be able to repay in one; null is not assessed yet.

    `as_of_on` is the day on which it was so.
    """

    resources: Annotated[list[ResourceLine], Field(max_length=50)]
    charges: Annotated[list[ChargeLine], Field(max_length=50)]
    assessed_capacity_cents: Cents | None = None
    as_of_on: Day | None = None


class BudgetLineRead(Output):
    """One resource of a month."""

    kind: str
    label: str | None
    amount_cents: int


class ChargeLineRead(BudgetLineRead):
    """One charge of a month."""

    outstanding_cents: int | None
    ends_on: date | None


class BudgetRead(Resource):
    """A month of the household. `revision` counts the budgets recorded; the ETag is the request's.

    `left_to_live_cents` is what is left before food, once charges (rent less the housing aid) and debts are paid;
    `debt_ratio_percent` what debts take of the resources, rent and housing aid left out, to the hundredth, half up,
    null where nothing comes in. Where the rules count what is left `counted_per` person or unit of a scale,
    `left_to_live_per_unit_cents` is counted so, half up.
    """

    revision: int
    resources: list[BudgetLineRead]
    charges: list[ChargeLineRead]
    resources_cents: int
    charges_cents: int
    left_to_live_cents: int
    counted_per: PerUnit | None
    left_to_live_per_unit_cents: int | None
    debt_instalments_cents: int
    debt_ratio_percent: Ratio | None
    assessed_capacity_cents: int | None
    as_of_on: date | None
    entered_at: datetime


class PastBudget(Output):
    """A budget, and the request that it was entered for."""

    request_id: UUID
    reference: str
    budget: BudgetRead


class BudgetHistory(Output):
    """The months of a person's household, newest entry first."""

    items: list[PastBudget]
    next_cursor: str | None


class PlanLineReplace(Input):
    """One source of money; `fund` names the fund of a third party, `organisation_id` the funder in the directory."""

    label: Line
    amount_cents: PositiveCents
    kind: PlanLineKind
    status: PlanLineStatus = PlanLineStatus.EXPECTED
    fund: Line | None = None
    organisation_id: Id | None = None


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
    organisation_id: UUID | None


class FinancingPlanRead(Resource):
    """How the project is paid for. `balanced`: the lines add up to the cost of the project."""

    revision: int
    lines: list[PlanLineRead]
    total_cents: int
    project_cost_cents: int
    balanced: bool
    entered_at: datetime

"""How a project is paid for: the financing plan, and the month of the household behind it."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from app.domain.errors import PlanDiffersFromDecision, PlanUnbalanced
from app.domain.money import round_half_up


class BudgetSide(StrEnum):
    """What comes in, or what goes out, in a month."""

    RESOURCE = "resource"
    CHARGE = "charge"


@dataclass(frozen=True, slots=True)
class Month:
    """What a household has in a month, in cents: resources, what is left to live on, instalments on debts."""

    resources_cents: int
    left_to_live_cents: int
    debt_instalments_cents: int


def month(lines: Iterable[tuple[BudgetSide, str, int]]) -> Month:
    """The month that budget lines (side, kind, cents) make up, before food.

    Housing aid is netted from the rent, and is no resource.
    """
    lines = tuple(lines)
    aid = sum(cents for side, kind, cents in lines if (side, kind) == (BudgetSide.RESOURCE, "housing_aid"))
    resources = sum(cents for side, _, cents in lines if side is BudgetSide.RESOURCE) - aid
    charges = sum(cents for side, _, cents in lines if side is BudgetSide.CHARGE)
    debts = sum(cents for side, kind, cents in lines if (side, kind) == (BudgetSide.CHARGE, "debt_instalments"))
    return Month(resources, resources - (charges - aid), debts)


def debt_ratio_percent(debt_instalments_cents: int, resources_cents: int) -> Decimal | None:
    """The share of its resources that a household pays on its debts, rent left out, in percent.

    To the hundredth, half up; null where nothing comes in.
    """
    if resources_cents <= 0:
        return None
    hundredths = round_half_up(Fraction(debt_instalments_cents * 10_000, resources_cents))
    return Decimal(hundredths).scaleb(-2)


class PlanLineKind(StrEnum):
    """Where the money of a line comes from. `grant` is this scheme's own grant; other funds are `third_party`."""

    OWN = "own"
    FAMILY = "family"
    THIRD_PARTY = "third_party"
    GRANT = "grant"
    LOAN = "loan"


class PlanLineStatus(StrEnum):
    """Whether the money of a line is sure."""

    EXPECTED = "expected"
    CONFIRMED = "confirmed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One source of money, in cents."""

    kind: PlanLineKind
    status: PlanLineStatus
    amount_cents: int


def check_balanced(lines: Iterable[PlanLine], *, project_cost_cents: int) -> None:
    """Raises PlanUnbalanced unless the lines that were not refused add up to the project's cost, to the cent."""
    total = sum(line.amount_cents for line in lines if line.status is not PlanLineStatus.REFUSED)
    if total != project_cost_cents:
        raise PlanUnbalanced(total_cents=total, project_cost_cents=project_cost_cents)


def cents_of(lines: Iterable[PlanLine], kind: PlanLineKind) -> int:
    """What the lines of a kind that were not refused add up to, in cents."""
    return sum(line.amount_cents for line in lines if line.kind is kind and line.status is not PlanLineStatus.REFUSED)


def check_plan_matches(lines: Iterable[PlanLine], *, loan_cents: int, grant_cents: int) -> None:
    """Raises PlanDiffersFromDecision unless the plan holds just the loan and the grant that are decided."""
    lines = tuple(lines)
    for kind, decided in ((PlanLineKind.LOAN, loan_cents), (PlanLineKind.GRANT, grant_cents)):
        held = cents_of(lines, kind)
        if held != decided:
            raise PlanDiffersFromDecision(kind=kind.value, plan_cents=held, decided_cents=decided)

"""The budget and the financing plan of a request: each change adds a revision."""

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.errors import BudgetMissing, MicrocreditError, NotFound, PlanMissing
from app.domain.financing import BudgetSide, PlanLine, PlanLineStatus, check_balanced
from app.schemas.plans import (
    BudgetLineRead,
    BudgetRead,
    BudgetReplace,
    ChargeLine,
    FinancingPlanRead,
    FinancingPlanReplace,
    PlanLineRead,
    ResourceLine,
)
from app.services import request_steps as steps
from app.tables import Budget, BudgetLine, FinancingPlan, FinancingPlanLine, Request
from app.tenancy import of_tenant

Part = TypeVar("Part", Budget, FinancingPlan)


async def read_budget(session: AsyncSession, request_id: UUID) -> BudgetRead:
    """The latest budget, or NotFound."""
    request = await steps.load(session, request_id)
    budget = await latest(session, Budget, request_id)
    if budget is None:
        raise NotFound
    return await _budget(session, request, budget)


async def replace_budget(session: AsyncSession, request_id: UUID, *, version: int, body: BudgetReplace) -> BudgetRead:
    """Records a new month of the household. Raises NotFound, VersionStale, RequestLocked."""
    request = await steps.editable(session, request_id, version=version)
    request.version += 1
    budget = Budget(
        tenant_id=request.tenant_id,
        request_id=request.id,
        revision=await _next_revision(session, Budget, request.id),
        assessed_capacity_cents=body.assessed_capacity_cents,
    )
    session.add(budget)
    await session.flush()  # the lines refer to the budget through a foreign key without an ORM relation
    lines: list[tuple[BudgetSide, ResourceLine | ChargeLine]] = [
        *((BudgetSide.RESOURCE, line) for line in body.resources),
        *((BudgetSide.CHARGE, line) for line in body.charges),
    ]
    session.add_all(
        BudgetLine(
            tenant_id=request.tenant_id,
            budget_id=budget.id,
            position=position,
            side=side,
            **line.model_dump(),
        )
        for position, (side, line) in enumerate(lines, start=1)
    )
    await session.flush()  # the answer is read back
    return await _budget(session, request, budget)


async def read_financing_plan(session: AsyncSession, request_id: UUID) -> FinancingPlanRead:
    """The latest financing plan, or NotFound."""
    request = await steps.load(session, request_id)
    plan = await latest(session, FinancingPlan, request_id)
    if plan is None:
        raise NotFound
    return await _plan(session, request, plan)


async def replace_financing_plan(
    session: AsyncSession, request_id: UUID, *, version: int, body: FinancingPlanReplace
) -> FinancingPlanRead:
    """Records a new plan, balanced or not yet. Raises NotFound, VersionStale, RequestLocked."""
    request = await steps.editable(session, request_id, version=version)
    request.version += 1
    return await _plan(session, request, await record_plan(session, request, body))


async def record_plan(session: AsyncSession, request: Request, body: FinancingPlanReplace) -> FinancingPlan:
    """Adds a revision of the plan."""
    plan = FinancingPlan(
        tenant_id=request.tenant_id,
        request_id=request.id,
        revision=await _next_revision(session, FinancingPlan, request.id),
    )
    session.add(plan)
    await session.flush()  # the lines refer to the plan through a foreign key without an ORM relation
    session.add_all(
        FinancingPlanLine(
            tenant_id=request.tenant_id, financing_plan_id=plan.id, position=position, **line.model_dump()
        )
        for position, line in enumerate(body.lines, start=1)
    )
    await session.flush()  # the lines are read back to be checked
    return plan


async def check_complete(session: AsyncSession, request: Request) -> None:
    """Raises the first of what keeps the file from the commission: BudgetMissing, PlanMissing, PlanUnbalanced."""
    for lacking in await lackings(session, request):
        raise lacking


async def lackings(session: AsyncSession, request: Request) -> list[MicrocreditError]:
    """All that keeps the file from the commission."""
    lacking: list[MicrocreditError] = []
    if await latest(session, Budget, request.id) is None:
        lacking.append(BudgetMissing())
    plan = await latest(session, FinancingPlan, request.id)
    try:
        if plan is None:
            raise PlanMissing
        check_balanced(await lines_of(session, plan), project_cost_cents=request.project_cost_cents)
    except MicrocreditError as error:
        lacking.append(error)
    return lacking


async def latest(session: AsyncSession, part: type[Part], request_id: UUID) -> Part | None:
    """The latest revision of a part of the file."""
    statement = (
        select(part)
        .where(of_tenant(session, part), col(part.request_id) == request_id)
        .order_by(col(part.revision).desc())
        .limit(1)
    )
    return (await session.scalars(statement)).one_or_none()


async def lines_of(session: AsyncSession, plan: FinancingPlan) -> list[PlanLine]:
    """The lines of a plan as the domain reads them."""
    return [PlanLine(line.kind, line.status, line.amount_cents) for line in await _plan_lines(session, plan)]


async def budget_lines_of(session: AsyncSession, budget: Budget) -> list[tuple[BudgetSide, str, int]]:
    """The lines of a budget as the domain reads them: side, kind, cents."""
    return [(line.side, line.kind, line.amount_cents) for line in await _budget_lines(session, budget)]


async def _next_revision(session: AsyncSession, part: type[Part], request_id: UUID) -> int:
    statement = select(func.max(col(part.revision))).where(of_tenant(session, part), col(part.request_id) == request_id)
    return ((await session.scalars(statement)).one() or 0) + 1


async def _plan_lines(session: AsyncSession, plan: FinancingPlan) -> Sequence[FinancingPlanLine]:
    statement = (
        select(FinancingPlanLine)
        .where(of_tenant(session, FinancingPlanLine), col(FinancingPlanLine.financing_plan_id) == plan.id)
        .order_by(col(FinancingPlanLine.position))
    )
    return (await session.scalars(statement)).all()


async def _budget_lines(session: AsyncSession, budget: Budget) -> Sequence[BudgetLine]:
    statement = (
        select(BudgetLine)
        .where(of_tenant(session, BudgetLine), col(BudgetLine.budget_id) == budget.id)
        .order_by(col(BudgetLine.position))
    )
    return (await session.scalars(statement)).all()


async def _plan(session: AsyncSession, request: Request, plan: FinancingPlan) -> FinancingPlanRead:
    lines = await _plan_lines(session, plan)
    total = sum(line.amount_cents for line in lines if line.status is not PlanLineStatus.REFUSED)
    return FinancingPlanRead(
        version=request.version,
        revision=plan.revision,
        lines=[PlanLineRead.model_validate(line) for line in lines],
        total_cents=total,
        project_cost_cents=request.project_cost_cents,
        balanced=total == request.project_cost_cents,
        entered_at=plan.entered_at,
    )


async def _budget(session: AsyncSession, request: Request, budget: Budget) -> BudgetRead:
    lines = await _budget_lines(session, budget)
    resources = [line for line in lines if line.side is BudgetSide.RESOURCE]
    charges = [line for line in lines if line.side is BudgetSide.CHARGE]
    return BudgetRead(
        version=request.version,
        revision=budget.revision,
        resources=[BudgetLineRead.model_validate(line) for line in resources],
        charges=[BudgetLineRead.model_validate(line) for line in charges],
        resources_cents=sum(line.amount_cents for line in resources),
        charges_cents=sum(line.amount_cents for line in charges),
        assessed_capacity_cents=budget.assessed_capacity_cents,
        entered_at=budget.entered_at,
    )

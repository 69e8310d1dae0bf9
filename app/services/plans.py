"""The budget and the financing plan of a request: each change adds a revision."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import financing
from app.domain.dates import check_day
from app.domain.errors import DateOutOfOrder, NoRulesInForce, NotFound
from app.domain.financing import BudgetSide, PlanLine, PlanLineStatus
from app.domain.means import left_to_live_per_unit
from app.domain.products import LeftToLive, PerUnit
from app.domain.rules import RuleVersion
from app.schemas.plans import (
    BudgetHistory,
    BudgetLineRead,
    BudgetRead,
    BudgetReplace,
    ChargeLine,
    ChargeLineRead,
    FinancingPlanRead,
    FinancingPlanReplace,
    PastBudget,
    PlanLineRead,
    ResourceLine,
)
from app.services import organisations, people, revisions, rules
from app.services import request_steps as steps
from app.tables import Budget, BudgetLine, FinancingPlan, FinancingPlanLine, Request
from app.tenancy import of_tenant


async def read_budget(session: AsyncSession, request_id: UUID, *, today: date) -> BudgetRead:
    """The latest budget, or NotFound."""
    request = await steps.load(session, request_id)
    budget = await revisions.latest(session, Budget, request_id)
    if budget is None:
        raise NotFound
    return await _budget(session, request, budget, version=await _rules(session, today))


async def budgets_of(session: AsyncSession, person_id: UUID, *, today: date) -> BudgetHistory:
    """Every budget entered for a demand of the person, alone or with somebody. Raises NotFound."""
    person_id = await people.keeper(session, person_id)
    statement = (
        select(Budget, Request)
        .join(Request, and_(of_tenant(session, Request), col(Request.id) == Budget.request_id))
        .where(
            of_tenant(session, Budget),
            or_(col(Request.applicant_id) == person_id, col(Request.co_applicant_id) == person_id),
        )
        .order_by(col(Budget.entered_at).desc(), col(Budget.id).desc())
    )
    version = await _rules(session, today)
    items = [
        PastBudget(
            request_id=request.id,
            reference=request.reference,
            budget=await _budget(session, request, budget, version=version),
        )
        for budget, request in (await session.execute(statement)).all()
    ]
    return BudgetHistory(items=items, next_cursor=None)


async def replace_budget(
    session: AsyncSession, request_id: UUID, *, version: int, today: date, body: BudgetReplace
) -> BudgetRead:
    """Records a new month of the household. Raises NotFound, VersionStale, RequestLocked, DateInFuture,
    DateOutOfOrder.
    """
    request = await steps.editable(session, request_id, version=version)
    _check_days(body, today=today)
    request.version += 1
    budget = Budget(
        tenant_id=request.tenant_id,
        request_id=request.id,
        revision=await revisions.next_number(session, Budget, request.id),
        assessed_capacity_cents=body.assessed_capacity_cents,
        as_of_on=body.as_of_on,
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
    return await _budget(session, request, budget, version=await _rules(session, today))


async def read_financing_plan(session: AsyncSession, request_id: UUID) -> FinancingPlanRead:
    """The latest financing plan, or NotFound."""
    request = await steps.load(session, request_id)
    plan = await revisions.latest(session, FinancingPlan, request_id)
    if plan is None:
        raise NotFound
    return await _plan(session, request, plan)


async def replace_financing_plan(
    session: AsyncSession, request_id: UUID, *, version: int, body: FinancingPlanReplace
) -> FinancingPlanRead:
    """Records a new plan, balanced or not yet. Raises NotFound, VersionStale, RequestLocked, OrganisationUnknown."""
    request = await steps.editable(session, request_id, version=version)
    request.version += 1
    return await _plan(session, request, await record_plan(session, request, body))


async def record_plan(session: AsyncSession, request: Request, body: FinancingPlanReplace) -> FinancingPlan:
    """Adds a revision of the plan. Raises OrganisationUnknown."""
    for organisation_id in {line.organisation_id for line in body.lines}:
        await organisations.check_known(session, organisation_id, field="lines.organisation_id")
    plan = FinancingPlan(
        tenant_id=request.tenant_id,
        request_id=request.id,
        revision=await revisions.next_number(session, FinancingPlan, request.id),
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


async def lines_of(session: AsyncSession, plan: FinancingPlan) -> list[PlanLine]:
    """The lines of a plan as the domain reads them."""
    return [PlanLine(line.kind, line.status, line.amount_cents) for line in await _plan_lines(session, plan)]


async def budget_lines_of(session: AsyncSession, budget: Budget) -> list[tuple[BudgetSide, str, int]]:
    """The lines of a budget that count in its month, as the domain reads them: side, kind, cents."""
    return _entries(counted(budget, await budget_lines(session, budget)))


async def _plan_lines(session: AsyncSession, plan: FinancingPlan) -> Sequence[FinancingPlanLine]:
    statement = (
        select(FinancingPlanLine)
        .where(of_tenant(session, FinancingPlanLine), col(FinancingPlanLine.financing_plan_id) == plan.id)
        .order_by(col(FinancingPlanLine.position))
    )
    return (await session.scalars(statement)).all()


async def budget_lines(session: AsyncSession, budget: Budget) -> Sequence[BudgetLine]:
    """The lines of a budget as they were entered."""
    statement = (
        select(BudgetLine)
        .where(of_tenant(session, BudgetLine), col(BudgetLine.budget_id) == budget.id)
        .order_by(col(BudgetLine.position))
    )
    return (await session.scalars(statement)).all()


def counted(budget: Budget, lines: Sequence[BudgetLine]) -> list[BudgetLine]:
    """Those of the month: all but the debts that ended before the day of the budget, that of its entry unless told."""
    on = budget.as_of_on or budget.entered_at.date()
    return [line for line in lines if line.ends_on is None or line.ends_on >= on]


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


def _check_days(body: BudgetReplace, *, today: date) -> None:
    if body.as_of_on is None:
        return
    check_day("as_of_on", body.as_of_on, not_before=None, today=today)
    for line in body.charges:
        if line.ends_on is not None and line.ends_on < body.as_of_on:
            raise DateOutOfOrder(field="charges.ends_on", not_before=body.as_of_on.isoformat())


def _entries(lines: Sequence[BudgetLine]) -> list[tuple[BudgetSide, str, int]]:
    return [(line.side, line.kind, line.amount_cents) for line in lines]


async def _rules(session: AsyncSession, on: date) -> RuleVersion | None:
    """The rules of a day; null where none are in force."""
    try:
        return (await rules.in_force(session, on))[1]
    except NoRulesInForce:
        return None


def _least_left(version: RuleVersion | None, request: Request) -> LeftToLive | None:
    """How the rules count what is left to live on; null where they do not count it by head."""
    products = version.products if version else ()
    rule = next((product.left_to_live for product in products if product.code == request.product), None)
    return None if rule is None or rule.per is PerUnit.HOUSEHOLD else rule


async def _budget(
    session: AsyncSession, request: Request, budget: Budget, *, version: RuleVersion | None
) -> BudgetRead:
    lines = await budget_lines(session, budget)
    running = counted(budget, lines)
    month = financing.month(_entries(running))
    rule = _least_left(version, request)
    per_unit = None
    if rule is not None and request.adults is not None and request.minor_children is not None:
        per_unit = left_to_live_per_unit(
            rule, month.left_to_live_cents, adults=request.adults, minor_children=request.minor_children
        )
    resources = [line for line in lines if line.side is BudgetSide.RESOURCE]
    charges = [line for line in lines if line.side is BudgetSide.CHARGE]
    return BudgetRead(
        version=request.version,
        revision=budget.revision,
        resources=[BudgetLineRead.model_validate(line) for line in resources],
        charges=[ChargeLineRead.model_validate(line) for line in charges],
        resources_cents=sum(line.amount_cents for line in resources),
        charges_cents=sum(line.amount_cents for line in running if line.side is BudgetSide.CHARGE),
        left_to_live_cents=month.left_to_live_cents,
        counted_per=rule.per if rule else None,
        left_to_live_per_unit_cents=per_unit,
        debt_instalments_cents=month.debt_instalments_cents,
        debt_ratio_percent=financing.debt_ratio_percent(month.debt_instalments_cents, month.resources_cents),
        assessed_capacity_cents=budget.assessed_capacity_cents,
        as_of_on=budget.as_of_on,
        entered_at=budget.entered_at,
    )

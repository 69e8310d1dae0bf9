"""What a file must hold before it goes to the commission."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.errors import BudgetMissing, MicrocreditError, PlanMissing
from app.domain.financing import check_balanced
from app.services import action_plans, papers, plans, revisions, rules
from app.tables import Budget, FinancingPlan, Request


async def check(session: AsyncSession, request: Request, *, on: date) -> None:
    """Raises the first of what keeps the file from the commission on a day: BudgetMissing, PlanMissing,
    PlanUnbalanced, ActionPlanMissing, ActionBegunBeforeValidation, PapersMissing, NoRulesInForce, UnknownProduct.
    """
    for lacking in await lackings(session, request, on=on):
        raise lacking


async def lackings(session: AsyncSession, request: Request, *, on: date) -> list[MicrocreditError]:
    """All that keeps the file from the commission on a day."""
    lacking: list[MicrocreditError] = []
    if await revisions.latest(session, Budget, request.id) is None:
        lacking.append(BudgetMissing())
    try:
        await _check_plan(session, request)
    except MicrocreditError as error:
        lacking.append(error)
    try:
        product = await rules.product_of(session, request, on=on)
    except MicrocreditError as error:
        return [*lacking, error]
    for guard in (action_plans.check_to_come, papers.check_none_missing):
        try:
            await guard(session, request, product, on=on)
        except MicrocreditError as error:
            lacking.append(error)
    return lacking


async def _check_plan(session: AsyncSession, request: Request) -> None:
    plan = await revisions.latest(session, FinancingPlan, request.id)
    if plan is None:
        raise PlanMissing
    check_balanced(await plans.lines_of(session, plan), project_cost_cents=request.project_cost_cents)

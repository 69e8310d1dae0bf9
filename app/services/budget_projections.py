"""The budget of a request over the term of a loan that is only imagined."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain import budget_projections, financing, interest_subsidies, simulations
from app.domain.aids import age_on
from app.domain.budget_projections import Debt
from app.domain.errors import BudgetMissing
from app.domain.financing import BudgetSide
from app.domain.loan_days import loan_days
from app.schemas.budget_projections import LowestMonth, PeriodRead, ProjectionQuery, ProjectionRead
from app.schemas.decisions import LoanTerms
from app.services import plans, revisions, rules
from app.services import request_steps as steps
from app.tables import Budget, Person
from app.tenancy import bound_tenant


async def read(session: AsyncSession, request_id: UUID, *, today: date, query: ProjectionQuery) -> ProjectionRead:
    """The latest budget with the loan asked about, under the rules of today and their first lender.

    Raises NotFound, BudgetMissing, NoRulesInForce, UnknownProduct, RuleNotStated, ImpossibleSchedule.
    """
    request = await steps.load(session, request_id)
    budget = await revisions.latest(session, Budget, request.id)
    if budget is None:
        raise BudgetMissing
    lines = plans.counted(budget, await plans.budget_lines(session, budget))
    applicant = await session.get_one(Person, (bound_tenant(session), request.applicant_id))
    _, version = await rules.in_force(session, today)
    product = rules.product(version, request.product, on=today, age=age_on(applicant.birth_on, today))
    asked = LoanTerms(**query.model_dump(include={"amount_cents", "duration_months", "instalment_cents"}))
    days = loan_days(today, first_due_on=query.first_due_on)
    terms, rows, parts = simulations.planned(product, asked, days, rate_percent=query.rate_percent)
    periods = budget_projections.project(
        financing.month((line.side, line.kind, line.amount_cents) for line in lines),
        [Debt(line.amount_cents, line.ends_on) for line in lines if line.side is BudgetSide.CHARGE],
        interest_subsidies.borrower_rows(rows, parts),
    )
    lowest = budget_projections.lowest(periods)
    return ProjectionRead(
        request_id=request.id,
        revision=budget.revision,
        as_of_on=budget.as_of_on,
        amount_cents=terms.amount_cents,
        duration_months=terms.duration_months,
        rate_percent=terms.rate_percent,
        periods=[PeriodRead.model_validate(period) for period in periods],
        lowest=LowestMonth(from_on=lowest.from_on, left_to_live_cents=lowest.left_to_live_after_cents),
    )

"""The budget and the financing plan of a request."""

from app.dependencies import Answer, Caller, IfMatch, RequestId, Today, Transaction
from app.routing import refusals
from app.routing import router as strict_router
from app.schemas.plans import BudgetRead, BudgetReplace, FinancingPlanRead, FinancingPlanReplace
from app.services import plans

router = strict_router("/v1/requests/{request_id}", "plans")


@router.get("/budget", summary="The month of the household")
async def read_budget(
    session: Transaction, caller: Caller, today: Today, request_id: RequestId, answer: Answer
) -> BudgetRead:
    """The latest budget."""
    return answer.tagged(await plans.read_budget(session, request_id, today=today))


@router.put("/budget", summary="A new month of the household", responses=refusals(412, 428))
async def replace_budget(
    session: Transaction,
    caller: Caller,
    today: Today,
    request_id: RequestId,
    version: IfMatch,
    body: BudgetReplace,
    answer: Answer,
) -> BudgetRead:
    """Earlier budgets are kept. If-Match is the request's version."""
    return answer.tagged(await plans.replace_budget(session, request_id, version=version, today=today, body=body))


@router.get("/financing-plan", summary="How the project is paid for")
async def read_financing_plan(
    session: Transaction, caller: Caller, request_id: RequestId, answer: Answer
) -> FinancingPlanRead:
    """The latest plan."""
    return answer.tagged(await plans.read_financing_plan(session, request_id))


@router.put("/financing-plan", summary="A new financing plan", responses=refusals(412, 428))
async def replace_financing_plan(
    session: Transaction,
    caller: Caller,
    request_id: RequestId,
    version: IfMatch,
    body: FinancingPlanReplace,
    answer: Answer,
) -> FinancingPlanRead:
    """Earlier plans are kept; it must add up at submission. If-Match is the request's version."""
    return answer.tagged(await plans.replace_financing_plan(session, request_id, version=version, body=body))

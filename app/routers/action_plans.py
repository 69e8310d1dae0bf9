"""The action plan of a request (plan d'action)."""

from app.dependencies import Answer, Caller, IfMatch, RequestId, Today, Transaction
from app.routing import refusals
from app.routing import router as strict_router
from app.schemas.action_plans import ActionPlanRead, ActionPlanReplace
from app.services import action_plans

router = strict_router("/v1/requests/{request_id}/action-plan", "action plans")


@router.get("", summary="The action plan")
async def read(session: Transaction, caller: Caller, request_id: RequestId, answer: Answer) -> ActionPlanRead:
    """The latest action plan (plan d'action)."""
    return answer.tagged(await action_plans.read(session, request_id))


@router.put("", summary="A new action plan", responses=refusals(412, 428))
async def replace(
    session: Transaction,
    caller: Caller,
    today: Today,
    request_id: RequestId,
    version: IfMatch,
    body: ActionPlanReplace,
    answer: Answer,
) -> ActionPlanRead:
    """Earlier plans are kept, until the file is submitted. If-Match is the request's version."""
    return answer.tagged(
        await action_plans.replace(session, request_id, version=version, caller=caller, today=today, body=body)
    )

"""The action plan of a request (plan d'action): each change adds a revision, until the file is submitted."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.action_plans import check_not_begun, check_order
from app.domain.dates import check_day
from app.domain.errors import NotFound
from app.domain.file_errors import ActionPlanMissing
from app.domain.permissions import Caller
from app.domain.products import Product
from app.schemas.action_plans import ActionPlanRead, ActionPlanReplace, PlannedActionRead
from app.services import request_steps as steps
from app.services import revisions, rules
from app.tables import ActionPlan, ActionPlanAction, Request
from app.tenancy import of_tenant


async def read(session: AsyncSession, request_id: UUID) -> ActionPlanRead:
    """The latest action plan, or NotFound."""
    request = await steps.load(session, request_id)
    plan = await revisions.latest(session, ActionPlan, request_id)
    if plan is None:
        raise NotFound
    return _read(request, plan, await _actions(session, plan))


async def replace(
    session: AsyncSession, request_id: UUID, *, version: int, caller: Caller, today: date, body: ActionPlanReplace
) -> ActionPlanRead:
    """Records what was agreed; where the rules ask, nothing in it has started by the file's latest act.

    Raises NotFound, VersionStale, RequestLocked, DateInFuture, DateOutOfOrder, ActionBegunBeforeValidation,
    NoRulesInForce, UnknownProduct.
    """
    request = await steps.editable(session, request_id, version=version)
    if body.signed_on is not None:
        check_day("signed_on", body.signed_on, not_before=request.received_on, today=today)
    check_order(body.actions)
    product = await rules.product_of(session, request, on=today)
    if product.action_plan_before_start:
        check_not_begun(body.actions, on=await steps.last_act_on(session, request))
    request.version += 1
    plan = ActionPlan(
        tenant_id=request.tenant_id,
        request_id=request.id,
        revision=await revisions.next_number(session, ActionPlan, request.id),
        objectives=body.objectives,
        signed_on=body.signed_on,
        account_id=caller.account_id,
    )
    session.add(plan)
    await session.flush()  # the actions refer to the plan through a foreign key without an ORM relation
    actions = [
        ActionPlanAction(tenant_id=request.tenant_id, action_plan_id=plan.id, position=position, **action.model_dump())
        for position, action in enumerate(body.actions, start=1)
    ]
    session.add_all(actions)
    return _read(request, plan, actions)


async def check_to_come(session: AsyncSession, request: Request, product: Product, *, on: date) -> None:
    """Raises ActionPlanMissing, ActionBegunBeforeValidation, where the rules want a plan validated before it starts.

    The commission validates it on the day of its decision, which is not before that of the submission.
    """
    if not product.action_plan_before_start:
        return
    plan = await revisions.latest(session, ActionPlan, request.id)
    if plan is None:
        raise ActionPlanMissing
    check_not_begun(await _actions(session, plan), on=on)


async def _actions(session: AsyncSession, plan: ActionPlan) -> Sequence[ActionPlanAction]:
    statement = (
        select(ActionPlanAction)
        .where(of_tenant(session, ActionPlanAction), col(ActionPlanAction.action_plan_id) == plan.id)
        .order_by(col(ActionPlanAction.position))
    )
    return (await session.scalars(statement)).all()


def _read(request: Request, plan: ActionPlan, actions: Sequence[ActionPlanAction]) -> ActionPlanRead:
    return ActionPlanRead(
        **plan.model_dump(include=set(ActionPlanRead.model_fields)),
        version=request.version,
        actions=[PlannedActionRead.model_validate(action) for action in actions],
    )

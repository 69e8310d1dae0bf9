"""What was done for the person under a support contract."""

from typing import Annotated

from fastapi import Query, status

from app.dependencies import Answer, Caller, SupportContractId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.base import Page, PageQuery
from app.schemas.support_actions import SupportActionCreate, SupportActionRead
from app.services import support_actions

router = strict_router("/v1/support-contracts/{support_contract_id}/support-actions", "support")


@router.post("", status_code=status.HTTP_201_CREATED, summary="Something was done for the person")
async def create(
    session: Transaction,
    caller: Caller,
    today: Today,
    support_contract_id: SupportContractId,
    body: SupportActionCreate,
) -> SupportActionRead:
    """For them alone: who comes to a workshop is told of the workshop."""
    return await support_actions.create(session, support_contract_id, caller=caller, today=today, body=body)


@router.get("", summary="What was done")
async def list_(
    session: Transaction,
    caller: Caller,
    support_contract_id: SupportContractId,
    answer: Answer,
    query: Annotated[PageQuery, Query()],
) -> Page[SupportActionRead]:
    """Newest entry first."""
    return answer.linked(await support_actions.list_page(session, support_contract_id, query=query))

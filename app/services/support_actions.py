"""What was done for the person under a support contract: added to, never changed."""

from datetime import date
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.dates import check_day
from app.domain.permissions import Caller
from app.domain.support_errors import SupportEnded
from app.schemas.base import Page, PageQuery
from app.schemas.support_actions import SupportActionCreate, SupportActionRead
from app.services import support_contracts
from app.services.pages import page
from app.tables import SupportAction

_COLUMNS = [getattr(SupportAction, name) for name in SupportActionRead.model_fields]
_ITEMS = TypeAdapter(list[SupportActionRead])


async def create(
    session: AsyncSession,
    support_contract_id: UUID,
    *,
    caller: Caller,
    today: date,
    body: SupportActionCreate,
) -> SupportActionRead:
    """Notes what was done while support ran. Raises NotFound, SupportEnded, DateOutOfOrder, DateInFuture."""
    contract, loan = await support_contracts.load(session, support_contract_id, with_for_update=True)
    check_day("done_on", body.done_on, not_before=contract.agreed_on, today=today)
    ends_on = await support_contracts.ends_on(session, loan, contract)
    if body.done_on > ends_on:
        raise SupportEnded(ends_on=ends_on.isoformat())
    action = SupportAction(
        tenant_id=contract.tenant_id,
        support_contract_id=contract.id,
        account_id=caller.account_id,
        **body.model_dump(),
    )
    session.add(action)
    return SupportActionRead.model_validate(action)


async def list_page(session: AsyncSession, support_contract_id: UUID, *, query: PageQuery) -> Page[SupportActionRead]:
    """What was done, newest entry first. Raises NotFound, CursorNotOurs."""
    contract, _ = await support_contracts.load(session, support_contract_id)
    statement = select(*_COLUMNS).where(col(SupportAction.support_contract_id) == contract.id)
    return await page(session, statement, SupportAction, query=query, items=_ITEMS, parent_id=contract.id)

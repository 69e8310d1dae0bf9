"""Where a partner's loans stand by our copy, as the partner may see it: nothing of the people."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.errors import IllegalTransition
from app.domain.handoff_lifecycle import HandoffStatus
from app.domain.loan_lifecycle import LoanStage
from app.domain.permissions import Caller
from app.schemas.base import Page, PageQuery
from app.schemas.lender_loans import LenderLoanRead
from app.services import handoff_routes, handoff_steps, loan_states
from app.services.pages import keyset_page
from app.tables import HandoffRoute, Loan, Tenant
from app.tenancy import bind, of_tenant

_OF_LOAN = (
    "as_of", "status", "closing_reasons", "principal_cents", "disbursed_cents", "repaid_cents", "outstanding_cents",
    "overdue_cents", "credit_cents", "schedule_version", "position_on", "anomalies",
)  # fmt: skip
_OF_LENDER = (
    "reported_outstanding_cents", "gap_cents", "accelerated_on", "lost_principal_cents", "lost_interest_cents",
)  # fmt: skip


async def list_page(session: AsyncSession, *, caller: Caller, now: datetime, query: PageQuery) -> Page[LenderLoanRead]:
    """Its loans, handoff by handoff in the order of its inbox; files without an offer are passed over."""
    statement = select(HandoffRoute).where(
        col(HandoffRoute.partner_id) == caller.partner_id, col(HandoffRoute.status) == HandoffStatus.ACCEPTED
    )
    scope = f"{caller.partner_id}/lender_loans"
    rows, next_cursor = await keyset_page(session, statement, HandoffRoute.handoff_id, scope=scope, query=query)
    items = []
    for row in rows:
        route: HandoffRoute = row[0]
        await bind(session, route.tenant_id)
        loan = await _of_handoff(session, route.handoff_id)
        if loan is not None:
            items.append(await _read(session, loan, now=now))
    return Page(items=items, next_cursor=next_cursor)


async def read(session: AsyncSession, handoff_id: UUID, *, caller: Caller, now: datetime) -> LenderLoanRead:
    """The loan on a handoff: the live one, else the last that was given up.

    Raises NotFound, IllegalTransition where no loan was offered on it.
    """
    await handoff_routes.follow(session, caller, handoff_id)
    loan = await _of_handoff(session, handoff_id)
    if loan is None:
        handoff = await handoff_steps.load(session, handoff_id)
        raise IllegalTransition(action="reconcile", state=handoff.status.value)
    return await _read(session, loan, now=now)


async def _of_handoff(session: AsyncSession, handoff_id: UUID) -> Loan | None:
    statement = (
        select(Loan)
        .where(of_tenant(session, Loan), col(Loan.handoff_id) == handoff_id)
        .order_by(col(Loan.stage) == LoanStage.CANCELLED, col(Loan.id).desc())
        .limit(1)
    )
    return (await session.scalars(statement)).one_or_none()


async def _read(session: AsyncSession, loan: Loan, *, now: datetime) -> LenderLoanRead:
    """As of the day it is at its CCAS."""
    tenant = await session.get_one(Tenant, loan.tenant_id)
    told = await loan_states.read(session, loan.id, as_of=now.astimezone(ZoneInfo(tenant.time_zone)).date())
    fields: dict[str, Any] = {name: getattr(told, name) for name in _OF_LOAN}
    fields |= {name: getattr(told.lender, name) for name in _OF_LENDER}
    return LenderLoanRead(
        handoff_id=loan.handoff_id, loan_id=loan.id, tenant=tenant.slug, number=loan.offer_number, **fields
    )

"""Decisions on loans that run, as they are recorded beside what they change."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.dates import check_day
from app.domain.errors import NotFound
from app.domain.loan_decisions import LoanDecisionKind
from app.domain.loan_lifecycle import LoanStage
from app.domain.permissions import Caller
from app.schemas.loan_decisions import LoanDecisionCreate
from app.services import loan_states
from app.tables import CommitteeSession, Loan, LoanDecision
from app.tenancy import bound_tenant


async def record(
    session: AsyncSession,
    loan: Loan,
    kind: LoanDecisionKind,
    body: LoanDecisionCreate,
    *,
    caller: Caller,
    today: date,
) -> LoanDecision:
    """Records who decided, and when. Raises NotFound for a session that is not there, DateOutOfOrder, DateInFuture."""
    disbursed_on = await loan_states.reached_on(session, loan, LoanStage.DISBURSED)
    check_day("decided_on", body.decided_on, not_before=disbursed_on, today=today)
    if body.session_id is not None and not await session.get(
        CommitteeSession, (bound_tenant(session), body.session_id)
    ):
        raise NotFound
    decision = LoanDecision(
        tenant_id=loan.tenant_id, loan_id=loan.id, kind=kind, account_id=caller.account_id, **body.model_dump()
    )
    session.add(decision)
    await session.flush()  # what it changes refers to it through a foreign key without an ORM relation
    return decision

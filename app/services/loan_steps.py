"""The row of a loan as its actions need it: held, moved one step, logged."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.errors import NotFound
from app.domain.loan_lifecycle import LoanAction, LoanStage, after
from app.domain.partner_errors import PartnerLends
from app.domain.permissions import Caller
from app.domain.products import Product
from app.domain.rules import RuleVersion
from app.services import events, partners, rules
from app.tables import Decision, Loan, LoanTransition, Request
from app.tenancy import bound_tenant


async def load(session: AsyncSession, loan_id: UUID) -> Loan:
    """The row of a loan, or NotFound."""
    loan = await session.get(Loan, (bound_tenant(session), loan_id))
    if loan is None:
        raise NotFound
    return loan


async def locked(session: AsyncSession, loan_id: UUID) -> Loan:
    """The row of a loan, held until the end of the transaction; NotFound."""
    loan = await session.get(Loan, (bound_tenant(session), loan_id), with_for_update=True, populate_existing=True)
    if loan is None:
        raise NotFound
    return loan


async def locked_own(session: AsyncSession, loan_id: UUID) -> Loan:
    """The same for what the CCAS does with its own money. Raises NotFound, PartnerLends."""
    loan = await locked(session, loan_id)
    if loan.partner_id is not None:
        raise PartnerLends
    return loan


def move(
    session: AsyncSession,
    loan: Loan,
    action: LoanAction,
    *,
    caller: Caller,
    effect_on: date,
    reason: str | None = None,
    decision_id: UUID | None = None,
) -> None:
    """Takes one transition and logs it with its author. Raises IllegalTransition."""
    before, loan.stage = loan.stage, after(loan.stage, action)
    loan.version += 1
    log(session, loan, action, before, caller=caller, effect_on=effect_on, reason=reason, decision_id=decision_id)


def log(
    session: AsyncSession,
    loan: Loan,
    action: LoanAction,
    before: LoanStage | None,
    *,
    caller: Caller,
    effect_on: date,
    reason: str | None = None,
    decision_id: UUID | None = None,
) -> None:
    """Writes down a step that was taken; `before` is null for the offer."""
    session.add(
        LoanTransition(
            tenant_id=loan.tenant_id,
            loan_id=loan.id,
            **caller.author,
            action=action,
            from_stage=before,
            to_stage=loan.stage,
            effect_on=effect_on,
            reason=reason,
            decision_id=decision_id,
        )
    )
    moved = loan.stage is not before
    events.of_loan(session, loan, (loan.stage if moved else action).value)


async def rules_of(session: AsyncSession, loan: Loan) -> tuple[RuleVersion, Product]:
    """The version of the rules that the loan was decided under, and its product, settled with who lends."""
    decision = await session.get_one(Decision, (loan.tenant_id, loan.decision_id))
    request = await session.get_one(Request, (loan.tenant_id, loan.request_id))
    lender = await partners.code_of(session, loan.partner_id) if loan.partner_id else None
    return await rules.decided(session, decision, request, lender=lender)

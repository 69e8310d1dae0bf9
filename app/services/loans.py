"""Loans of the CCAS's own funds, from the offer to the payment; a partner's may be given up too."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import loan_terms
from app.domain.amortization import Instalment
from app.domain.contracts import BORROWERS
from app.domain.dates import check_day
from app.domain.decision_errors import RatificationPending
from app.domain.errors import (
    DateOutOfOrder,
    IllegalTransition,
    LoanAlreadyExists,
)
from app.domain.interest_subsidies import Shares
from app.domain.ledger import EntryKind, standing
from app.domain.loan_lifecycle import LoanAction, LoanStage, after
from app.domain.partner_errors import PartnerLends
from app.domain.permissions import Caller
from app.domain.request_lifecycle import WITH_LENDER, RequestAction, RequestStatus
from app.schemas.base import Page
from app.schemas.loans import (
    CancellationCreate,
    LoanCreate,
    LoanItem,
    LoanListQuery,
    LoanRead,
)
from app.services import (
    conditions,
    contracts,
    decisions,
    loan_books,
    loan_states,
    loan_steps,
    ratifications,
    schedules,
    signatures,
)
from app.services import request_steps as steps
from app.services.pages import page
from app.services.references import next_reference
from app.tables import (
    Decision,
    Loan,
    LoanTransition,
    Partner,
    Request,
)
from app.tenancy import of_tenant

_OWN_COLUMNS = [getattr(Loan, name) for name in LoanItem.model_fields if name in Loan.model_fields]
_ITEMS = TypeAdapter(list[LoanItem])


async def create(session: AsyncSession, request_id: UUID, *, caller: Caller, today: date, body: LoanCreate) -> LoanRead:
    """Offers the loan that was approved, with the first version of its schedule.

    Raises IllegalTransition, PartnerLends, RatificationPending, LoanAlreadyExists, MinutesNotClosed, ConditionsNotMet,
    BorrowerIsMinor, OfferTooShort, DateOutOfOrder, DateInFuture.
    """
    request = await steps.locked(session, request_id)
    await check_offerable(session, request)
    decision = await decisions.approval(session, request.id)
    free_on = await _last_cancelled_on(session, request) or decision.decided_on
    ready_on = await conditions.check_met(session, decision)
    check_day("offered_on", body.offered_on, not_before=max(free_on, ready_on), today=today)
    _check_dates(body)
    await signatures.check_adults(session, request, parties=BORROWERS, on=body.offered_on)
    assert decision.loan_amount_cents is not None and decision.rate_percent is not None  # noqa: S101, PT018 - approved
    loan = Loan(
        tenant_id=request.tenant_id,
        reference=await next_reference(session, series="P", year=body.offered_on.year),
        request_id=request.id,
        decision_id=decision.id,
        stage=LoanStage.OFFERED,
        principal_cents=decision.loan_amount_cents,
        rate_percent=decision.rate_percent,
        offered_on=body.offered_on,
        expected_disbursed_on=body.disbursed_on,
    )
    _, product = await loan_steps.rules_of(session, loan)
    loan.legal_regime = contracts.regime(product, offered_on=body.offered_on)
    loan.offer_valid_until = contracts.open_until(
        body.offer_valid_until, offered_on=body.offered_on, regime=loan.legal_regime
    )
    rows = _rows(decision, body)
    await enter_offer(session, loan, rows, [()] * len(rows), anchor_day=body.anchor_day, caller=caller)
    return await loan_states.read(session, loan.id, as_of=today)


async def enter_offer(
    session: AsyncSession,
    loan: Loan,
    rows: Sequence[Instalment],
    parts: Sequence[Shares],
    *,
    anchor_day: int | None = None,
    caller: Caller,
) -> None:
    """Writes down a loan that is offered, by the CCAS or by a partner, with the first version of its schedule."""
    session.add(loan)
    await session.flush()  # what follows refers to the loan through foreign keys without an ORM relation
    loan_steps.log(session, loan, LoanAction.OFFER, None, caller=caller, effect_on=loan.offered_on)
    await schedules.add(session, loan, rows, parts, anchor_day=anchor_day)


async def list_page(session: AsyncSession, *, query: LoanListQuery) -> Page[LoanItem]:
    """Loans, newest first."""
    statement = select(*_OWN_COLUMNS, col(Partner.code).label("partner")).outerjoin(
        Partner, col(Partner.id) == Loan.partner_id
    )
    if query.request_id is not None:
        statement = statement.where(col(Loan.request_id) == query.request_id)
    return await page(session, statement, Loan, query=query, items=_ITEMS)


async def cancel(
    session: AsyncSession, loan_id: UUID, *, caller: Caller, today: date, body: CancellationCreate
) -> LoanRead:
    """Gives up a loan before it is paid out; a contract that was signed is rescinded.

    Raises IllegalTransition, DateOutOfOrder, DateInFuture.
    """
    loan = await loan_steps.locked(session, loan_id)
    after(loan.stage, LoanAction.CANCEL)
    await check_not_paid(session, loan)
    signed_on = [signature.signed_on for signature in await loan_states.signatures(session, loan)]
    check_day("cancelled_on", body.cancelled_on, not_before=max([loan.offered_on, *signed_on]), today=today)
    await rescind(session, loan, caller=caller, effect_on=body.cancelled_on)
    loan_steps.move(session, loan, LoanAction.CANCEL, caller=caller, effect_on=body.cancelled_on, reason=body.reason)
    return await loan_states.read(session, loan.id, as_of=today)


async def check_not_paid(session: AsyncSession, loan: Loan) -> None:
    """Raises IllegalTransition where a lender has paid out before all had signed: its loan is given up no more."""
    facts = await loan_books.facts(session, loan)
    if any(fact.kind is EntryKind.DISBURSEMENT for fact in standing(facts, on=date.max)):
        raise IllegalTransition(action=LoanAction.CANCEL.value, state=LoanStage.DISBURSED.value)


async def rescind(session: AsyncSession, loan: Loan, *, caller: Caller, effect_on: date) -> None:
    """The contract, if all had signed it, binds no more: its request is where it was before."""
    if loan.stage is not LoanStage.ACCEPTED:
        return
    request = await steps.locked(session, loan.request_id)
    action = RequestAction.RESCIND_WITH_LENDER if loan.partner_id else RequestAction.RESCIND
    steps.move(session, request, action, caller=caller, effect_on=effect_on)


async def check_offerable(session: AsyncSession, request: Request) -> None:
    """Raises PartnerLends, RatificationPending, IllegalTransition, LoanAlreadyExists, MinutesNotClosed or
    ConditionsNotMet where no loan can be offered.
    """
    if request.status in WITH_LENDER:
        raise PartnerLends
    if request.status is RequestStatus.APPROVED_PROVISIONAL:
        raise RatificationPending
    if request.status is not RequestStatus.APPROVED:
        raise IllegalTransition(action="offer_loan", state=request.status.value)
    if await steps.live_loan(session, request.id) is not None:
        raise LoanAlreadyExists
    decision = await decisions.approval(session, request.id)
    await ratifications.check_minutes(session, decision)
    await conditions.check_met(session, decision)


async def _last_cancelled_on(session: AsyncSession, request: Request) -> date | None:
    statement = (
        select(func.max(LoanTransition.effect_on))
        .join(Loan, and_(col(Loan.tenant_id) == LoanTransition.tenant_id, col(Loan.id) == LoanTransition.loan_id))
        .where(
            of_tenant(session, LoanTransition),
            col(Loan.request_id) == request.id,
            col(LoanTransition.to_stage) == LoanStage.CANCELLED,
        )
    )
    return (await session.scalars(statement)).one()


def _check_dates(body: LoanCreate) -> None:
    earliest = max(body.offered_on, body.disbursed_on or body.offered_on)
    for field, on, not_before in (
        ("disbursed_on", body.disbursed_on or body.offered_on, body.offered_on),
        ("first_due_on", body.first_due_on, earliest),
    ):
        if on < not_before:
            raise DateOutOfOrder(field=field, not_before=not_before.isoformat())


def _rows(decision: Decision, body: LoanCreate) -> Sequence[Instalment]:
    return loan_terms.schedule(
        principal_cents=decision.loan_amount_cents,
        rate_percent=decision.rate_percent,
        first_due_on=body.first_due_on,
        anchor_day=body.anchor_day,
        duration_months=decision.duration_months,
        instalment_cents=decision.instalment_cents,
        rounding_unit_cents=decision.rounding_unit_cents,
        rounding=decision.rounding,
        remainder_on=decision.remainder_on,
    )

"""Financial support: instalments that the CCAS decides to pay, and what the accountant told that it paid of them."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import arrears
from app.domain.arrears import SupportLine
from app.domain.arrears_errors import (
    NoSuchInstalment,
    SupportAboveUnpaid,
    SupportAlreadyPaid,
    SupportCancelled,
)
from app.domain.dates import check_day
from app.domain.errors import NotFound
from app.domain.loan_decisions import LoanDecisionKind
from app.domain.loan_lifecycle import LoanAction, after
from app.domain.permissions import Caller
from app.schemas.base import Page, PageQuery
from app.schemas.supports import (
    SupportCancellationCreate,
    SupportCreate,
    SupportedInstalmentRead,
    SupportRead,
)
from app.services import loan_books, loan_decisions, loan_states, loan_steps, pages, support_covers, suspensions
from app.tables import Loan, LoanDecision, Support, SupportCancellation, SupportedInstalment
from app.tenancy import of_tenant


async def create(
    session: AsyncSession, loan_id: UUID, *, caller: Caller, today: date, body: SupportCreate
) -> SupportRead:
    """Records a decision to pay instalments, each up to what was neither paid nor covered on its day.

    Raises NotFound, PartnerLends, IllegalTransition, LoanSuspended, NothingOwed, NoSuchInstalment,
    SupportAboveUnpaid, DateOutOfOrder, DateInFuture.
    """
    loan = await loan_steps.locked_own(session, loan_id)
    after(loan.stage, LoanAction.SUPPORT)
    await loan_states.check_not_lost(session, loan, on=today)
    decision = await loan_decisions.record(
        session, loan, LoanDecisionKind.SUPPORT, body.decision, caller=caller, today=today
    )
    await _check(session, loan, body, on=decision.decided_on)
    support = Support(tenant_id=loan.tenant_id, loan_id=loan.id, decision_id=decision.id, account_id=caller.account_id)
    session.add(support)
    await session.flush()  # its instalments refer to it through a foreign key without an ORM relation
    session.add_all(
        SupportedInstalment(
            tenant_id=loan.tenant_id,
            support_id=support.id,
            instalment_ref=instalment.ref,
            amount_cents=instalment.amount_cents,
        )
        for instalment in body.instalments
    )
    loan.version += 1
    return await _read(session, loan, support.id)


async def cancel(
    session: AsyncSession,
    loan_id: UUID,
    support_id: UUID,
    *,
    caller: Caller,
    today: date,
    body: SupportCancellationCreate,
) -> SupportRead:
    """Takes a support back, once: what is not paid of it covers nothing from the day of the decision on.

    Raises NotFound, PartnerLends, SupportCancelled, SupportAlreadyPaid, DateOutOfOrder, DateInFuture.
    """
    loan = await loan_steps.locked_own(session, loan_id)
    told = await _read(session, loan, support_id)
    if told.cancelled_on is not None:
        raise SupportCancelled
    if told.paid_cents == told.amount_cents:
        raise SupportAlreadyPaid
    check_day("decided_on", body.decision.decided_on, not_before=told.decided_on, today=today)
    decision = await loan_decisions.record(
        session, loan, LoanDecisionKind.CANCELLATION, body.decision, caller=caller, today=today
    )
    session.add(
        SupportCancellation(
            tenant_id=loan.tenant_id, support_id=support_id, decision_id=decision.id, account_id=caller.account_id
        )
    )
    loan.version += 1
    return await _read(session, loan, support_id)


async def list_page(session: AsyncSession, loan_id: UUID, *, query: PageQuery) -> Page[SupportRead]:
    """The supports of a loan, newest first. Raises NotFound, CursorNotOurs."""
    loan = await loan_steps.load(session, loan_id)
    statement = select(col(Support.id)).where(of_tenant(session, Support), col(Support.loan_id) == loan.id)
    scope = pages.scope_of(session, Support, loan.id)
    rows, next_cursor = await pages.keyset_page(session, statement, Support.id, scope=scope, query=query)
    told = {support.id: support for support in await _told(session, loan)}
    return Page(items=[told[row.id] for row in rows], next_cursor=next_cursor)


async def read(session: AsyncSession, loan_id: UUID, support_id: UUID) -> SupportRead:
    """One support of a loan. Raises NotFound."""
    return await _read(session, await loan_steps.load(session, loan_id), support_id)


async def check_possible(session: AsyncSession, loan: Loan, *, on: date) -> None:
    """Raises LoanSuspended where nothing is asked of the borrowers for a time, NothingOwed."""
    await suspensions.check_not_suspended(session, loan, on=on)
    await loan_states.check_owed(session, loan, on=on)


async def _check(session: AsyncSession, loan: Loan, body: SupportCreate, *, on: date) -> None:
    await check_possible(session, loan, on=on)
    facts = await loan_books.facts(session, loan)
    state = await loan_books.books(session, loan, on=on)
    cover = await support_covers.covered(session, loan, state, facts, on=on)
    left = {row.ref: row.left_cents - cover.get(row.ref, 0) for row in state.rows}
    for instalment in body.instalments:
        if instalment.ref not in left:
            raise NoSuchInstalment(ref=instalment.ref)
        if instalment.amount_cents > left[instalment.ref]:
            raise SupportAboveUnpaid(ref=instalment.ref, unpaid_cents=left[instalment.ref])


async def _read(session: AsyncSession, loan: Loan, support_id: UUID) -> SupportRead:
    await session.flush()  # what was just entered is read back
    told = next((support for support in await _told(session, loan) if support.id == support_id), None)
    if told is None:
        raise NotFound
    return told


async def _told(session: AsyncSession, loan: Loan) -> list[SupportRead]:
    """All the supports of a loan, with what is paid of each."""
    found = await support_covers.lines(session, loan)
    facts = support_covers.payments(await loan_books.facts(session, loan), on=date.max)
    parts: dict[UUID, list[tuple[SupportLine, int]]] = {}
    for one, cents in zip(found, arrears.paid_of([one.line for one in found], facts), strict=True):
        parts.setdefault(one.support_id, []).append((one.line, cents))
    decisions = (
        select(Support, LoanDecision)
        .join(
            LoanDecision,
            and_(col(LoanDecision.tenant_id) == Support.tenant_id, col(LoanDecision.id) == Support.decision_id),
        )
        .where(of_tenant(session, Support), col(Support.loan_id) == loan.id)
    )
    rows = await session.execute(decisions)
    return [_one(support, decision, parts[support.id]) for support, decision in rows]


def _one(support: Support, decision: LoanDecision, parts: Sequence[tuple[SupportLine, int]]) -> SupportRead:
    return SupportRead(
        id=support.id,
        loan_id=support.loan_id,
        decision_id=decision.id,
        decided_on=decision.decided_on,
        decided_by=decision.decided_by,
        reference=decision.reference,
        reason=decision.reason,
        instalments=[
            SupportedInstalmentRead(ref=line.ref, amount_cents=line.amount_cents, paid_cents=cents)
            for line, cents in parts
        ],
        amount_cents=sum(line.amount_cents for line, _ in parts),
        paid_cents=sum(cents for _, cents in parts),
        cancelled_on=parts[0][0].cancelled_on,
        entered_at=support.entered_at,
    )

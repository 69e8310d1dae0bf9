"""What is left to recover on the loans of own funds, counted in as many statements for one loan as for all."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.desk_errors import CommuneOutOfReach
from app.domain.ledger import LedgerAccount
from app.domain.permissions import Caller
from app.schemas.ledger_figures import (
    AccountBalance,
    LoanOutstanding,
    OutstandingQuery,
    OutstandingRead,
    OutstandingSums,
)
from app.services import own_books, positions
from app.services.own_books import State
from app.tables import LedgerEntry, LedgerLine, Loan
from app.tenancy import of_tenant


async def read(session: AsyncSession, *, caller: Caller, today: date, query: OutstandingQuery) -> OutstandingRead:
    """What is left on a day, that day included. Raises CommuneOutOfReach: the accounts are those of the whole CCAS."""
    if not caller.sees_whole_tenant:
        raise CommuneOutOfReach
    as_of = query.as_of or today
    position_on = await positions.latest(session, known_at=query.known_at)
    loans = await _loans(session, query, as_of=as_of, position_on=position_on)
    sums = {name: sum(getattr(loan, name) for loan in loans) for name in OutstandingSums.model_fields}
    balances = await _balances(session, query, as_of=as_of)
    held = balances.get(LedgerAccount.LOANS, 0)
    return OutstandingRead(
        as_of=as_of,
        known_at=query.known_at,
        position_on=position_on,
        loans_account_cents=held,
        reconciled=held == sums["outstanding_cents"],
        trial_balance=[
            AccountBalance(account=account, balance_cents=balances.get(account, 0)) for account in LedgerAccount
        ],
        trial_balance_cents=sum(balances.values()),
        loans=loans,
        **sums,
    )


async def _loans(
    session: AsyncSession, query: OutstandingQuery, *, as_of: date, position_on: date | None
) -> list[LoanOutstanding]:
    """The loans that were paid out by a day, in the order of their references."""
    references = await _references(session)
    states = await own_books.states(session, list(references), on=as_of, known_at=query.known_at)
    return [
        LoanOutstanding(loan_id=loan_id, reference=references[loan_id], **_sums(state, position_on=position_on))
        for loan_id, state in sorted(states.items(), key=lambda one: references[one[0]])
        if state.books.disbursed_cents or state.books.credit_cents
    ]


async def _references(session: AsyncSession) -> dict[UUID, str]:
    statement = select(col(Loan.id), col(Loan.reference)).where(
        of_tenant(session, Loan), col(Loan.partner_id).is_(None)
    )
    return {row.id: row.reference for row in await session.execute(statement)}


def _sums(state: State, *, position_on: date | None) -> dict[str, int]:
    books, told_on = state.books, date.min if position_on is None else position_on
    left = [row for row in books.rows if row.left_cents] if books.outstanding_cents else []
    due = sum(row.left_cents for row in left if row.due_on <= state.on)
    unpaid = sum(row.left_cents for row in left if row.due_on <= min(state.on, told_on))
    whole = sum(row.left_cents for row in left)
    return {
        "outstanding_cents": books.outstanding_cents,
        "legally_due_cents": books.legally_due_cents,
        "left_cents": whole,
        "due_cents": due,
        "unpaid_cents": unpaid,
        "unknown_cents": due - unpaid,
        "not_due_cents": whole - due,
        "credit_cents": books.credit_cents,
    }


async def _balances(session: AsyncSession, query: OutstandingQuery, *, as_of: date) -> Mapping[LedgerAccount, int]:
    statement = (
        select(col(LedgerLine.account), func.sum(LedgerLine.amount_cents))
        .join(LedgerEntry, col(LedgerEntry.id) == LedgerLine.entry_id)
        .join(Loan, col(Loan.id) == LedgerLine.loan_id)
        .where(of_tenant(session, LedgerLine), of_tenant(session, LedgerEntry), of_tenant(session, Loan))
        .where(col(Loan.partner_id).is_(None), col(LedgerLine.effect_on) <= as_of)
        .group_by(col(LedgerLine.account))
    )
    if query.known_at is not None:
        statement = statement.where(col(LedgerEntry.entered_at) <= query.known_at)
    return {account: int(cents) for account, cents in await session.execute(statement)}

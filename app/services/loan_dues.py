"""What borrowers owe next, for all the loans at once: the figures and lists that would read loan by loan otherwise."""

from datetime import date
from typing import Any

from sqlalchemy import Subquery, and_, case, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.ledger import EntryKind
from app.domain.loan_lifecycle import LoanStage
from app.tables import LedgerEntry, Loan, LoanTransition, Schedule, ScheduleRow
from app.tenancy import of_tenant


def first_unpaid(session: AsyncSession, *, on: date) -> Subquery:
    """`loan_id` and `due_on` of the first instalment not wholly paid on a day, of the last schedule as the borrower
    pays it. Loans that are not paid out, repaid, cancelled or in litigation by that day have none.
    """
    cumulated = _cumulated(session)
    money = _money(session, on=on)
    statement = (
        select(cumulated.c.loan_id, func.min(cumulated.c.due_on).label("due_on"))
        .join(money, money.c.loan_id == cumulated.c.loan_id)
        .where(money.c.disbursed_cents > 0, cumulated.c.owed_cents > money.c.repaid_cents)
        .where(cumulated.c.loan_id.not_in(_in_litigation(session, on=on)))
        .group_by(cumulated.c.loan_id)
    )
    return statement.subquery("first_unpaid")


def _cumulated(session: AsyncSession) -> Subquery:
    last = (
        select(col(Schedule.id), col(Schedule.loan_id))
        .ext(distinct_on(col(Schedule.loan_id)))
        .join(Loan, and_(col(Loan.tenant_id) == Schedule.tenant_id, col(Loan.id) == Schedule.loan_id))
        .where(of_tenant(session, Schedule), col(Loan.stage).in_([LoanStage.DISBURSED, LoanStage.LITIGATION]))
        .order_by(col(Schedule.loan_id), col(Schedule.version).desc())
        .subquery()
    )
    owed: Any = func.sum(col(ScheduleRow.borrower_cents)).over(
        partition_by=col(ScheduleRow.schedule_id), order_by=col(ScheduleRow.number)
    )
    return (
        select(last.c.loan_id, col(ScheduleRow.due_on), owed.label("owed_cents"))
        .join(last, last.c.id == ScheduleRow.schedule_id)
        .where(of_tenant(session, ScheduleRow))
        .subquery()
    )


def _money(session: AsyncSession, *, on: date) -> Subquery:
    amount, kind = col(LedgerEntry.amount_cents), col(LedgerEntry.kind)
    repaid = case((kind == EntryKind.REPAYMENT, amount), (kind == EntryKind.REVERSAL, -amount), else_=0)
    disbursed = case((kind == EntryKind.DISBURSEMENT, amount), else_=0)
    return (
        select(
            col(LedgerEntry.loan_id),
            func.sum(disbursed).label("disbursed_cents"),
            func.sum(repaid).label("repaid_cents"),
        )
        .where(of_tenant(session, LedgerEntry), col(LedgerEntry.effect_on) <= on)
        .group_by(col(LedgerEntry.loan_id))
        .subquery()
    )


def _in_litigation(session: AsyncSession, *, on: date) -> Any:
    return select(col(LoanTransition.loan_id)).where(
        of_tenant(session, LoanTransition),
        col(LoanTransition.to_stage) == LoanStage.LITIGATION,
        col(LoanTransition.effect_on) <= on,
    )

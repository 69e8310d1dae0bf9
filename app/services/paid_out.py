"""What was paid out of loans, and what never will be, for all of them at once: parts of statements about `Loan`."""

from typing import Any

from sqlalchemy import and_, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.domain.ledger import EntryKind
from app.domain.schedule_kinds import ScheduleKind
from app.tables import LedgerEntry, Loan, Schedule, ScheduleActivation
from app.tenancy import of_tenant

_GIVE_UP_THE_REST = (ScheduleKind.UNDRAWN, ScheduleKind.WITHDRAWAL)


def drawn_cents(session: AsyncSession) -> Any:
    """What stands paid out of a loan, in cents: 0 where nothing does."""
    return _of_payments(session, func.coalesce(func.sum(LedgerEntry.amount_cents), 0))


def last_paid_on(session: AsyncSession) -> Any:
    """The day of the last payment that stands; null where none does."""
    return _of_payments(session, func.max(LedgerEntry.effect_on))


def is_given_up(session: AsyncSession) -> Any:
    """Whether the rest will never be paid out: a version that says so is in force, or one that came after it."""
    given_up, active, in_force, following = (
        aliased(Schedule), aliased(Schedule), aliased(ScheduleActivation), aliased(ScheduleActivation),
    )  # fmt: skip
    superseded = exists().where(
        col(following.tenant_id) == in_force.tenant_id, col(following.supersedes_id) == in_force.id
    )
    return exists(
        select(1)
        .select_from(given_up)
        .join(active, and_(of_tenant(session, active), col(active.loan_id) == given_up.loan_id))
        .join(in_force, and_(of_tenant(session, in_force), col(in_force.schedule_id) == active.id))
        .where(
            of_tenant(session, given_up),
            col(given_up.loan_id) == Loan.id,
            col(given_up.kind).in_(_GIVE_UP_THE_REST),
            col(active.version) >= given_up.version,
            ~superseded,
        )
        .correlate(Loan)
    )


def _of_payments(session: AsyncSession, figure: Any) -> Any:
    back = aliased(LedgerEntry)
    taken_back = exists().where(col(back.tenant_id) == LedgerEntry.tenant_id, col(back.reverses_id) == LedgerEntry.id)
    return (
        select(figure)
        .where(
            of_tenant(session, LedgerEntry),
            col(LedgerEntry.loan_id) == Loan.id,
            col(LedgerEntry.kind) == EntryKind.DISBURSEMENT,
            ~taken_back,
        )
        .correlate(Loan)
        .scalar_subquery()
    )

"""The whole ledger of a CCAS counted again: what its lines say beside what its facts and schedules give."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.services import postings
from app.tables import LedgerEntry, LedgerLine, Loan, Schedule, ScheduleActivation
from app.tenancy import of_tenant

_LOANS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class LedgerFault:
    """What is wrong with a loan: its reference, what, and how far in cents where that can be counted."""

    reference: str
    what: str
    cents: int = 0


@dataclass(frozen=True, slots=True)
class LedgerCheck:
    """What was looked at, and every fault found."""

    loans: int
    entries: int
    lines: int
    faults: tuple[LedgerFault, ...]


async def check(session: AsyncSession) -> LedgerCheck:
    """Counts every loan of the bound tenant again.

    Looked for: an entry whose lines do not sum to 0, lines that differ from the books on any day, and a schedule
    that is not the only one in force.
    """
    loans = await _count(session, Loan)
    if not loans:
        return LedgerCheck(loans=0, entries=0, lines=0, faults=())
    return LedgerCheck(
        loans=loans,
        entries=await _count(session, LedgerEntry),
        lines=await _count(session, LedgerLine),
        faults=tuple([fault async for fault in _faults(session)]),
    )


async def _faults(session: AsyncSession) -> AsyncIterator[LedgerFault]:
    after: UUID | None = None
    while references := await _references(session, after):
        loan_ids = list(references)
        for loan_id, cents in (await _unbalanced(session, loan_ids)).items():
            yield LedgerFault(references[loan_id], "unbalanced", cents)
        astray = await _astray(session, loan_ids)
        for loan_id in astray:
            yield LedgerFault(references[loan_id], "schedule_not_alone")
        sound = [loan_id for loan_id in loan_ids if loan_id not in astray]
        for loan_id, short in (await postings.drifts(session, sound)).items():
            yield LedgerFault(references[loan_id], "drift", sum(abs(cents) for cents in short.values()))
        after = loan_ids[-1]


async def _references(session: AsyncSession, after: UUID | None) -> dict[UUID, str]:
    statement = select(col(Loan.id), col(Loan.reference)).where(of_tenant(session, Loan))
    if after is not None:
        statement = statement.where(col(Loan.id) > after)
    rows = await session.execute(statement.order_by(col(Loan.id)).limit(_LOANS_AT_ONCE))
    return {row.id: row.reference for row in rows}


async def _unbalanced(session: AsyncSession, loan_ids: list[UUID]) -> dict[UUID, int]:
    """The loans of which an entry does not balance, and by how much."""
    entry = (
        select(col(LedgerEntry.loan_id), func.coalesce(func.sum(LedgerLine.amount_cents), 0).label("cents"))
        .outerjoin(
            LedgerLine,
            (col(LedgerLine.tenant_id) == LedgerEntry.tenant_id) & (col(LedgerLine.entry_id) == LedgerEntry.id),
        )
        .where(of_tenant(session, LedgerEntry), col(LedgerEntry.loan_id).in_(loan_ids))
        .group_by(col(LedgerEntry.loan_id), col(LedgerEntry.id))
        .having((func.count(col(LedgerLine.id)) < 2) | (func.coalesce(func.sum(LedgerLine.amount_cents), 0) != 0))
        .subquery()
    )
    statement = select(entry.c.loan_id, func.sum(func.abs(entry.c.cents))).group_by(entry.c.loan_id)
    return {loan_id: int(cents) for loan_id, cents in await session.execute(statement)}


async def _astray(session: AsyncSession, loan_ids: list[UUID]) -> set[UUID]:
    """The loans whose schedules do not follow one another from the first to one in force."""
    first = func.count().filter(col(ScheduleActivation.supersedes_id).is_(None))
    statement = (
        select(col(Schedule.loan_id))
        .outerjoin(
            ScheduleActivation,
            (col(ScheduleActivation.tenant_id) == Schedule.tenant_id)
            & (col(ScheduleActivation.schedule_id) == Schedule.id),
        )
        .where(of_tenant(session, Schedule), col(Schedule.loan_id).in_(loan_ids))
        .group_by(col(Schedule.loan_id))
        .having((func.count(col(ScheduleActivation.id)) == 0) | (first != 1))
    )
    return set((await session.scalars(statement)).all())


async def _count(session: AsyncSession, table: type[Loan | LedgerEntry | LedgerLine]) -> int:
    statement = select(func.count()).select_from(table).where(of_tenant(session, table))
    return (await session.scalars(statement)).one()

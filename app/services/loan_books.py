"""The books of a loan as its ledger and its schedule give them, on any day and as known at any instant."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import books as domain
from app.domain.books import Books
from app.domain.ledger import Fact
from app.services import schedules
from app.tables import LedgerEntry, Loan
from app.tenancy import of_tenant


async def facts(session: AsyncSession, loan: Loan, *, known_at: datetime | None = None) -> list[Fact]:
    """All that was entered of the loan by an instant, whatever its day of effect."""
    return (await facts_of(session, [loan.id], known_at=known_at)).get(loan.id, [])


async def facts_of(
    session: AsyncSession, loan_ids: Sequence[UUID], *, known_at: datetime | None = None
) -> dict[UUID, list[Fact]]:
    """The same for many loans at once."""
    columns = [getattr(LedgerEntry, name) for name in Fact.__slots__]
    statement = select(col(LedgerEntry.loan_id), *columns).where(
        of_tenant(session, LedgerEntry), col(LedgerEntry.loan_id).in_(loan_ids)
    )
    if known_at is not None:
        statement = statement.where(col(LedgerEntry.entered_at) <= known_at)
    found: dict[UUID, list[Fact]] = {}
    for loan_id, *told in await session.execute(statement):
        found.setdefault(loan_id, []).append(Fact(**dict(zip(Fact.__slots__, told, strict=True))))
    return found


async def books(session: AsyncSession, loan: Loan, *, on: date, known_at: datetime | None = None) -> Books:
    """The books on a day, that day included. Raises NotFound."""
    schedule = await schedules.active(session, loan, on=on, known_at=known_at)
    slots = await schedules.slots(session, [schedule])
    return domain.books(await facts(session, loan, known_at=known_at), slots[schedule.id], on=on)


async def settled_on(session: AsyncSession, loan: Loan, *, on: date, known_at: datetime | None = None) -> date | None:
    """The first day, not after `on`, since which the books hold nothing of the loan; null where they do."""
    versions = await schedules.timeline(session, loan, known_at=known_at)
    known = await facts(session, loan, known_at=known_at)
    return domain.settled_on(known, await schedules.slots_on(session, versions), on=on)

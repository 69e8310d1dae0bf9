"""Loans of which nothing may be asked for a time: over-indebtedness (surendettement), or a delay of the judge."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date, Select, and_, cast, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.domain import over_indebtedness
from app.domain.over_indebtedness import ENDED_BY, ProcedureEvent
from app.domain.over_indebtedness_errors import LoanSuspended
from app.tables import Loan, ProcedureEventRow
from app.tenancy import of_tenant


async def is_suspended(session: AsyncSession, loan: Loan, *, on: date, known_at: datetime | None = None) -> bool:
    """Whether nothing may be asked of the debtors of a loan on a day, as known at an instant (null: now)."""
    return over_indebtedness.suspended_on(events(await rows(session, loan.id, known_at=known_at)), on)


async def check_not_suspended(session: AsyncSession, loan: Loan, *, on: date) -> None:
    """Raises LoanSuspended where nothing may be asked of the debtors of a loan on a day."""
    until = over_indebtedness.suspended_until(events(await rows(session, loan.id)), on)
    if until is not None:
        raise LoanSuspended(until=until.isoformat())


def suspended_loans(session: AsyncSession, *, on: date) -> Select[UUID]:
    """The identifiers of all the loans of which nothing may be asked on a day."""
    begun, later = ProcedureEventRow, aliased(ProcedureEventRow)
    last = func.coalesce(col(begun.until), cast(col(begun.effect_on) + func.make_interval(2), Date))
    ended = exists().where(
        col(later.tenant_id) == begun.tenant_id,
        col(later.loan_id) == begun.loan_id,
        col(later.id) > begun.id,
        col(later.effect_on) <= on,
        or_(
            *(
                and_(col(begun.kind) == kind, col(later.kind).in_(sorted(ends)))
                for kind, ends in ENDED_BY.items()
                if ends
            )
        ),
    )
    return select(col(begun.loan_id)).where(
        of_tenant(session, begun),
        col(begun.kind).in_(sorted(ENDED_BY)),
        col(begun.effect_on) <= on,
        last >= on,
        ~ended,
    )


async def rows(
    session: AsyncSession, loan_id: UUID, *, known_at: datetime | None = None
) -> Sequence[ProcedureEventRow]:
    """All the events of a loan by an instant (null: now), in their order."""
    return (await rows_of(session, [loan_id], known_at=known_at)).get(loan_id, [])


async def rows_of(
    session: AsyncSession, loan_ids: Sequence[UUID], *, known_at: datetime | None = None
) -> dict[UUID, list[ProcedureEventRow]]:
    """The same of many loans at once, by loan."""
    statement = (
        select(ProcedureEventRow)
        .where(of_tenant(session, ProcedureEventRow), col(ProcedureEventRow.loan_id).in_(loan_ids))
        .order_by(col(ProcedureEventRow.id))
    )
    if known_at is not None:
        statement = statement.where(col(ProcedureEventRow.entered_at) <= known_at)
    found: dict[UUID, list[ProcedureEventRow]] = {}
    for row in await session.scalars(statement):
        found.setdefault(row.loan_id, []).append(row)
    return found


def events(found: Sequence[ProcedureEventRow]) -> list[ProcedureEvent]:
    """The events as the domain has them."""
    return [ProcedureEvent(row.kind, row.effect_on, row.until) for row in found]

"""Repayment schedules: numbered versions, each with its rows and who pays what of them."""

from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import amortization, interest_subsidies
from app.domain.amortization import ImpossiblePlan, Instalment
from app.domain.errors import NotFound
from app.domain.interest_subsidies import InterestShare, Shares
from app.schemas.loans import DifferenceRead, ScheduleRead, ScheduleRowRead, ScheduleTotals
from app.services import loan_steps
from app.tables import Loan, Schedule, ScheduleRow
from app.tenancy import of_tenant


async def add(session: AsyncSession, loan: Loan, rows: Sequence[Instalment], parts: Sequence[Shares]) -> None:
    """Adds the first version: the whole rows, and what third parties pay of each."""
    schedule = Schedule(tenant_id=loan.tenant_id, loan_id=loan.id, version=1)
    session.add(schedule)
    await session.flush()  # the rows refer to the schedule through a foreign key without an ORM relation
    borrowers = interest_subsidies.borrower_rows(rows, parts)
    session.add_all(
        ScheduleRow(
            tenant_id=loan.tenant_id,
            schedule_id=schedule.id,
            **asdict(row),
            borrower_cents=borrower.total_cents,
            third_parties=[asdict(share) for share in part],
        )
        for row, borrower, part in zip(rows, borrowers, parts, strict=True)
    )
    await session.flush()  # the answer is read back


async def read(session: AsyncSession, loan_id: UUID, *, version: int | None) -> ScheduleRead:
    """One version of the schedule, the last where none is named. Raises NotFound."""
    loan = await loan_steps.load(session, loan_id)
    schedule = await last(session, loan, version=version)
    rows, parts = await whole_rows(session, schedule)
    borrowers = interest_subsidies.borrower_rows(rows, parts)
    lines = [
        ScheduleRowRead(
            **asdict(row),
            borrower_cents=borrower.total_cents,
            third_parties=[asdict(share) for share in part],
        )
        for row, borrower, part in zip(rows, borrowers, parts, strict=True)
    ]
    return ScheduleRead(
        loan_id=loan.id,
        version=schedule.version,
        rows=lines,
        totals=_totals(lines),
        differences=_differences(loan, rows) if loan.partner_id else [],
    )


async def last(session: AsyncSession, loan: Loan, *, version: int | None = None) -> Schedule:
    """The last schedule, or the version named. Raises NotFound."""
    statement = (
        select(Schedule)
        .where(of_tenant(session, Schedule), col(Schedule.loan_id) == loan.id)
        .order_by(col(Schedule.version).desc())
        .limit(1)
    )
    if version is not None:
        statement = statement.where(col(Schedule.version) == version)
    schedule = (await session.scalars(statement)).one_or_none()
    if schedule is None:
        raise NotFound
    return schedule


async def whole_rows(session: AsyncSession, schedule: Schedule) -> tuple[tuple[Instalment, ...], list[Shares]]:
    """The whole rows of a schedule, and what third parties pay of each."""
    names = Instalment.__slots__
    statement = (
        select(*(getattr(ScheduleRow, name) for name in names), col(ScheduleRow.third_parties))
        .where(of_tenant(session, ScheduleRow), col(ScheduleRow.schedule_id) == schedule.id)
        .order_by(col(ScheduleRow.number))
    )
    found = (await session.execute(statement)).mappings().all()
    parts = [tuple(InterestShare(**share) for share in row["third_parties"]) for row in found]
    return tuple(Instalment(**{name: row[name] for name in names}) for row in found), parts


def _totals(rows: Sequence[ScheduleRowRead]) -> ScheduleTotals:
    return ScheduleTotals(
        principal_cents=sum(row.principal_cents for row in rows),
        interest_cents=sum(row.interest_cents for row in rows),
        paid_by_borrower_cents=sum(row.borrower_cents for row in rows),
        interest_subsidy_cents=sum(share.cents for row in rows for share in row.third_parties),
    )


def _differences(loan: Loan, rows: Sequence[Instalment]) -> list[DifferenceRead] | None:
    """Where the lender's rows are not those of its own terms; null where its terms give no schedule at all."""
    try:
        computed = amortization.schedule(
            principal_cents=loan.principal_cents,
            rate_percent=loan.rate_percent,
            first_due_on=rows[0].due_on,
            duration_months=len(rows),
        )
    except ImpossiblePlan:
        return None
    return [DifferenceRead(**asdict(found)) for found in interest_subsidies.differences(rows, computed)]

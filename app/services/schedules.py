"""Repayment schedules: numbered versions, which one is in force, and the rows of each."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import amortization, interest_subsidies
from app.domain.allocation import Slot
from app.domain.amortization import ImpossiblePlan, Instalment
from app.domain.errors import NotFound
from app.domain.interest_subsidies import InterestShare, Shares
from app.domain.schedule_kinds import ScheduleKind
from app.schemas.loans import DifferenceRead, InstalmentRead, ScheduleRead, ScheduleTotals
from app.services import loan_steps
from app.tables import Loan, Schedule, ScheduleActivation, ScheduleRow
from app.tenancy import of_tenant


@dataclass(frozen=True, slots=True)
class Timeline:
    """The versions of a loan's schedule as they came into force: each until the next, from a day or from the start."""

    activations: tuple[tuple[ScheduleActivation, Schedule], ...]

    def on(self, day: date) -> Schedule:
        """The version in force on a day."""
        return next(
            schedule
            for activation, schedule in reversed(self.activations)
            if activation.effective_on is None or activation.effective_on <= day
        )

    def kept_on(self, day: date) -> Schedule:
        """The version that was to be kept on a day: what was repaid early shortens it and is left aside."""
        return next(
            schedule
            for activation, schedule in reversed(self.activations)
            if schedule.kind is not ScheduleKind.EARLY_REPAYMENT
            and (activation.effective_on is None or activation.effective_on <= day)
        )

    @property
    def last(self) -> tuple[ScheduleActivation, Schedule]:
        """The version in force from now on, with how it came to be."""
        return self.activations[-1]

    @property
    def days(self) -> list[date]:
        """The days on which another version came into force."""
        return [activation.effective_on for activation, _ in self.activations if activation.effective_on is not None]


async def timeline(session: AsyncSession, loan: Loan, *, known_at: datetime | None = None) -> Timeline:
    """The versions of a loan's schedule, as known at an instant. Raises NotFound where there is none."""
    found = (await timelines(session, [loan.id], known_at=known_at)).get(loan.id)
    if found is None:
        raise NotFound
    return found


async def timelines(
    session: AsyncSession, loan_ids: Sequence[UUID], *, known_at: datetime | None = None
) -> dict[UUID, Timeline]:
    """The versions of the schedules in the order in which they came into force, by loan."""
    statement = (
        select(ScheduleActivation, Schedule)
        .join(
            Schedule,
            and_(
                col(Schedule.tenant_id) == ScheduleActivation.tenant_id,
                col(Schedule.id) == ScheduleActivation.schedule_id,
            ),
        )
        .where(of_tenant(session, ScheduleActivation), col(ScheduleActivation.loan_id).in_(loan_ids))
    )
    if known_at is not None:
        statement = statement.where(col(ScheduleActivation.entered_at) <= known_at)
    links: dict[UUID, dict[UUID | None, tuple[ScheduleActivation, Schedule]]] = {}
    for activation, schedule in await session.execute(statement):
        links.setdefault(activation.loan_id, {})[activation.supersedes_id] = (activation, schedule)
    return {loan_id: Timeline(tuple(_chain(following))) for loan_id, following in links.items()}


def _chain(
    following: Mapping[UUID | None, tuple[ScheduleActivation, Schedule]],
) -> Iterator[tuple[ScheduleActivation, Schedule]]:
    link = following.get(None)
    while link is not None:
        yield link
        link = following.get(link[0].id)


async def active(
    session: AsyncSession, loan: Loan, *, on: date | None = None, known_at: datetime | None = None
) -> Schedule:
    """The version in force on a day, from now on where none is given. Raises NotFound."""
    versions = await timeline(session, loan, known_at=known_at)
    return versions.last[1] if on is None else versions.on(on)


async def slots(session: AsyncSession, schedules: Iterable[Schedule]) -> dict[UUID, tuple[Slot, ...]]:
    """What the borrower may pay under each version: what was repaid early beside the rows, then the rows."""
    versions = {schedule.id: schedule for schedule in schedules}
    statement = (
        select(
            col(ScheduleRow.schedule_id),
            col(ScheduleRow.ref),
            col(ScheduleRow.number),
            col(ScheduleRow.due_on),
            col(ScheduleRow.principal_cents),
            (col(ScheduleRow.borrower_cents) - col(ScheduleRow.principal_cents)).label("interest_cents"),
        )
        .where(of_tenant(session, ScheduleRow), col(ScheduleRow.schedule_id).in_(versions))
        .order_by(col(ScheduleRow.schedule_id), col(ScheduleRow.number))
    )
    found: dict[UUID, list[Slot]] = {id_: _repaid_early(schedule) for id_, schedule in versions.items()}
    for row in (await session.execute(statement)).mappings():
        found[row["schedule_id"]].append(Slot(**{name: row[name] for name in Slot.__slots__}))
    return {id_: tuple(told) for id_, told in found.items()}


async def slots_on(session: AsyncSession, versions: Timeline) -> Callable[[date], tuple[Slot, ...]]:
    """What the borrower may pay under the version of each day."""
    found = await slots(session, [schedule for _, schedule in versions.activations])
    return lambda day: found[versions.on(day).id]


async def add(
    session: AsyncSession,
    loan: Loan,
    rows: Sequence[Instalment],
    parts: Sequence[Shares],
    *,
    anchor_day: int | None = None,
) -> None:
    """Adds the version of the contract: the whole rows, what third parties pay of each, the day of month chosen."""
    schedule = Schedule(
        tenant_id=loan.tenant_id, loan_id=loan.id, version=1, rate_percent=loan.rate_percent, anchor_day=anchor_day
    )
    await store(session, schedule, rows, parts, refs=[row.number for row in rows])
    session.add(
        ScheduleActivation(
            tenant_id=loan.tenant_id, loan_id=loan.id, schedule_id=schedule.id, effective_on=None, supersedes_id=None
        )
    )
    await session.flush()  # the answer is read back


async def store(
    session: AsyncSession,
    schedule: Schedule,
    rows: Sequence[Instalment],
    parts: Sequence[Shares],
    *,
    refs: Sequence[int],
) -> None:
    """Writes a version down with its rows, in force or not."""
    session.add(schedule)
    await session.flush()  # the rows refer to the schedule through a foreign key without an ORM relation
    borrowers = interest_subsidies.borrower_rows(rows, parts)
    session.add_all(
        ScheduleRow(
            tenant_id=schedule.tenant_id,
            schedule_id=schedule.id,
            **asdict(row),
            ref=ref,
            borrower_cents=borrower.total_cents,
            third_parties=[asdict(share) for share in part],
        )
        for row, borrower, part, ref in zip(rows, borrowers, parts, refs, strict=True)
    )


async def read(session: AsyncSession, loan_id: UUID, *, version: int | None) -> ScheduleRead:
    """One version of the schedule, the one in force where none is named. Raises NotFound."""
    loan = await loan_steps.load(session, loan_id)
    in_force = await active(session, loan)
    schedule = in_force if version is None else await numbered(session, loan, version=version)
    refs = await refs_of(session, schedule)
    rows, parts = await whole_rows(session, schedule)
    borrowers = interest_subsidies.borrower_rows(rows, parts)
    lines = [
        InstalmentRead(
            **asdict(row),
            ref=refs[row.number],
            borrower_cents=borrower.total_cents,
            third_parties=[asdict(share) for share in part],
        )
        for row, borrower, part in zip(rows, borrowers, parts, strict=True)
    ]
    return ScheduleRead(
        loan_id=loan.id,
        version=schedule.version,
        kind=schedule.kind,
        in_force=schedule.id == in_force.id,
        rows=lines,
        totals=_totals(lines),
        differences=_differences(loan, rows) if loan.partner_id else [],
    )


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


async def refs_of(session: AsyncSession, schedule: Schedule) -> dict[int, int]:
    """The lasting numbers of the instalments, by their number in this version."""
    statement = select(col(ScheduleRow.number), col(ScheduleRow.ref)).where(
        of_tenant(session, ScheduleRow), col(ScheduleRow.schedule_id) == schedule.id
    )
    return {row.number: row.ref for row in await session.execute(statement)}


async def last_numbers(session: AsyncSession, loan: Loan) -> tuple[int, int]:
    """The last version of a loan's schedule, in force or not, and the last lasting number of its instalments."""
    statement = (
        select(func.max(Schedule.version), func.max(ScheduleRow.ref))
        .select_from(Schedule)
        .outerjoin(
            ScheduleRow,
            and_(col(ScheduleRow.tenant_id) == Schedule.tenant_id, col(ScheduleRow.schedule_id) == Schedule.id),
        )
        .where(of_tenant(session, Schedule), col(Schedule.loan_id) == loan.id)
    )
    version, ref = (await session.execute(statement)).one()
    return version, ref or 0


async def numbered(session: AsyncSession, loan: Loan, *, version: int) -> Schedule:
    """One version, in force or not. Raises NotFound."""
    statement = select(Schedule).where(
        of_tenant(session, Schedule), col(Schedule.loan_id) == loan.id, col(Schedule.version) == version
    )
    schedule = (await session.scalars(statement)).one_or_none()
    if schedule is None:
        raise NotFound
    return schedule


def _repaid_early(schedule: Schedule) -> list[Slot]:
    return [
        Slot(
            ref=None,
            number=early["after_number"],
            due_on=date.fromisoformat(early["on"]),
            principal_cents=early["principal_cents"],
            interest_cents=early["interest_cents"],
        )
        for early in schedule.prepayments
    ]


def _totals(rows: Sequence[InstalmentRead]) -> ScheduleTotals:
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

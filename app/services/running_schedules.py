"""The schedule of a loan that was paid out, as an event of a day finds it."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.amortization import ImpossiblePlan
from app.domain.books import Books
from app.domain.disbursement_errors import NothingPaidOut
from app.domain.errors import ImpossibleSchedule
from app.domain.ledger import EntryKind, standing
from app.domain.schedule_versions import ScheduleVersion
from app.services import loan_books, schedule_versions, schedules
from app.tables import Loan


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """The version in force on a day, the books, and the parts that stand paid out `(day, cents)`."""

    version: ScheduleVersion
    books: Books
    parts: tuple[tuple[date, int], ...]

    @property
    def drawn_cents(self) -> int:
        """What was paid out, in cents."""
        return sum(cents for _, cents in self.parts)

    @property
    def settled_cents(self) -> int:
        """What of the rows is no longer asked for, paid or lost, and what was repaid early beside them. In cents."""
        early = sum(early.total_cents for early in self.version.prepayments)
        return early + sum(row.paid_cents + row.lost_cents for row in self.books.rows)


def impossible(fault: ImpossiblePlan) -> ImpossibleSchedule:
    """The refusal of terms that no rows fit."""
    bound = fault.bound.isoformat() if isinstance(fault.bound, date) else fault.bound
    return ImpossibleSchedule(field=fault.field, bound=bound)


async def read(session: AsyncSession, loan: Loan, *, on: date) -> Running:
    """Raises NothingPaidOut."""
    paid_out = await parts(session, loan, on=on)
    if not paid_out:
        raise NothingPaidOut(on=on.isoformat())
    schedule = await schedules.active(session, loan)
    version = await schedule_versions.version(session, loan, schedule, released_on=min(day for day, _ in paid_out))
    return Running(version=version, books=await loan_books.books(session, loan, on=on), parts=paid_out)


async def parts(session: AsyncSession, loan: Loan, *, on: date) -> tuple[tuple[date, int], ...]:
    """What stands paid out on a day `(paid out on, cents)`."""
    facts = standing(await loan_books.facts(session, loan), on=on)
    return tuple((fact.effect_on, fact.amount_cents) for fact in facts if fact.kind is EntryKind.DISBURSEMENT)


async def left_to_pay_out(session: AsyncSession, loan: Loan) -> int:
    """What the schedule in force repays and was not paid out yet, in cents."""
    schedule = await schedules.active(session, loan)
    rows, _ = await schedules.whole_rows(session, schedule)
    early = sum(int(early["principal_cents"]) for early in schedule.prepayments)
    drawn = sum(cents for _, cents in await parts(session, loan, on=date.max))
    return max(0, early + sum(row.principal_cents for row in rows) - drawn)

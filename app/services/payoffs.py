"""What settles a loan of the CCAS's own funds on a day."""

from dataclasses import asdict
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.payoff import payoff
from app.domain.schedule_changes import refusals_named
from app.schemas.payoffs import PayoffRead
from app.services import schedule_plans


async def read(session: AsyncSession, loan_id: UUID, *, on: date) -> PayoffRead:
    """What settles the loan on a day, past or to come, under the schedule in force.

    Raises NotFound, PartnerLends, LoanNotRunning, ImpossibleSchedule (a day before the last change), NothingOwed,
    EarlyRepaymentLost, DateOutOfOrder.
    """
    loan = await schedule_plans.own(session, loan_id)
    footing = await schedule_plans.footing(session, loan, on=on, today=on)
    undrawn = sum(row.undrawn_cents for row in footing.books.rows)
    met = footing.paid_cents + footing.books.credit_cents + undrawn
    with refusals_named(on):
        quote = payoff(footing.version, on=on, paid_cents=met)
    return PayoffRead(**asdict(quote), schedule_version=footing.schedule.version)

"""What a change of schedule starts from, and what is written of every one of them: its version, its step, its refs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.books import Books
from app.domain.committee_errors import LoanNotRunning
from app.domain.committees import ItemKind, ItemOutcome, ReviewReason
from app.domain.dates import check_day
from app.domain.errors import ImpossibleSchedule
from app.domain.loan_decisions import LoanDecisionKind
from app.domain.loan_lifecycle import LoanAction, LoanStage
from app.domain.partner_errors import PartnerLends
from app.domain.permissions import Caller
from app.domain.schedule_errors import NotAgreedInSession, PartNotPaidOut, ScheduleReplaced
from app.domain.schedule_kinds import ScheduleKind
from app.domain.schedule_versions import ScheduleVersion
from app.schemas.loan_decisions import LoanDecisionCreate
from app.services import (
    loan_books,
    loan_decisions,
    loan_states,
    loan_steps,
    running_schedules,
    schedule_versions,
    schedules,
)
from app.tables import AgendaItem, Loan, LoanDecision, Schedule
from app.tenancy import of_tenant

_REVIEWED: Mapping[LoanDecisionKind, ReviewReason] = {
    LoanDecisionKind.DEFERRAL: ReviewReason.DEFERRAL,
    LoanDecisionKind.RESCHEDULE: ReviewReason.REVISION,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Footing:
    """The schedule in force, its version for the mathematics of loans, and the books of a day."""

    schedule: Schedule
    version: ScheduleVersion
    books: Books

    @property
    def paid_cents(self) -> int:
        """All that was paid on the schedule, or is asked for no more, in cents."""
        # What was recovered of a loss is no longer lost in the rows.
        lost = sum(row.lost_cents for row in self.books.rows)
        return self.books.repaid_cents - self.books.credit_cents + lost

    @property
    def received_cents(self) -> int:
        """All that came back on what is in the books, credit included, in cents."""
        return self.books.repaid_cents - self.books.recovered_cents


async def own(session: AsyncSession, loan_id: UUID) -> Loan:
    """A loan of the CCAS's own funds, to be read only. Raises NotFound, PartnerLends."""
    loan = await loan_steps.load(session, loan_id)
    if loan.partner_id is not None:
        raise PartnerLends
    return loan


async def check_paid_out(session: AsyncSession, loan: Loan) -> None:
    """Raises PartNotPaidOut: what instalments repay is what was lent, before they are spread anew."""
    left_cents = await running_schedules.left_to_pay_out(session, loan)
    if left_cents:
        raise PartNotPaidOut(left_cents=left_cents)


async def footing(
    session: AsyncSession, loan: Loan, *, on: date, today: date, seen_version: int | None = None
) -> Footing:
    """The schedule in force and the books of a day, that day included.

    Raises LoanNotRunning where nothing was paid out, or all of it taken back, ScheduleReplaced where another version
    than the one seen is in force, DateOutOfOrder before the money left, DateInFuture.
    """
    released_on = await loan_states.reached_on(session, loan, LoanStage.DISBURSED)
    if released_on is None:
        raise LoanNotRunning
    check_day("on", on, not_before=released_on, today=today)
    schedule = await schedules.active(session, loan)
    if seen_version is not None and seen_version != schedule.version:
        raise ScheduleReplaced(version=schedule.version)
    books = await loan_books.books(session, loan, on=on)
    if not books.disbursed_cents:
        raise LoanNotRunning
    return Footing(
        schedule=schedule,
        version=await schedule_versions.version(session, loan, schedule, released_on=released_on),
        books=books,
    )


async def change(
    session: AsyncSession,
    loan: Loan,
    action: LoanAction,
    after: ScheduleVersion,
    *,
    decision: LoanDecision,
    caller: Caller,
) -> Schedule:
    """Puts the next version in force, and logs the step with the day of its effect. Raises IllegalTransition."""
    schedule = await schedule_versions.replace(
        session, loan, ScheduleKind(decision.kind.value), after, decision=decision, caller=caller
    )
    loan_steps.move(session, loan, action, caller=caller, effect_on=after.effective_on or decision.decided_on)
    return schedule


async def decide(
    session: AsyncSession,
    loan: Loan,
    kind: LoanDecisionKind,
    body: LoanDecisionCreate,
    *,
    caller: Caller,
    today: date,
    months: int | None = None,
) -> LoanDecision:
    """Records who decided. Where a session is cited, its committee has agreed to that, for as many months if it said.

    Raises NotAgreedInSession, ImpossibleSchedule on `months`, and what `loan_decisions.record` does.
    """
    if body.session_id is not None and kind in _REVIEWED:
        agreed = select(AgendaItem).where(
            of_tenant(session, AgendaItem),
            col(AgendaItem.session_id) == body.session_id,
            col(AgendaItem.loan_id) == loan.id,
            col(AgendaItem.kind) == ItemKind.LOAN_REVIEW,
            col(AgendaItem.review_reason) == _REVIEWED[kind],
            col(AgendaItem.outcome) == ItemOutcome.AGREED,
        )
        item = (await session.scalars(agreed.limit(1))).one_or_none()
        if item is None:
            raise NotAgreedInSession
        if months is not None and item.outcome_months is not None and months > item.outcome_months:
            raise ImpossibleSchedule(field="months", bound=item.outcome_months)
    return await loan_decisions.record(session, loan, kind, body, caller=caller, today=today)

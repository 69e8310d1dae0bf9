"""All that happened to many loans at once, in a number of statements that does not depend on how many they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.allocation import Slot
from app.domain.arrears import SupportLine
from app.domain.closing import litigations, reasons_on
from app.domain.ledger import Fact
from app.domain.lender_reports import ReportKind
from app.domain.loan_lifecycle import ClosingReason, LoanAction, LoanStage, Step, stage_on
from app.domain.over_indebtedness import ProcedureEvent, suspended_on
from app.services import lender_reversals, loan_books, schedules, support_covers, suspensions
from app.services.schedules import Timeline
from app.tables import LenderReport, Loan, LoanTransition
from app.tenancy import of_tenant


@dataclass(frozen=True, slots=True)
class History:
    """What was entered of one loan by an instant, whatever its day of effect."""

    principal_cents: int
    steps: Sequence[Step]
    facts: Sequence[Fact]
    versions: Timeline
    slots: Mapping[UUID, tuple[Slot, ...]]
    procedure: Sequence[ProcedureEvent]
    supports: Sequence[SupportLine]
    guarantor_called_on: date | None

    def is_suspended(self, day: date) -> bool:
        """Whether nothing may be asked of the debtors on a day."""
        return suspended_on(self.procedure, day)

    def stage_on(self, day: date) -> LoanStage:
        """What had been done with the loan by the end of a day."""
        return stage_on(self.steps, day)

    def slots_on(self, day: date) -> tuple[Slot, ...]:
        """What the borrower may pay under the schedule in force on a day."""
        return self.slots[self.versions.on(day).id]

    def last_due_on(self, day: date) -> date:
        """The last due date of the schedule that was to be kept on a day, early repayments left aside."""
        kept = self.slots[self.versions.kept_on(day).id]
        return max((slot.due_on for slot in kept if slot.ref is not None), default=day)

    def closing_reasons(self, day: date) -> list[ClosingReason]:
        """Why the books hold nothing more of the loan on a day; empty while they do."""
        return reasons_on(
            self.facts,
            self.slots_on,
            last_due_on=self.last_due_on(day),
            litigations=litigations(self.steps, day),
            guarantor_called_on=self.guarantor_called_on,
            on=day,
        )


async def contracted(
    session: AsyncSession, *, since: date | None, until: date, known_at: datetime | None
) -> list[History]:
    """The loans of own funds that the last party signed over a time, both days included, oldest loan first."""
    accepted_on = func.min(col(LoanTransition.effect_on))
    statement = (
        select(col(Loan.id), col(Loan.principal_cents))
        .join(
            LoanTransition,
            and_(col(LoanTransition.tenant_id) == Loan.tenant_id, col(LoanTransition.loan_id) == Loan.id),
        )
        .where(
            of_tenant(session, Loan),
            col(Loan.partner_id).is_(None),
            col(LoanTransition.action) == LoanAction.ACCEPT,
        )
        .group_by(col(Loan.id), col(Loan.principal_cents))
        .having(accepted_on <= until)
        .order_by(col(Loan.id))
    )
    if since is not None:
        statement = statement.having(accepted_on >= since)
    if known_at is not None:
        statement = statement.where(col(LoanTransition.entered_at) <= known_at)
    principals = {row.id: row.principal_cents for row in await session.execute(statement)}
    return await _of(session, principals, known_at=known_at)


async def of_loan(session: AsyncSession, loan: Loan, *, known_at: datetime | None = None) -> History:
    """What was entered of a loan by an instant at which its schedule was known."""
    return (await _of(session, {loan.id: loan.principal_cents}, known_at=known_at))[0]


async def steps_of(session: AsyncSession, loan: Loan) -> Sequence[Step]:
    """The steps of a loan that were taken, in their order of entry."""
    return (await _steps(session, [loan.id], None)).get(loan.id, [])


async def _of(session: AsyncSession, principals: Mapping[UUID, int], *, known_at: datetime | None) -> list[History]:
    loan_ids = list(principals)
    steps = await _steps(session, loan_ids, known_at)
    facts = await loan_books.facts_of(session, loan_ids, known_at=known_at)
    versions = await schedules.timelines(session, loan_ids, known_at=known_at)
    every = [schedule for timeline in versions.values() for _, schedule in timeline.activations]
    slots = await schedules.slots(session, every)
    procedures = await suspensions.rows_of(session, loan_ids, known_at=known_at)
    supports = await support_covers.lines_of(session, loan_ids, known_at=known_at)
    called = await _guarantors_called(session, loan_ids, known_at)
    return [
        History(
            principal_cents=cents,
            steps=steps[loan_id],
            facts=facts.get(loan_id, []),
            versions=versions[loan_id],
            slots=slots,
            procedure=suspensions.events(procedures.get(loan_id, [])),
            supports=[one.line for one in supports.get(loan_id, [])],
            guarantor_called_on=called.get(loan_id),
        )
        for loan_id, cents in principals.items()
    ]


async def _guarantors_called(
    session: AsyncSession, loan_ids: Sequence[UUID], known_at: datetime | None
) -> dict[UUID, date]:
    """The first day on which the lender called on a guarantor, of the loans of which it did."""
    statement = (
        select(col(LenderReport.loan_id), func.min(LenderReport.effect_on).label("called_on"))
        .where(
            of_tenant(session, LenderReport),
            col(LenderReport.loan_id).in_(loan_ids),
            col(LenderReport.kind) == ReportKind.GUARANTEE_CALL,
            ~lender_reversals.is_reversed(session),
        )
        .group_by(col(LenderReport.loan_id))
    )
    if known_at is not None:
        statement = statement.where(col(LenderReport.entered_at) <= known_at)
    return {row.loan_id: row.called_on for row in await session.execute(statement)}


async def _steps(session: AsyncSession, loan_ids: Sequence[UUID], known_at: datetime | None) -> dict[UUID, list[Step]]:
    statement = (
        select(col(LoanTransition.loan_id), *(getattr(LoanTransition, name) for name in Step.__slots__))
        .where(of_tenant(session, LoanTransition), col(LoanTransition.loan_id).in_(loan_ids))
        .order_by(col(LoanTransition.id))
    )
    if known_at is not None:
        statement = statement.where(col(LoanTransition.entered_at) <= known_at)
    found: dict[UUID, list[Step]] = {}
    for loan_id, *values in await session.execute(statement):
        found.setdefault(loan_id, []).append(Step(*values))
    return found

"""The loans that partners have paid out, all at once, each with its schedules and our copy of its statements."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.domain import books, borne_interest
from app.domain.allocation import Slot
from app.domain.books import Books
from app.domain.borne_interest import BorneRow, Version
from app.domain.interest_subsidies import InterestShare
from app.domain.ledger import EntryKind, Fact, standing
from app.services import guarantee_facts, lender_facts, loan_books, schedules
from app.services.schedules import Timeline
from app.tables import (
    Decision,
    LedgerEntry,
    Loan,
    Partner,
    Request,
    Schedule,
    ScheduleRow,
    Statement,
    StatementLine,
    Withdrawal,
)
from app.tenancy import of_tenant

_ROW_OF_SCHEDULE = and_(col(ScheduleRow.tenant_id) == Schedule.tenant_id, col(ScheduleRow.schedule_id) == Schedule.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerLoan:
    """A partner's loan that was paid out. `told_nil_on` is the first position at which nothing was owed any more."""

    loan: Loan
    partner: str
    product: str
    rule_version_id: UUID
    decided_on: date
    timeline: Timeline
    slots: Mapping[UUID, tuple[Slot, ...]]
    rows: Mapping[UUID, tuple[BorneRow, ...]]
    facts: Sequence[Fact]
    told_nil_on: date | None
    withdrawn_on: date | None

    @property
    def disbursed_on(self) -> date:
        """The day on which it was paid out, the first where it was in parts."""
        known = standing(self.facts, on=date.max)
        return min(one.effect_on for one in known if one.kind is EntryKind.DISBURSEMENT)

    @property
    def versions(self) -> list[Version]:
        """Its schedules in the order in which they came into force, with what third parties pay of each row."""
        return [
            Version(effective_on=activation.effective_on, rows=self.rows[schedule.id])
            for activation, schedule in self.timeline.activations
        ]

    def slots_on(self, day: date) -> tuple[Slot, ...]:
        """What the borrower may pay under the schedule in force on a day."""
        return self.slots[self.timeline.on(day).id]

    def books(self, on: date) -> Books:
        """What was paid, repaid and is owed at the end of a day, by our copy."""
        return books.books(self.facts, self.slots_on(on), on=on)

    def settled_on(self) -> date | None:
        """The day on which it was wholly repaid, by our copy or as the lender told it; null where it was not."""
        paid_off = books.settled_on(self.facts, self.slots_on, on=date.max)
        return borne_interest.settled_on(self.facts, paid_off, self.told_nil_on)


async def paid_out(
    session: AsyncSession,
    *,
    partner_id: UUID | None = None,
    loan_id: UUID | None = None,
    due: tuple[date, date] | None = None,
    known_at: datetime | None = None,
) -> list[PartnerLoan]:
    """The loans of partners that were paid out, as known at an instant: all, of one partner, one of them, or those with
    an instalment due between two days.
    """
    statement = _statement(session, known_at)
    if partner_id is not None:
        statement = statement.where(col(Loan.partner_id) == partner_id)
    if loan_id is not None:
        statement = statement.where(col(Loan.id) == loan_id)
    if due is not None:
        statement = statement.where(col(Loan.id).in_(_with_rows(session, due)))
    found = (await session.execute(statement)).all()
    ids = [row[0].id for row in found]
    timelines = await schedules.timelines(session, ids, known_at=known_at)
    versions = [schedule for one in timelines.values() for _, schedule in one.activations]
    slots = await schedules.slots(session, versions)
    rows = await _rows(session, slots)
    facts = await loan_books.facts_of(session, ids, known_at=known_at)
    nil = await _told_nil(session, ids, known_at)
    withdrawn = await _withdrawn(session, ids, known_at)
    return [
        PartnerLoan(
            loan=loan,
            partner=partner,
            product=product,
            rule_version_id=rule_version_id,
            decided_on=decided_on,
            timeline=timelines[loan.id],
            slots=slots,
            rows=rows,
            facts=facts[loan.id],
            told_nil_on=nil.get(loan.id),
            withdrawn_on=withdrawn.get(loan.id),
        )
        for loan, partner, product, rule_version_id, decided_on in found
    ]


def _statement(session: AsyncSession, known_at: datetime | None) -> Select[*tuple[Loan, str, str, UUID, date]]:
    back = aliased(LedgerEntry)
    taken_back = exists().where(
        of_tenant(session, back),
        col(back.reverses_id) == LedgerEntry.id,
        *guarantee_facts.entered_by(back, known_at),
    )
    paid = select(col(LedgerEntry.loan_id)).where(
        of_tenant(session, LedgerEntry),
        col(LedgerEntry.kind) == EntryKind.DISBURSEMENT,
        ~taken_back,
        *guarantee_facts.entered_by(LedgerEntry, known_at),
    )
    return (
        select(Loan, col(Partner.code), col(Request.product), col(Decision.rule_version_id), col(Decision.decided_on))
        .join(Partner, col(Partner.id) == Loan.partner_id)
        .join(Request, and_(col(Request.tenant_id) == Loan.tenant_id, col(Request.id) == Loan.request_id))
        .join(Decision, and_(col(Decision.tenant_id) == Loan.tenant_id, col(Decision.id) == Loan.decision_id))
        .where(of_tenant(session, Loan), col(Loan.id).in_(paid))
        .order_by(col(Loan.id))
    )


def _with_rows(session: AsyncSession, due: tuple[date, date]) -> Any:
    return (
        select(col(Schedule.loan_id))
        .join(ScheduleRow, _ROW_OF_SCHEDULE)
        .where(of_tenant(session, Schedule), col(ScheduleRow.due_on).between(*due))
    )


async def _rows(session: AsyncSession, schedule_ids: Collection[UUID]) -> dict[UUID, tuple[BorneRow, ...]]:
    """The rows of some schedules, with what third parties pay of each."""
    statement = (
        select(
            col(ScheduleRow.schedule_id), col(ScheduleRow.ref), col(ScheduleRow.due_on), col(ScheduleRow.third_parties)
        )
        .where(of_tenant(session, ScheduleRow), col(ScheduleRow.schedule_id).in_(schedule_ids))
        .order_by(col(ScheduleRow.schedule_id), col(ScheduleRow.number))
    )
    found: dict[UUID, list[BorneRow]] = defaultdict(list)
    for schedule_id, ref, due_on, third_parties in await session.execute(statement):
        shares = tuple(InterestShare(**share) for share in third_parties)
        found[schedule_id].append(BorneRow(ref, due_on, shares))
    return {schedule_id: tuple(rows) for schedule_id, rows in found.items()}


async def _told_nil(session: AsyncSession, loan_ids: Sequence[UUID], known_at: datetime | None) -> dict[UUID, date]:
    """The first position at which the lender told that nothing was owed of a loan, where it told nothing else since."""
    statement = (
        select(col(StatementLine.loan_id), col(Statement.position_on), col(StatementLine.outstanding_principal_cents))
        .join(Statement, lender_facts.OF_STATEMENT)
        .where(
            of_tenant(session, StatementLine),
            col(StatementLine.loan_id).in_(loan_ids),
            col(StatementLine.outstanding_principal_cents).is_not(None),
            *guarantee_facts.entered_by(StatementLine, known_at),
        )
        .order_by(col(Statement.position_on), col(StatementLine.id))
    )
    nil: dict[UUID, date] = {}
    for loan_id, position_on, owed in await session.execute(statement):
        if owed:
            nil.pop(loan_id, None)
        else:
            nil.setdefault(loan_id, position_on)
    return nil


async def _withdrawn(session: AsyncSession, loan_ids: Sequence[UUID], known_at: datetime | None) -> dict[UUID, date]:
    statement = (
        select(col(Withdrawal.loan_id), func.min(col(Withdrawal.withdrawn_on)).label("withdrawn_on"))
        .where(
            of_tenant(session, Withdrawal),
            col(Withdrawal.loan_id).in_(loan_ids),
            *guarantee_facts.entered_by(Withdrawal, known_at),
        )
        .group_by(col(Withdrawal.loan_id))
    )
    return {row.loan_id: row.withdrawn_on for row in await session.execute(statement)}

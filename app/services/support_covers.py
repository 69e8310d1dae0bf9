"""What support covers of the instalments of one loan, and what the CCAS has paid of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.domain import arrears, statements
from app.domain.arrears import SupportLine, SupportPayment
from app.domain.books import Books, RowState
from app.domain.ledger import EntryKind, Fact, RepaidBy, standing
from app.tables import Loan, LoanDecision, Support, SupportCancellation, SupportedInstalment
from app.tenancy import of_tenant

_CANCELLING = aliased(LoanDecision)


@dataclass(frozen=True, slots=True)
class LineOfSupport:
    """What a support pays of one instalment."""

    support_id: UUID
    line: SupportLine


async def covered(
    session: AsyncSession, loan: Loan, state: Books, facts: Iterable[Fact], *, on: date
) -> dict[int, int]:
    """What support covers of what is left of each instalment on a day, in cents, by its reference."""
    return covered_by([one.line for one in await lines(session, loan)], state, facts, on=on)


def covered_by(found: Sequence[SupportLine], state: Books, facts: Iterable[Fact], *, on: date) -> dict[int, int]:
    """The same of what support was decided, in the order in which it was."""
    left = {row.ref: row.left_cents for row in state.rows}
    return arrears.covered(left, found, payments(facts, on=on), on=on) if found else {}


async def late(
    session: AsyncSession,
    loan: Loan,
    state: Books,
    facts: Iterable[Fact],
    *,
    on: date,
    position_on: date | None,
    known_at: datetime | None = None,
) -> list[tuple[RowState, int]]:
    """The instalments known to be late on a day, oldest first, with what is left of each that support does not cover.

    `state` are the books of that day, `position_on` the day up to which who collects has told.
    """
    rows = _unpaid(state, on, position_on)
    found = [one.line for one in await lines(session, loan, known_at=known_at)] if rows else []
    return _uncovered(rows, covered_by(found, state, facts, on=on) if rows else {})


def late_cents(
    found: Sequence[SupportLine], state: Books, facts: Iterable[Fact], *, on: date, position_on: date | None
) -> int:
    """What is known to be late on a day and is not covered by the support that was decided, in cents."""
    rows = _unpaid(state, on, position_on)
    return sum(cents for _, cents in _uncovered(rows, covered_by(found, state, facts, on=on) if rows else {}))


def _unpaid(state: Books, on: date, position_on: date | None) -> list[RowState]:
    known_on = statements.overdue_known_on(on, position_on)
    return state.unpaid(known_on) if known_on else []


def _uncovered(rows: Sequence[RowState], cover: Mapping[int, int]) -> list[tuple[RowState, int]]:
    left = [(row, row.left_cents - cover.get(row.ref, 0)) for row in rows]
    return [(row, cents) for row, cents in left if cents]


def payments(facts: Iterable[Fact], *, on: date) -> list[SupportPayment]:
    """The repayments by the CCAS that stand on a day."""
    return [
        SupportPayment(fact.amount_cents, fact.instalment_ref, fact.effect_on)
        for fact in standing(facts, on=on)
        if fact.kind is EntryKind.REPAYMENT and fact.payer is RepaidBy.CCAS
    ]


async def lines(session: AsyncSession, loan: Loan, *, known_at: datetime | None = None) -> list[LineOfSupport]:
    """What each support of a loan pays of each instalment, in the order in which they were decided."""
    return (await lines_of(session, [loan.id], known_at=known_at)).get(loan.id, [])


async def lines_of(
    session: AsyncSession, loan_ids: Sequence[UUID], *, known_at: datetime | None = None
) -> dict[UUID, list[LineOfSupport]]:
    """The same of many loans at once, by loan, as known at an instant."""
    known = known_at or datetime.max.replace(tzinfo=UTC)
    statement: Select[*tuple[Any, ...]] = (
        select(
            col(Support.loan_id),
            col(Support.id),
            col(LoanDecision.decided_on),
            col(_CANCELLING.decided_on).label("cancelled_on"),
            col(SupportedInstalment.instalment_ref),
            col(SupportedInstalment.amount_cents),
        )
        .select_from(Support)
        .join(
            LoanDecision,
            and_(col(LoanDecision.tenant_id) == Support.tenant_id, col(LoanDecision.id) == Support.decision_id),
        )
        .join(
            SupportedInstalment,
            and_(
                col(SupportedInstalment.tenant_id) == Support.tenant_id,
                col(SupportedInstalment.support_id) == Support.id,
            ),
        )
        .outerjoin(
            SupportCancellation,
            and_(
                col(SupportCancellation.tenant_id) == Support.tenant_id,
                col(SupportCancellation.support_id) == Support.id,
            ),
        )
        .outerjoin(
            _CANCELLING,
            and_(
                col(_CANCELLING.tenant_id) == SupportCancellation.tenant_id,
                col(_CANCELLING.id) == SupportCancellation.decision_id,
                col(_CANCELLING.entered_at) <= known,
            ),
        )
        .where(of_tenant(session, Support), col(Support.loan_id).in_(loan_ids), col(LoanDecision.entered_at) <= known)
        .order_by(col(LoanDecision.decided_on), col(SupportedInstalment.id))
    )
    found: dict[UUID, list[LineOfSupport]] = {}
    for row in await session.execute(statement):
        line = SupportLine(row.decided_on, row.instalment_ref, row.amount_cents, row.cancelled_on)
        found.setdefault(row.loan_id, []).append(LineOfSupport(row.id, line))
    return found

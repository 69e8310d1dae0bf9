"""Double entry: what an entry moves on the accounts of its loan, late or not.

An entry posts its own lines and those that move what was posted before: a repayment that becomes known late may be the
interest or the principal that a later one was booked as. So the sum of the lines is at any day what the facts give.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import books
from app.domain.allocation import Slot
from app.domain.ledger import EntryKind, Fact, LedgerAccount
from app.domain.permissions import Caller
from app.services import loan_books, schedules
from app.services.schedules import Timeline
from app.tables import LedgerEntry, LedgerLine, Loan
from app.tenancy import of_tenant

Moves = Mapping[tuple[date, LedgerAccount], int]


async def enter(session: AsyncSession, loan: Loan, entry: LedgerEntry) -> None:
    """Adds an entry of a loan that is held, with all the lines that it makes necessary."""
    known = [*await loan_books.facts(session, loan), fact_of(entry)]
    await _post(session, loan, entry, await _missing(session, loan, known, from_on=entry.effect_on))
    loan.version += 1


def fact_of(entry: LedgerEntry) -> Fact:
    """An entry as the books count it."""
    return Fact(**{name: getattr(entry, name) for name in Fact.__slots__})


async def reallocate(
    session: AsyncSession, loan: Loan, *, effect_on: date, decision_id: UUID | None, caller: Caller
) -> None:
    """Books what another schedule makes of the money from a day on; nothing where it makes the same."""
    missing = await _missing(session, loan, await loan_books.facts(session, loan), from_on=effect_on)
    moved = sum(cents for cents in missing.values() if cents > 0)
    if not moved:
        return
    entry = LedgerEntry(
        tenant_id=loan.tenant_id,
        loan_id=loan.id,
        kind=EntryKind.REALLOCATION,
        amount_cents=moved,
        effect_on=effect_on,
        decision_id=decision_id,
        **caller.author,
    )
    await _post(session, loan, entry, missing)


async def drifts(session: AsyncSession, loan_ids: Sequence[UUID]) -> dict[UUID, Moves]:
    """What the lines of loans are short of, by day and account, in cents: of each nothing, or the ledger lies."""
    facts = await loan_books.facts_of(session, loan_ids)
    versions = await schedules.timelines(session, loan_ids)
    every = [schedule for one in versions.values() for _, schedule in one.activations]
    slots = await schedules.slots(session, every)
    posted = await _posted(session, loan_ids, from_on=date.min)
    found = {}
    for loan_id in loan_ids:
        one = versions[loan_id]
        wanted = books.moves(facts.get(loan_id, []), partial(_slots_of, slots, one), from_on=date.min, days=one.days)
        if short := _difference(wanted, posted.get(loan_id, {})):
            found[loan_id] = short
    return found


async def _missing(session: AsyncSession, loan: Loan, known: list[Fact], *, from_on: date) -> Moves:
    versions = await schedules.timeline(session, loan)
    slots_on = await schedules.slots_on(session, versions)
    wanted = books.moves(known, slots_on, from_on=from_on, days=versions.days)
    return _difference(wanted, (await _posted(session, [loan.id], from_on=from_on)).get(loan.id, {}))


def _slots_of(slots: Mapping[UUID, tuple[Slot, ...]], versions: Timeline, day: date) -> tuple[Slot, ...]:
    return slots[versions.on(day).id]


def _difference(wanted: Moves, posted: Moves) -> Moves:
    missing = {key: wanted.get(key, 0) - posted.get(key, 0) for key in wanted.keys() | posted.keys()}
    return {key: cents for key, cents in sorted(missing.items()) if cents}


async def _posted(session: AsyncSession, loan_ids: Sequence[UUID], *, from_on: date) -> dict[UUID, Moves]:
    line = LedgerLine
    statement = (
        select(col(line.loan_id), col(line.effect_on), col(line.account), func.sum(line.amount_cents))
        .where(of_tenant(session, line), col(line.loan_id).in_(loan_ids), col(line.effect_on) >= from_on)
        .group_by(col(line.loan_id), col(line.effect_on), col(line.account))
    )
    found: dict[UUID, dict[tuple[date, LedgerAccount], int]] = {}
    for loan_id, effect_on, account, cents in await session.execute(statement):
        found.setdefault(loan_id, {})[effect_on, account] = int(cents)
    return {**found}


async def _post(session: AsyncSession, loan: Loan, entry: LedgerEntry, moves: Moves) -> None:
    session.add(entry)
    await session.flush()  # the lines refer to the entry through a foreign key without an ORM relation
    session.add_all(
        LedgerLine(
            tenant_id=loan.tenant_id,
            entry_id=entry.id,
            loan_id=loan.id,
            account=account,
            amount_cents=cents,
            effect_on=effect_on,
        )
        for (effect_on, account), cents in moves.items()
    )
    await session.flush()

"""What the nightly run does with one loan: looks at it in one snapshot, and notes what it found in another transaction.

Nothing here locks a loan: who writes meanwhile never waits.
"""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col
from uuid_utils.compat import uuid7

from app.domain.loan_lifecycle import LoanStage
from app.services import loan_books, loan_states, loan_steps, postings, support_covers, suspensions
from app.tables import ArrearsDetection, LedgerEntry, NightlyFailure, Tenant
from app.tables.base import utc_now
from app.tenancy import bound_tenant, of_tenant


class LedgerDrift(ArithmeticError):
    """The lines of a loan are not those that its entries and its schedule give."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """The oldest instalment of a loan that is known to be late, with what support does not cover of it, in cents."""

    loan_id: UUID
    instalment_ref: int
    due_on: date
    unpaid_cents: int
    position_on: date


@dataclass(frozen=True, slots=True)
class Ccas:
    """A tenant that the night goes through."""

    id: UUID
    slug: str
    time_zone: ZoneInfo

    def day(self, on: date | None, now: datetime) -> date:
        """The day that a run is of: the one that was asked for, else the day it is there."""
        return on or now.astimezone(self.time_zone).date()


async def tenants(session: AsyncSession, *, slug: str | None) -> list[Ccas]:
    """Those of the instance by their short name, or one."""
    statement = select(col(Tenant.id), col(Tenant.slug), col(Tenant.time_zone)).order_by(col(Tenant.slug))
    if slug is not None:
        statement = statement.where(col(Tenant.slug) == slug)
    return [Ccas(tenant_id, name, ZoneInfo(zone)) for tenant_id, name, zone in await session.execute(statement)]


async def loans_with_money(session: AsyncSession) -> list[UUID]:
    """The loans of the tenant whose ledger has entries, oldest first."""
    statement = select(col(LedgerEntry.loan_id)).where(of_tenant(session, LedgerEntry)).distinct()
    return sorted(await session.scalars(statement))


async def look(session: AsyncSession, loan_id: UUID, *, on: date) -> Late | None:
    """What is late of a loan on a day, where its ledger adds up. Raises LedgerDrift."""
    loan = await loan_steps.load(session, loan_id)
    if await postings.drifts(session, [loan.id]):
        raise LedgerDrift
    position_on = await loan_states.known_until(session, loan)
    if position_on is None or await loan_states.stage_on(session, loan, on) is not LoanStage.DISBURSED:
        return None
    if await suspensions.is_suspended(session, loan, on=on):
        return None
    state, facts = await loan_books.books(session, loan, on=on), await loan_books.facts(session, loan)
    late = await support_covers.late(session, loan, state, facts, on=on, position_on=position_on)
    if not late:
        return None
    row, cents = late[0]
    return Late(loan_id=loan.id, instalment_ref=row.ref, due_on=row.due_on, unpaid_cents=cents, position_on=position_on)


async def note(session: AsyncSession, late: Late, *, on: date) -> bool:
    """Notes an unpaid instalment, once; whether it was new."""
    added = insert(ArrearsDetection).values(
        tenant_id=bound_tenant(session),
        id=uuid7(),
        loan_id=late.loan_id,
        instalment_ref=late.instalment_ref,
        due_on=late.due_on,
        unpaid_cents=late.unpaid_cents,
        position_on=late.position_on,
        detected_on=on,
        entered_at=utc_now(),
    )
    noted = await session.scalars(added.on_conflict_do_nothing().returning(col(ArrearsDetection.id)))
    return noted.one_or_none() is not None


async def set_aside(session: AsyncSession, loan_id: UUID, error: str, *, on: date) -> None:
    """Notes that the run of a night could not go through a loan: the class of the error alone, once."""
    failed = insert(NightlyFailure).values(
        tenant_id=bound_tenant(session), id=uuid7(), run_on=on, loan_id=loan_id, error=error, entered_at=utc_now()
    )
    await session.execute(failed.on_conflict_do_nothing())

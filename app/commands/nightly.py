"""The nightly run: finds the unpaid instalments of all CCAS and checks their ledgers, one loan after another, notes the
lenders that have let the agreed delay pass, then erases what has come to the end of its retention.

It may be run again, whole or after an interruption: what was noted once is not noted twice.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from app.commands import check_begun, purge
from app.database import Sessions, open_engine, open_sessions, refuse_privileged_role, tenant_transaction
from app.domain.arrears import delay_counts
from app.domain.errors import Unavailable
from app.services import nightly as services
from app.services import silences

_STEPS = ("30 jours au plus", "60", "90", "davantage")


@dataclass(slots=True)
class Night:
    """What the run came to for a CCAS: loans seen, newly unpaid, the days of each delay, handoffs whose partner is
    newly silent, lenders' conclusions erased, and what was set aside why: loans, and requests whose conclusions could
    not be erased.
    """

    slug: str
    loans: int = 0
    detected: int = 0
    purged: int = 0
    days_late: list[int] = field(default_factory=list)
    silent: int = 0
    failures: dict[UUID, str] = field(default_factory=dict)


def nightly(url: str, on: date | None, *, slug: str | None = None) -> tuple[str, bool]:
    """Runs as the serving role; the report in French, and whether everything could be gone through.

    The day is the one asked for, else the day it is at each CCAS.

    Raises CommandRefused for an unknown CCAS or a day to come, PrivilegedRole, Unavailable where the database is away.
    """
    check_begun(on)
    nights, of_partners = asyncio.run(_run(url, on, slug=slug))
    lines = [line for night in nights for line in _lines(night)]
    lines += [line for partner in of_partners for line in partner.lines()]
    failed = [night.failures for night in nights] + [partner.failure for partner in of_partners]
    return "\n".join(lines), not any(failed)


async def run(url: str, on: date | None, *, slug: str | None = None, now: datetime | None = None) -> list[Night]:
    """The same, for who has a loop already; now, or at another instant."""
    return (await _run(url, on, slug=slug, now=now))[0]


async def _run(
    url: str, on: date | None, *, slug: str | None, now: datetime | None = None
) -> tuple[list[Night], list[purge.PartnerPurge]]:
    engine, now = open_engine(url, pool_size=1, pool_wait_seconds=30), now or datetime.now(UTC)
    try:
        await refuse_privileged_role(engine)
        found = await purge.tenants(engine, slug)
        nights = [await _of_tenant(engine, ccas, ccas.day(on, now)) for ccas in found]
        return nights, await purge.of_partners(engine, on or now.date())
    finally:
        await engine.dispose()


async def _of_tenant(engine: AsyncEngine, ccas: services.Ccas, on: date) -> Night:
    # One snapshot of a loan: what is entered meanwhile would look like an error between two statements.
    snapshots = open_sessions(engine.execution_options(isolation_level="REPEATABLE READ"))
    sessions, night, tenant_id = open_sessions(engine), Night(ccas.slug), ccas.id
    async with tenant_transaction(sessions, tenant_id) as session:
        loan_ids = await services.loans_with_money(session)
    async with tenant_transaction(sessions, tenant_id) as session:
        night.silent = await silences.note(session, on=on)
    for loan_id in loan_ids:
        night.loans += 1
        try:
            await _go_through(snapshots, sessions, tenant_id, loan_id, on, night)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one loan, the others are gone through
            night.failures[loan_id] = type(error).__name__
            async with tenant_transaction(sessions, tenant_id) as session:
                await services.set_aside(session, loan_id, type(error).__name__, on=on)
    purged = await purge.of_tenant(engine, ccas, on)
    night.purged, night.failures = purged.checks, {**night.failures, **purged.failures}
    return night


async def _go_through(
    snapshots: Sessions, sessions: Sessions, tenant_id: UUID, loan_id: UUID, on: date, night: Night
) -> None:
    async with tenant_transaction(snapshots, tenant_id) as session:
        late = await services.look(session, loan_id, on=on)
    if late is None:
        return
    night.days_late.append((on - late.due_on).days)
    async with tenant_transaction(sessions, tenant_id) as session:
        night.detected += await services.note(session, late, on=on)


def _lines(night: Night) -> Iterator[str]:
    yield f"{night.slug} : {night.loans} prêt(s), {night.detected} première(s) échéance(s) impayée(s) nouvelle(s)"
    if night.days_late:
        counted = zip(_STEPS, delay_counts(night.days_late), strict=True)
        yield "  retards : " + ", ".join(f"{step} : {count}" for step, count in counted)
    if night.silent:
        yield f"  prêteurs sans réponse au-delà du délai convenu : {night.silent} dossier(s)"
    if night.purged:
        yield f"  conclusions de prêteurs effacées : {night.purged}"
    for loan_id, error in night.failures.items():
        yield f"  mis de côté : {loan_id} ({error})"

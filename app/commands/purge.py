"""Erases what has come to the end of its retention: lenders' conclusions, answers kept for repeated requests, used
signatures, the events of partners and the log of what was sent to them.

A step of the nightly run, and a command of its own. It may be run again, whole or after an interruption.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from app.commands import CommandRefused, check_begun
from app.database import Sessions, open_engine, open_sessions, refuse_privileged_role, tenant_transaction
from app.domain.errors import Unavailable
from app.domain.retention import kept_from
from app.idempotency import KEPT
from app.services import check_purges, event_purges, kept_answers, push_signatures
from app.services import nightly as services

_Erase = Callable[..., Awaitable[int]]


@dataclass(slots=True)
class Purge:
    """How many checks lost their conclusion, and the requests that could not be gone through, why."""

    checks: int = 0
    failures: dict[UUID, str] = field(default_factory=dict)


@dataclass(slots=True)
class PartnerPurge:
    """How many deliveries and events of a partner were erased; `failure` is why the rest was set aside."""

    code: str
    deliveries: int = 0
    events: int = 0
    failure: str | None = None

    def lines(self) -> Iterator[str]:
        """In French; none where nothing was erased."""
        if self.deliveries or self.events:
            yield f"{self.code} : {self.events} événement(s) et {self.deliveries} envoi(s) effacé(s)"
        if self.failure:
            yield f"  mis de côté : {self.code} ({self.failure})"


def purge(url: str, on: date | None, *, slug: str | None = None) -> tuple[str, bool]:
    """Runs as the serving role; the report in French, and whether every request could be gone through.

    The day is the one asked for, else the day it is at each CCAS, and in UTC for what is the partners'.

    Raises CommandRefused for an unknown CCAS or a day to come, PrivilegedRole, Unavailable where the database is away.
    """
    check_begun(on)
    purges, of_each_partner = asyncio.run(_run(url, on, slug=slug))
    lines = [f"{name} : {found.checks} conclusion(s) de prêteurs effacée(s)" for name, found in purges.items()]
    lines += [f"  mise de côté : {of} ({why})" for found in purges.values() for of, why in found.failures.items()]
    lines += [line for partner in of_each_partner for line in partner.lines()]
    failed = [found.failures for found in purges.values()] + [partner.failure for partner in of_each_partner]
    return "\n".join(lines), not any(failed)


async def run(url: str, on: date | None, *, slug: str | None = None, now: datetime | None = None) -> dict[str, Purge]:
    """The same, for who has a loop already, by the short name of the CCAS; now, or at another instant."""
    return (await _run(url, on, slug=slug, now=now))[0]


async def _run(
    url: str, on: date | None, *, slug: str | None, now: datetime | None = None
) -> tuple[dict[str, Purge], list[PartnerPurge]]:
    engine, now = open_engine(url, pool_size=1, pool_wait_seconds=30), now or datetime.now(UTC)
    try:
        await refuse_privileged_role(engine)
        found = await tenants(engine, slug)
        purges = {ccas.slug: await of_tenant(engine, ccas, ccas.day(on, now)) for ccas in found}
        return purges, await of_partners(engine, on or now.date())
    finally:
        await engine.dispose()


async def tenants(engine: AsyncEngine, slug: str | None) -> list[services.Ccas]:
    """Those of the instance by their short name, or one. Raises CommandRefused for an unknown one."""
    async with tenant_transaction(open_sessions(engine), None) as session:
        found = await services.tenants(session, slug=slug)
    if slug is not None and not found:
        raise CommandRefused(f"no CCAS is called {slug}")
    return found


async def of_tenant(engine: AsyncEngine, ccas: services.Ccas, on: date) -> Purge:
    """What a day ends the retention of at a CCAS, each request in a transaction of its own."""
    sessions, found = open_sessions(engine), Purge()
    async with tenant_transaction(sessions, ccas.id) as session:
        await kept_answers.forget(session, before=datetime.combine(on, time.min, ccas.time_zone) - KEPT)
        request_ids = await check_purges.due(session, on=on)
    for request_id in request_ids:
        try:
            found.checks += await _of_request(sessions, ccas.id, request_id, on)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one request, the others are gone through
            found.failures[request_id] = type(error).__name__
    return found


async def of_partners(engine: AsyncEngine, on: date) -> list[PartnerPurge]:
    """What a day ends the retention of at each partner: answers, used signatures, deliveries, events."""
    sessions = open_sessions(engine)
    async with tenant_transaction(sessions, None) as session:
        partners = await kept_answers.partners(session)
    return [await _of_partner(sessions, partner_id, code, on) for partner_id, code in partners]


async def _of_partner(sessions: Sessions, partner_id: UUID, code: str, on: date) -> PartnerPurge:
    found, now = PartnerPurge(code), datetime.now(UTC)
    # A day to come erases nothing that is kept today: the database would refuse it.
    before = kept_from(min(on, now.date()))
    try:
        async with tenant_transaction(sessions, None, partner_id=partner_id) as session:
            await kept_answers.forget_of_partner(session, partner_id, before=datetime.combine(on, time.min, UTC) - KEPT)
            await push_signatures.forget(session, now=now)
        found.deliveries = await _until_none(sessions, partner_id, event_purges.erase_deliveries, before)
        found.events = await _until_none(sessions, partner_id, event_purges.erase_events, before)
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one partner, the others are gone through
        found.failure = type(error).__name__
    return found


async def _until_none(sessions: Sessions, partner_id: UUID, erase: _Erase, before: datetime) -> int:
    """How many rows were erased, so many in each transaction."""
    erased = 0
    while True:
        async with tenant_transaction(sessions, None, partner_id=partner_id) as session:
            some = await erase(session, partner_id, before=before)
        if not some:
            return erased
        erased += some


async def _of_request(sessions: Sessions, tenant_id: UUID, request_id: UUID, on: date) -> int:
    async with tenant_transaction(sessions, tenant_id) as session:
        return await check_purges.purge(session, request_id, on=on)

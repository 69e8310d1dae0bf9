"""The worker: sends to the partners' endpoints what happened, as many workers at once as one likes.

A delivery is taken on lease in one transaction, sent while none is open, and settled in another. A worker that is
killed leaves a lease that expires: another one then sends the same event again, under the same `webhook-id`.
"""

import asyncio
import logging
import random
import signal
from collections.abc import AsyncIterator, Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import psycopg
from sqlalchemy.ext.asyncio import AsyncSession

from app.commands import CommandRefused
from app.database import Sessions, open_engine, open_sessions, refuse_privileged_role, tenant_transaction
from app.domain.deliveries import Attempt, AttemptOutcome
from app.domain.errors import Unavailable
from app.partners.webhooks import Line, Message, Sender
from app.services import delivery_outcomes, outbox
from app.services.outbox import Batch, Parcel
from app.settings import WorkerSettings
from app.tables.base import utc_now

# To one endpoint, and to all of them; who fails is tried with one delivery at a time.
AT_ONCE_TO_ONE, AT_ONCE = 20, 200
_POLL_SECONDS = 1
# What ends within this is settled in one transaction.
_SETTLED_EVERY_SECONDS = 0.1
_RECONNECT_SECONDS = 5
_REST_SECONDS = 60
# Its transactions wait for each other rather than for a connection, which is not waited for without end.
CONNECTIONS = 5
# So many endpoints are taken before the worker looks again: what others have taken meanwhile it leaves to them.
_TAKEN_BEFORE_A_LOOK = 50
# Names are resolved in threads, in which a slow resolver must not keep the others waiting.
_RESOLVERS = 64

_log = logging.getLogger("microcredit.worker")


@dataclass(slots=True)
class Worker:
    """What a worker works with: where, whom it serves (null: every partner), its clock, its chance; and its tally."""

    sessions: Sessions
    sender: Sender
    keys: str
    partner: str | None = None
    now: Callable[[], datetime] = utc_now
    chance: Callable[[], float] = random.random
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(CONNECTIONS))
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    delivered: int = 0
    failed: int = 0


def worker(*, once: bool, partner: str | None) -> str | None:
    """Runs until a signal, or once until nothing is due: then says what it came to.

    Raises CommandRefused for an unknown partner, PrivilegedRole; Pydantic's ValidationError names a missing setting.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)  # its lines have the addresses, with their queries
    return asyncio.run(_run(WorkerSettings(), once=once, partner=partner))


async def _run(settings: WorkerSettings, *, once: bool, partner: str | None) -> str | None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_RESOLVERS, "resolver"))
    engine = open_engine(settings.database_url, pool_size=CONNECTIONS, pool_wait_seconds=30)
    at_work = Worker(
        sessions=open_sessions(engine),
        sender=Sender(loopback_allowed=settings.webhook_loopback_allowed),
        keys=settings.encryption_keys.get_secret_value(),
        partner=partner,
    )
    try:
        await refuse_privileged_role(engine)
        if once:
            await drain(at_work)
            return f"{at_work.delivered} delivered, {at_work.failed} failed"
        await _serve(at_work, settings.database_url)
    finally:
        await engine.dispose()
    return None


async def drain(worker: Worker) -> None:
    """Sends what is due, each endpoint for itself, until nothing is. Raises CommandRefused for an unknown partner."""
    while endpoints := await _due(worker, await _partners(worker)):
        before = worker.delivered + worker.failed
        await asyncio.gather(*(_serve_endpoint(worker, *endpoint, rest_seconds=0) for endpoint in endpoints))
        if worker.delivered + worker.failed == before:
            return


async def _serve(worker: Worker, url: str) -> None:
    """Until a signal; what is under way is then settled.

    A commit wakes the worker for its partner; what became due by the time alone is looked for every second.
    """
    wake, woken = asyncio.Event(), set[UUID]()

    def end() -> None:
        worker.stop.set()
        wake.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    await _partners(worker)
    listening = asyncio.create_task(_listen(url, wake, woken))
    under_way: dict[UUID, asyncio.Task[None]] = {}
    everyone_at = loop.time()
    _log.info("started")
    while not worker.stop.is_set():
        wake.clear()
        among = woken.copy() if loop.time() < everyone_at else None
        woken.clear()
        if among is None:
            everyone_at = loop.time() + _POLL_SECONDS
        with suppress(Unavailable):
            while not worker.stop.is_set() and await attend(worker, under_way, among=among):
                among = None if among is None or loop.time() >= everyone_at else among | woken
        with suppress(TimeoutError):
            await asyncio.wait_for(wake.wait(), everyone_at - loop.time())
    listening.cancel()
    await asyncio.gather(*under_way.values(), listening, return_exceptions=True)
    _log.info("stopped: %s delivered, %s failed", worker.delivered, worker.failed)


async def attend(
    worker: Worker, under_way: dict[UUID, asyncio.Task[None]], *, among: Collection[UUID] | None = None
) -> bool:
    """Begins to serve some endpoints for which there is something to do and that are not served yet.

    Looks among the endpoints of some partners, or of all; true where it left some for another look, which comes after
    the turns of those that it chose. They are chosen by chance, so that workers seldom meet. None waits for another.
    Raises Unavailable, CommandRefused for an unknown partner.
    """
    served = await _partners(worker)
    found = await _due(worker, [one for one in served if among is None or one in among])
    for endpoint_id in [endpoint_id for endpoint_id, serving in under_way.items() if serving.done()]:
        del under_way[endpoint_id]
    found = [one for one in found if one[1] not in under_way]
    for partner_id, endpoint_id in random.sample(found, min(len(found), _TAKEN_BEFORE_A_LOOK)):
        under_way[endpoint_id] = asyncio.create_task(_serve_on(worker, partner_id, endpoint_id))
    return len(found) > _TAKEN_BEFORE_A_LOOK


async def _listen(url: str, wake: asyncio.Event, woken: set[UUID]) -> None:
    """Wakes the worker for its partner at each commit of an event. Without it, polling is what is left."""
    address = url.replace("postgresql+psycopg:", "postgresql:", 1)
    while True:
        with suppress(psycopg.Error, OSError):
            async with await psycopg.AsyncConnection.connect(address, autocommit=True) as connection:
                await connection.execute("LISTEN outbox")
                async for notification in connection.notifies():
                    woken.add(UUID(notification.payload))
                    wake.set()
        await asyncio.sleep(_RECONNECT_SECONDS)


@asynccontextmanager
async def _transaction(worker: Worker, partner_id: UUID | None = None) -> AsyncIterator[AsyncSession]:
    async with worker.turns, tenant_transaction(worker.sessions, None, partner_id=partner_id) as session:
        yield session


async def _partners(worker: Worker) -> list[UUID]:
    async with _transaction(worker) as session:
        found = await outbox.partners(session, code=worker.partner)
    if worker.partner is not None and not found:
        raise CommandRefused(f"no partner is called {worker.partner}")
    return found


async def _due(worker: Worker, partner_ids: Collection[UUID]) -> list[tuple[UUID, UUID]]:
    """The endpoints for which there is something to do, each after its partner."""
    async with _transaction(worker) as session:
        return await outbox.due(session, partner_ids=partner_ids, now=worker.now())


async def _serve_endpoint(worker: Worker, partner_id: UUID, endpoint_id: UUID, *, rest_seconds: float) -> None:
    """Sends what is due to one endpoint, batch after batch, over connections that are kept.

    One for which nothing can be done (its secret cannot be read, the database is away) is left to rest.
    """
    try:
        batch = await _take(worker, partner_id, endpoint_id)
        if batch is None:
            return
        async with worker.sender.line(batch.url, connections_max=AT_ONCE_TO_ONE) as line:
            while batch is not None:
                batch = await _send(worker, line, batch)
    except Unavailable as refusal:
        _log.error("endpoint %s: %s", endpoint_id, refusal.code)
        await _rest(worker, rest_seconds)


async def _serve_on(worker: Worker, partner_id: UUID, endpoint_id: UUID) -> None:
    """Serves an endpoint; a fault of ours is told with its place, and not met again at every turn."""
    try:
        await _serve_endpoint(worker, partner_id, endpoint_id, rest_seconds=_REST_SECONDS)
    except Exception:  # noqa: BLE001 - whatever it was, it is told once and the endpoint is tried again later
        _log.exception("endpoint %s", endpoint_id)
        await _rest(worker, _REST_SECONDS)


async def _rest(worker: Worker, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(worker.stop.wait(), seconds)


async def _take(worker: Worker, partner_id: UUID, endpoint_id: UUID) -> Batch | None:
    async with _transaction(worker, partner_id) as session:
        return await outbox.take(session, endpoint_id, partner_id=partner_id, now=worker.now(), keys=worker.keys)


async def _send(worker: Worker, line: Line, batch: Batch) -> Batch | None:
    """Sends a batch; what has ended is settled while the rest is still under way. With the last the next is taken."""
    at_once, following = asyncio.Semaphore(AT_ONCE_TO_ONE), None
    under_way = {asyncio.create_task(_attempt(worker, line, batch, parcel, at_once)) for parcel in batch.parcels}
    while under_way:
        ended, under_way = await asyncio.wait(under_way, timeout=_SETTLED_EVERY_SECONDS)
        if not ended:
            continue
        attempted = [task.result() for task in ended]
        async with _transaction(worker, batch.partner_id) as session:
            settled = await delivery_outcomes.settle(session, batch, attempted, now=worker.now(), chance=worker.chance)
            if not (under_way or worker.stop.is_set()):
                following = await outbox.take_more(session, settled.endpoint, now=worker.now(), keys=worker.keys)
        for news in settled.news:
            _log.warning("endpoint %s: %s", batch.endpoint_id, news)
        for _, attempt in attempted:
            worker.delivered += attempt.outcome is AttemptOutcome.DELIVERED
            worker.failed += attempt.outcome is not AttemptOutcome.DELIVERED
    return following


async def _attempt(
    worker: Worker, line: Line, batch: Batch, parcel: Parcel, at_once: asyncio.Semaphore
) -> tuple[Parcel, Attempt]:
    async with at_once, worker.places:
        message = Message(parcel.event_id, parcel.body)
        return parcel, await line.send(message, secrets=batch.secrets, at=worker.now())

"""How long the news takes to reach each of many banks at once, beside one whose machine takes connections and hangs.

All of it happens in one commit, the harshest case: then two workers as production starts them tell every bank. The
banks are one receiver, which checks every signature.
"""

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter
from uuid import UUID, uuid4

import psycopg
from standardwebhooks import Webhook

from app.security import seal
from benchmarks.database import FilledTenant, empty_database, fill_lender, identifier
from benchmarks.outbox import ENDPOINT, EVENT, KEYS, SECRET, WORKERS, bind, requests, workers
from benchmarks.processes import BenchError, Server

_ROUNDS = 3
# What waits for the machine that hangs: more than a worker sends to one endpoint at once.
_HANGING = 60
_REST_SECONDS, _IDLE_SECONDS, _PATIENCE_SECONDS = 2, 5, 240
_P99_SECONDS_EXPECTED = 2


@dataclass(slots=True)
class Banks:
    """When each bank was told, and how often, of what happened in one commit."""

    number: int
    webhook: Webhook = field(default_factory=lambda: Webhook(SECRET))
    told_at: dict[str, float] = field(default_factory=dict)
    received: int = 0
    whole: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a worker, to its end."""
        async for body, headers in requests(reader, writer):
            event_id = str(self.webhook.verify(body, headers)["data"]["event_id"])
            self.received += 1
            self.told_at.setdefault(event_id, perf_counter())
            if len(self.told_at) == self.number:
                self.whole.set()


@dataclass(frozen=True, slots=True)
class Round:
    """One commit: the seconds until each bank was told, the sendings, and what a delivery cost the workers."""

    seconds: list[float]
    received: int
    cpu_ms: float


def report(endpoints: int) -> str:
    """The delays of each round, and what idle workers do. Raises LocalPostgresError, BenchError."""
    busy = os.getloadavg()[0]
    with empty_database() as (owner_url, service_url):
        lender = fill_lender(owner_url, requests=max(endpoints, _HANGING))
        rounds, idle = asyncio.run(_measure(owner_url, service_url, lender, endpoints))
    return "\n".join(
        (
            f"{endpoints} banks told of one event each, committed at once, beside one that hangs; {WORKERS} workers",
            f"{len(os.sched_getaffinity(0))} cores for all, PostgreSQL and the receiver too; load average {busy:.1f}",
            *(_line(one) for one in rounds),
            f"{sum(one.received for one in rounds) - _ROUNDS * endpoints:>10} told twice",
            f"{idle:>10.1%} of a core for each worker while nothing happens",
            f"expected: 99 in 100 within {_P99_SECONDS_EXPECTED} s",
        )
    )


def _line(one: Round) -> str:
    ordered = sorted(one.seconds)
    return (
        f"{median(ordered):>10.2f} s for half of them, {ordered[len(ordered) * 99 // 100]:.2f} s for 99 in 100,"
        f" {ordered[-1]:.2f} s for all; {one.cpu_ms:.1f} ms of the workers' processors a delivery"
    )


async def _measure(owner_url: str, service_url: str, lender: FilledTenant, endpoints: int) -> tuple[list[Round], float]:
    hanging = await asyncio.start_server(_hang, "127.0.0.1", 0)
    banks = Banks(endpoints)
    receiver = await asyncio.start_server(banks.serve, "127.0.0.1", 0, backlog=1_024)
    stuck, partners = uuid4(), [uuid4() for _ in range(endpoints)]
    with psycopg.connect(owner_url.replace("postgresql+psycopg:", "postgresql:", 1)) as owner:
        names = [(one, f"bench_{number}", f"Bank {number}") for number, one in enumerate([stuck, *partners])]
        owner.cursor().executemany(
            "insert into partners (id, code, name, entered_at) values (%s, %s, %s, now())", names
        )
    with psycopg.connect(service_url.replace("postgresql+psycopg:", "postgresql:", 1), autocommit=True) as app:
        _register(app, lender, [stuck], hanging)
        _register(app, lender, partners, receiver)
        _happens(app, lender, [stuck] * _HANGING)
        with workers(service_url) as started:
            await _round(app, lender, partners, banks, started)
            await asyncio.sleep(_REST_SECONDS)
            used = _cpu_seconds(started)
            await asyncio.sleep(_IDLE_SECONDS)
            idle = (_cpu_seconds(started) - used) / _IDLE_SECONDS / WORKERS
            rounds = [await _round(app, lender, partners, banks, started) for _ in range(_ROUNDS)]
    for server in (hanging, receiver):
        server.close()
    return rounds, idle


async def _round(
    app: psycopg.Connection, lender: FilledTenant, partners: list[UUID], banks: Banks, started: list[Server]
) -> Round:
    banks.told_at, banks.received = {}, 0
    banks.whole.clear()
    used = _cpu_seconds(started)
    await asyncio.to_thread(_happens, app, lender, partners)
    began = perf_counter()
    try:
        await asyncio.wait_for(banks.whole.wait(), _PATIENCE_SECONDS)
    except TimeoutError:
        raise BenchError(f"{len(banks.told_at)} of {len(partners)} banks were told in {_PATIENCE_SECONDS} s") from None
    await asyncio.sleep(1)  # what was sent is settled, and would be told again by now
    cpu_ms = (_cpu_seconds(started) - used) / len(partners) * 1_000
    return Round([at - began for at in banks.told_at.values()], banks.received, cpu_ms)


def _register(app: psycopg.Connection, lender: FilledTenant, partners: list[UUID], server: asyncio.Server) -> None:
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    sealed = seal(SECRET, keys=KEYS)
    with app.transaction():
        for partner_id in partners:
            bind(app, lender.id, partner_id)
            app.execute(ENDPOINT, [partner_id, uuid4(), url, sealed])


def _happens(app: psycopg.Connection, lender: FilledTenant, partners: list[UUID]) -> None:
    """Something befalls a file of each of the banks, in one commit."""
    with app.transaction():
        bind(app, lender.id, lender.partner_id)
        for number, partner_id in enumerate(partners):
            handoff = identifier("800f", lender.first + number)
            app.execute(EVENT, [lender.id, uuid4(), handoff, handoff, partner_id])


async def _hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError, asyncio.CancelledError):
        while await reader.read(65_536):
            pass
    writer.close()


def _cpu_seconds(started: list[Server]) -> float:
    return sum(worker.cpu_seconds() or 0 for worker in started)

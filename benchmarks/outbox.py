"""How many events a second reach a bank that was away: by two workers as production starts them, then as it reads.

The bank checks every signature, and counts what it was never told, told twice, or told in the wrong order.
"""

import asyncio
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from uuid import UUID, uuid4

import httpx
import psycopg
from standardwebhooks import Webhook

from app.security import seal
from benchmarks.database import FilledTenant, empty_database, fill_lender, identifier
from benchmarks.processes import BenchError, Server, service

WORKERS, _HANDOFFS = 2, 2_000
# Fewer than so many a second is no measure, but a fault.
_DELIVERIES_A_SECOND_MIN = 20
KEYS = "a-key-for-the-benchmark-alone-and-never-elsewhere"
SECRET = "whsec_" + "A" * 44
ENDPOINT = (
    "insert into webhook_endpoints (partner_id, id, version, url, secret_sealed, position, entered_at)"
    " values (%s, %s, 1, %s, %s, 0, now())"
)
EVENT = (
    "insert into events (tenant_id, id, subject, subject_id, kind, status, handoff_id, partner_id, entered_at)"
    " values (%s, %s, 'handoff', %s, 'handoff.received', 'received', %s, %s, now())"
)


@dataclass(slots=True)
class Bank:
    """What was received of so many events, and when the first and the last came; each handoff with its sequences."""

    events: int
    webhook: Webhook = field(default_factory=lambda: Webhook(SECRET))
    received: int = 0
    began: float = 0
    ended: float = 0
    ids: set[str] = field(default_factory=set)
    sequences: dict[str, list[int]] = field(default_factory=dict)
    whole: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a worker, to its end."""
        async for body, headers in requests(reader, writer):
            self._take(self.webhook.verify(body, headers)["data"])

    def _take(self, data: dict[str, str | int]) -> None:
        self.received += 1
        self.ended = perf_counter()
        self.began = self.began or self.ended
        self.ids.add(str(data["event_id"]))
        self.sequences.setdefault(str(data["handoff_id"]), []).append(int(data["sequence"]))
        if len(self.ids) == self.events:
            self.whole.set()


def report(events: int) -> str:
    """Deliveries a second, events read a second, and what went wrong. Raises LocalPostgresError, BenchError."""
    with empty_database() as (owner_url, service_url):
        lender = fill_lender(owner_url, requests=_HANDOFFS)
        bank = asyncio.run(_measure(service_url, lender, events))
        read_in = _read(service_url, lender, events)
        size = _size(owner_url)
    disordered = sum(told != sorted(told) for told in bank.sequences.values())
    return "\n".join(
        (
            f"{events} events of {_HANDOFFS} handoffs, {WORKERS} workers, one receiver that verifies each signature",
            f"{bank.received / (bank.ended - bank.began):>10.0f} deliveries/s",
            f"{events - len(bank.ids):>10} lost",
            f"{bank.received - len(bank.ids):>10} told twice",
            f"{disordered:>10} handoffs out of order",
            f"{events / read_in:>10.0f} events/s read from GET /v1/partner/events, one page after another",
            f"{size / events:>10.0f} bytes an event in the database, with its delivery, its attempt and their indexes",
        )
    )


async def requests(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> AsyncIterator[tuple[bytes, dict[str, str]]]:
    """The body and headers of each request of a connection; taken with 204 once the next one is asked for."""
    with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").split("\r\n")
            pairs = [line.partition(":") for line in head[1:] if line]
            headers = {name.lower(): value.strip() for name, _, value in pairs}
            yield await reader.readexactly(int(headers["content-length"])), headers
            writer.write(b"HTTP/1.1 204 X\r\n\r\n")
            await writer.drain()
    writer.close()


async def _measure(service_url: str, lender: FilledTenant, events: int) -> Bank:
    bank = Bank(events)
    server = await asyncio.start_server(bank.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    _make(service_url, lender, f"http://127.0.0.1:{port}/", events)
    patience = 60 + events / _DELIVERIES_A_SECOND_MIN
    with workers(service_url):
        try:
            await asyncio.wait_for(bank.whole.wait(), patience)
        except TimeoutError:
            raise BenchError(f"{len(bank.ids)} of {events} events came in {patience:.0f} s") from None
    server.close()
    return bank


@contextmanager
def workers(service_url: str) -> Iterator[list[Server]]:
    """Two workers as production starts them, each in a session of its own."""
    environment = {
        **os.environ,
        "DATABASE_URL": service_url,
        "ENCRYPTION_KEYS": KEYS,
        "WEBHOOK_LOOPBACK_ALLOWED": "true",
    }
    command = [sys.executable, "-m", "app.cli", "worker"]
    started = [subprocess.Popen(command, env=environment, start_new_session=True) for _ in range(WORKERS)]
    try:
        yield [Server("", worker.pid) for worker in started]
    finally:
        for worker in started:
            worker.terminate()
        for worker in started:
            worker.wait()


def _read(service_url: str, lender: FilledTenant, events: int) -> float:
    """The seconds in which the bank reads all of it by the API. Raises BenchError where it is not all there."""
    with (
        tempfile.TemporaryDirectory(prefix="microcredit-bench-") as folder,
        service(service_url, secrets.token_hex(32), Path(folder) / "service.log") as server,
        httpx.Client(base_url=server.address, trust_env=False, timeout=30) as client,
    ):
        token = client.post("/v1/auth/token", data=lender.form).raise_for_status().json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        began, position, found = perf_counter(), 0, 0
        while page := _page(client, position):
            position, found = page[-1]["data"]["position"], found + len(page)
        if found != events:
            raise BenchError(f"{found} of {events} events can be read")
        return perf_counter() - began


def _page(client: httpx.Client, after: int) -> list[dict[str, dict[str, int]]]:
    answer = client.get("/v1/partner/events", params={"after": after, "limit": 500})
    items: list[dict[str, dict[str, int]]] = answer.raise_for_status().json()["items"]
    return items


def _size(owner_url: str) -> int:
    tables = ("partner_events", "webhook_deliveries", "webhook_attempts")
    with psycopg.connect(owner_url.replace("postgresql+psycopg:", "postgresql:", 1)) as owner:
        asked = "select sum(pg_total_relation_size(name::regclass))::bigint from unnest(%s::text[]) as name"
        row = owner.execute(asked, [list(tables)]).fetchone()
    return int(row[0]) if row else 0


def _make(service_url: str, lender: FilledTenant, url: str, events: int) -> None:
    """The endpoint of the bank, then the events, as many of each handoff."""
    handoffs = [identifier("800f", lender.first + number) for number in range(_HANDOFFS)]
    sealed = seal(SECRET, keys=KEYS)
    with psycopg.connect(service_url.replace("postgresql+psycopg:", "postgresql:", 1), autocommit=True) as app:
        with app.transaction():
            bind(app, lender.id, lender.partner_id)
            app.execute(ENDPOINT, [lender.partner_id, uuid4(), url, sealed])
        for number in range(0, events, 100):
            with app.transaction():
                bind(app, lender.id, lender.partner_id)
                for offset in range(min(100, events - number)):
                    handoff = handoffs[(number + offset) % _HANDOFFS]
                    app.execute(EVENT, [lender.id, uuid4(), handoff, handoff, lender.partner_id])


def bind(app: psycopg.Connection, tenant_id: UUID, partner_id: UUID | None) -> None:
    """Binds a transaction to a CCAS and to a bank."""
    for name, value in (("app.tenant_id", tenant_id), ("app.partner_id", partner_id)):
        app.execute("select set_config(%s, %s, true)", [name, str(value)])

"""`./run bench`: reads, lists, repayments and FICP pushes a second, beside two ceilings of the same run.

The service runs as in production (two workers, authentication, isolation, a durable database) on this machine,
with the load and the database beside it: read the shares rather than the numbers. It informs, it never fails.
"""

import argparse
import asyncio
import os
import secrets
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg

from app.commands import CommandRefused
from app.local_postgres import LocalPostgresError, stop_signals
from benchmarks import (
    batches,
    documents,
    endpoints,
    ledger,
    outbox,
    pgbench,
    processes,
    report,
    search,
    simulations,
    tenants,
    wrk,
)
from benchmarks.capture import Captured, capture, check_walls, in_process
from benchmarks.database import FilledDatabase, FilledTenant, count_entered, filled_database
from benchmarks.hot_spots import profile
from benchmarks.processes import BenchError, Server
from benchmarks.report import Line
from benchmarks.workloads import WORKLOADS, Workload

_WARM_UP_SECONDS = 2
_PATIENCE_SECONDS = 60
_TENANTS_MAX = 100_000

Signed = list[tuple[FilledTenant, str]]


@dataclass(frozen=True, slots=True)
class Callers:
    """Who is signed in: the staff of CCAS that lend, and the machines of banks."""

    staff: Signed
    lenders: Signed

    def of(self, workload: Workload) -> Signed:
        """Those who send a workload."""
        return self.lenders if workload.by_lender else self.staff


def main() -> int:
    """0 whatever the figures are; 1 when nothing could be measured."""
    parser = argparse.ArgumentParser(prog="./run bench", description="How many requests a second, beside two ceilings.")
    parser.add_argument("--seconds", type=int, default=6, help="of each measurement (default 6)")
    parser.add_argument("--profile", action="store_true", help="measure nothing: show where the time goes")
    parser.add_argument("--tenants", type=_count, nargs="?", const=1_000, help="only load so many CCAS (default 1000)")
    parser.add_argument("--search", action="store_true", help="only find files again among 100 000")
    parser.add_argument("--ledger", action="store_true", help="only what each safeguard of the ledger costs")
    parser.add_argument(
        "--outbox", type=_count, nargs="?", const=4_000, help="only send so many events to a bank here (default 4000)"
    )
    parser.add_argument("--endpoints", type=_count, help="with --outbox: only tell so many banks at once, one hanging")
    parser.add_argument("--documents", action="store_true", help="only make each paper, of data that differ")
    options = parser.parse_args()
    try:
        if options.documents:
            print(documents.report(), flush=True)
            return 0
        if options.ledger:
            with stop_signals():
                print(ledger.report(), flush=True)
            return 0
        if options.outbox:
            with stop_signals():
                told = endpoints.report(options.endpoints) if options.endpoints else outbox.report(options.outbox)
                print(told, flush=True)
            return 0
        if options.tenants:
            with stop_signals():
                print(tenants.report(options.tenants), flush=True)
            return 0
        if options.search:
            with stop_signals():
                print(search.report(), flush=True)
            return 0
        with stop_signals(), ExitStack() as stack:
            busy = os.getloadavg()[0]
            versions = [] if options.profile else [wrk.version()]
            _say("Filling a database…")
            database = stack.enter_context(filled_database())
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="microcredit-bench-")))
            secret = secrets.token_hex(32)
            server = stack.enter_context(processes.service(database.service_url, secret, folder / "service.log"))
            callers = Callers(
                *(
                    [(tenant, _sign_in(server.address, tenant)) for tenant in signing]
                    for signing in (database.tenants, database.lenders)
                )
            )
            if options.profile:
                asyncio.run(_profile_all(database, secret, callers))
                return 0
            _say("Measuring simulations…")
            calculated = simulations.report(server.address, database.lenders[0].slug)
            seen = asyncio.run(_capture_all(database, secret, callers))
            bare = stack.enter_context(processes.bare(folder / "bare.log"))
            versions += report.surroundings(database, busy=busy)
            lines = [
                _measure(workload, seen[workload.name], database, callers, server, bare, options.seconds, folder)
                for workload in WORKLOADS
            ]
            print(report.table(lines, versions, seconds=options.seconds), calculated, sep="\n\n", flush=True)
    except KeyboardInterrupt:
        return 130
    except (BenchError, CommandRefused, LocalPostgresError, psycopg.Error, httpx.HTTPError) as error:
        print(f"./run bench: {error}", file=sys.stderr)
        return 1
    return 0


def _count(text: str) -> int:
    if not 0 < int(text) <= _TENANTS_MAX:
        raise ValueError(text)
    return int(text)


def _measure(
    workload: Workload,
    captured: Sequence[Captured],
    database: FilledDatabase,
    callers: Callers,
    server: Server,
    bare: Server,
    seconds: int,
    folder: Path,
) -> Line:
    """The service and both ceilings one right after the other, so that what slows one slows the others."""
    _say(f"Measuring {workload.name}…")
    signed = callers.of(workload)
    if workload.items == 1:
        wrk.load(server.address, wrk.script(workload, signed), seconds=_WARM_UP_SECONDS, folder=folder)
    before, used_before = count_entered(database), server.cpu_seconds()
    if workload.items == 1:
        service = wrk.load(server.address, wrk.script(workload, signed), seconds=seconds, folder=folder)
    else:
        service = batches.load(server.address, workload, signed)
    entered, used = count_entered(database) - before, server.cpu_seconds()
    answered = service.answers * workload.items
    cpu_ms = (used - used_before) / answered * 1000 if used and used_before and answered else None
    framework = wrk.load(bare.address, wrk.bare_script(), seconds=seconds, folder=folder)
    replayed, refusal = _replay(workload, captured, signed, database, seconds, folder)
    remarks = [refusal] if refusal else []
    if workload.method == "POST":
        around = 2 * wrk.CONNECTIONS if workload.items == 1 else 0
        remarks.append(f"{entered} rows entered for {answered} answers; {around} may fall at the edges")
    return Line(workload, service, cpu_ms, framework.per_second, replayed, len(captured[0].statements), remarks)


def _replay(
    workload: Workload,
    captured: Sequence[Captured],
    signed: Signed,
    database: FilledDatabase,
    seconds: int,
    folder: Path,
) -> tuple[float | None, str | None]:
    program = pgbench.find()
    if program is None:
        return None, "pgbench was not found: it comes with PostgreSQL (apt install postgresql-contrib)"
    scripts = [pgbench.script(workload, tenant, c) for (tenant, _), c in zip(signed, captured, strict=True)]
    clients = wrk.CONNECTIONS if workload.items == 1 else len(signed)
    url = database.service_url
    try:
        return pgbench.per_second(program, url, scripts, clients=clients, seconds=seconds, folder=folder), None
    except ValueError as refused:
        return None, f"pgbench: {refused}"


def _sign_in(address: str, tenant: FilledTenant) -> str:
    answer = httpx.post(f"{address}/v1/auth/token", data=tenant.form, trust_env=False, timeout=_PATIENCE_SECONDS)
    if not answer.is_success:
        raise BenchError(f"the tenant of {tenant.first} cannot sign in: {answer.text}")
    return str(answer.json()["access_token"])


async def _capture_all(database: FilledDatabase, secret: str, callers: Callers) -> dict[str, list[Captured]]:
    async with in_process(database.service_url, secret) as (app, client):
        await check_walls(client, foreign=callers.staff[1][0], token=callers.staff[0][1])
        return {
            w.name: [await capture(app, client, w, tenant, token) for tenant, token in callers.of(w)] for w in WORKLOADS
        }


async def _profile_all(database: FilledDatabase, secret: str, callers: Callers) -> None:
    async with in_process(database.service_url, secret) as (_, client):
        for workload in WORKLOADS:
            await profile(client, workload, *callers.of(workload)[0])


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

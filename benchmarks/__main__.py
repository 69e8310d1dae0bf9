"""`./run bench`: reads, lists and repayments a second, beside two ceilings of the same run. It informs, it never fails.

The service runs as in production (two workers, authentication, isolation, a durable database) on this machine,
with the load and the database beside it: read the shares rather than the numbers.
"""

import argparse
import asyncio
import os
import secrets
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import httpx
import psycopg

from app.local_postgres import LocalPostgresError, stop_signals
from benchmarks import pgbench, processes, report, wrk
from benchmarks.capture import Captured, capture, check_walls, in_process
from benchmarks.database import FilledDatabase, FilledTenant, count_repayments, filled_database
from benchmarks.hot_spots import profile
from benchmarks.processes import BenchError, Server
from benchmarks.report import Line
from benchmarks.workloads import WORKLOADS, Workload

_WARM_UP_SECONDS = 2
_PATIENCE_SECONDS = 60

Signed = list[tuple[FilledTenant, str]]


def main() -> int:
    """0 whatever the figures are; 1 when nothing could be measured."""
    parser = argparse.ArgumentParser(prog="./run bench", description="How many requests a second, beside two ceilings.")
    parser.add_argument("--seconds", type=int, default=6, help="of each measurement (default 6)")
    parser.add_argument("--profile", action="store_true", help="measure nothing: show where the time goes")
    options = parser.parse_args()
    try:
        with stop_signals(), ExitStack() as stack:
            busy = os.getloadavg()[0]
            versions = [] if options.profile else [wrk.version()]
            _say("Filling a database…")
            database = stack.enter_context(filled_database())
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="microcredit-bench-")))
            secret = secrets.token_hex(32)
            server = stack.enter_context(processes.service(database.service_url, secret, folder / "service.log"))
            signed = [(tenant, _sign_in(server.address, tenant)) for tenant in database.tenants]
            if options.profile:
                asyncio.run(_profile_all(database, secret, signed))
                return 0
            seen = asyncio.run(_capture_all(database, secret, signed))
            bare = stack.enter_context(processes.bare(folder / "bare.log"))
            versions += report.surroundings(database, busy=busy)
            lines = [
                _measure(workload, seen[workload.name], database, signed, server, bare, options.seconds, folder)
                for workload in WORKLOADS
            ]
            print(report.table(lines, versions, seconds=options.seconds), flush=True)
    except KeyboardInterrupt:
        return 130
    except (BenchError, LocalPostgresError, psycopg.Error, httpx.HTTPError) as error:
        print(f"./run bench: {error}", file=sys.stderr)
        return 1
    return 0


def _measure(
    workload: Workload,
    captured: Sequence[Captured],
    database: FilledDatabase,
    signed: Signed,
    server: Server,
    bare: Server,
    seconds: int,
    folder: Path,
) -> Line:
    """The service and both ceilings one right after the other, so that what slows one slows the others."""
    _say(f"Measuring {workload.name}…")
    wrk.load(server.address, wrk.script(workload, signed), seconds=_WARM_UP_SECONDS, folder=folder)
    before, used_before = count_repayments(database), server.cpu_seconds()
    service = wrk.load(server.address, wrk.script(workload, signed), seconds=seconds, folder=folder)
    entered, used = count_repayments(database) - before, server.cpu_seconds()
    cpu_ms = (used - used_before) / service.answers * 1000 if used and used_before and service.answers else None
    framework = wrk.load(bare.address, wrk.bare_script(), seconds=seconds, folder=folder)
    replayed, refusal = _replay(workload, captured, database, seconds, folder)
    remarks = [refusal] if refusal else []
    if workload.method == "POST":
        around = 2 * wrk.CONNECTIONS
        remarks.append(f"{entered} rows entered for {service.answers} answers; {around} may fall at the edges")
    return Line(workload, service, cpu_ms, framework.per_second, replayed, len(captured[0].statements), remarks)


def _replay(
    workload: Workload, captured: Sequence[Captured], database: FilledDatabase, seconds: int, folder: Path
) -> tuple[float | None, str | None]:
    program = pgbench.find()
    if program is None:
        return None, "pgbench was not found: it comes with PostgreSQL (apt install postgresql-contrib)"
    scripts = [pgbench.script(workload, tenant, c) for tenant, c in zip(database.tenants, captured, strict=True)]
    try:
        return pgbench.per_second(program, database.service_url, scripts, seconds=seconds, folder=folder), None
    except ValueError as refused:
        return None, f"pgbench: {refused}"


def _sign_in(address: str, tenant: FilledTenant) -> str:
    form = {"grant_type": "password", "username": tenant.username, "password": tenant.password}
    answer = httpx.post(f"{address}/v1/auth/token", data=form, trust_env=False, timeout=_PATIENCE_SECONDS)
    if not answer.is_success:
        raise BenchError(f"{tenant.username} cannot sign in: {answer.text}")
    return str(answer.json()["access_token"])


async def _capture_all(database: FilledDatabase, secret: str, signed: Signed) -> dict[str, list[Captured]]:
    async with in_process(database.service_url, secret) as (app, client):
        await check_walls(client, foreign=signed[1][0], token=signed[0][1])
        return {w.name: [await capture(app, client, w, tenant, token) for tenant, token in signed] for w in WORKLOADS}


async def _profile_all(database: FilledDatabase, secret: str, signed: Signed) -> None:
    async with in_process(database.service_url, secret) as (_, client):
        for workload in WORKLOADS:
            await profile(client, workload, *signed[0])


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

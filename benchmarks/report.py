"""The figures in plain text, with what one must know to read them."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version

from benchmarks.database import CHECKED, LOANS, REQUESTS, FilledDatabase, server_settings
from benchmarks.processes import WORKERS
from benchmarks.workloads import Workload
from benchmarks.wrk import CONNECTIONS, THREADS, Measure

_HEADINGS = (
    "",
    "per second",
    "p50 ms",
    "p99 ms",
    "CPU ms",
    "bare FastAPI",
    "share",
    "pgbench",
    "share",
    "SQL",
    "expected",
)
_PACKAGES = ("fastapi", "pydantic", "sqlalchemy", "psycopg", "uvicorn")
_IDLE_LOAD = 1.0


@dataclass(frozen=True, slots=True)
class Line:
    """One workload: the service, both ceilings, and the statements of one request.

    `cpu_ms` is the processor time that the service spent on one answer, or on one item, the database's not counted.
    """

    workload: Workload
    service: Measure
    cpu_ms: float | None
    bare_per_second: float
    pgbench_per_second: float | None
    statements: int
    remarks: list[str]


def surroundings(database: FilledDatabase, *, busy: float) -> list[str]:
    """The machine, the versions, the data; `busy` is the load average before the run began."""
    postgres, durability = server_settings(database)
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    cores = len(os.sched_getaffinity(0))
    rows = f"{REQUESTS} people, {REQUESTS} requests, {LOANS} loans of 24 instalments"
    banks = f"{len(database.lenders)} more, each with a bank and {CHECKED} prechecks that it has not answered"
    others = ["The machine was not idle: the numbers a second are too low, the shares and CPU ms say more."]
    return [
        f"PostgreSQL {postgres} ({durability}), Python {platform.python_version()}, {packages}",
        f"{cores} cores for wrk, the service and PostgreSQL together; load average before the run {busy:.1f}",
        f"{len(database.tenants)} tenants at once, each with {rows}",
        banks,
        *(others if busy > _IDLE_LOAD else []),
    ]


def table(lines: Sequence[Line], versions: Sequence[str], *, seconds: int) -> str:
    """The whole report."""
    rows = [_HEADINGS, *(_row(line) for line in lines)]
    wide = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    drawn = [
        "  ".join(f"{cell:<{wide[i]}}" if i == 0 else f"{cell:>{wide[i]}}" for i, cell in enumerate(row)).rstrip()
        for row in rows
    ]
    shape = f"{WORKERS} workers, {CONNECTIONS} connections, {THREADS} threads of wrk, {seconds} s each"
    notes = [f"{line.workload.name}: {remark}" for line in lines for remark in (*line.remarks, *_judgements(line))]
    explained = (
        "bare FastAPI: a route that does nothing, on as many workers. pgbench: the same statements as the same role,"
        " without Python.\nSQL: statements of one request, BEGIN and COMMIT not counted. CPU ms: of the service"
        " alone, for one answer.\nOf a batch, all but the milliseconds are for one item; each bank sends two, one"
        " after the other."
    )
    return "\n".join(["", *drawn, "", shape, *versions, "", explained, "", *notes])


def _row(line: Line) -> tuple[str, ...]:
    seen, items = line.service, line.workload.items
    per_second = seen.per_second * items
    replayed = line.pgbench_per_second * items if line.pgbench_per_second else None
    return (
        line.workload.name,
        f"{per_second:.0f}",
        f"{seen.p50_ms:.1f}",
        f"{seen.p99_ms:.1f}",
        f"{line.cpu_ms:.2f}" if line.cpu_ms else "-",
        f"{line.bare_per_second:.0f}",
        f"{per_second / line.bare_per_second:.1%}",
        f"{replayed:.0f}" if replayed else "-",
        f"{per_second / replayed:.1%}" if replayed else "-",
        f"{line.statements / items:.4g}",
        f">= {line.workload.at_least}" if line.workload.at_least else "",
    )


def _judgements(line: Line) -> list[str]:
    seen, wanted = line.service, line.workload.at_least
    told = []
    if seen.refused or seen.broken:
        told.append(f"{seen.refused} answers were not 2xx and {seen.broken} never came: the line measures nothing")
    if wanted and seen.per_second < wanted:
        told.append(f"below the {wanted} a second expected on two cores; ./run bench --profile shows where time goes")
    return told

"""Where the time of a request goes inside the process: what to read when a figure is below what is expected."""

import cProfile
import pstats
import sys
from pathlib import Path
from time import perf_counter

import httpx

from benchmarks.capture import send
from benchmarks.database import FilledTenant
from benchmarks.workloads import Workload, numbers

_REQUESTS = 300  # or as many items
_LINES = 40


async def profile(client: httpx.AsyncClient, workload: Workload, tenant: FilledTenant, token: str) -> None:
    """Prints what a request costs without the profiler, then the functions that cost most with it."""
    began = perf_counter()
    await _send_many(client, workload, tenant, token, "plain")
    milliseconds = (perf_counter() - began) / _requests(workload) * 1000
    profiler = cProfile.Profile()
    profiler.enable()
    await _send_many(client, workload, tenant, token, "profiled")
    profiler.disable()
    root = str(Path(__file__).parents[1])
    print(f"\n{workload.name}: {milliseconds:.2f} ms a request, one at a time, the client in Python included")
    pstats.Stats(profiler, stream=sys.stdout).sort_stats("tottime").print_stats(_LINES)
    print(f"of which our own code ({root}/app)")
    pstats.Stats(profiler, stream=sys.stdout).sort_stats("cumtime").print_stats(f"{root}/app/", _LINES)


async def _send_many(client: httpx.AsyncClient, workload: Workload, tenant: FilledTenant, token: str, run: str) -> None:
    rows = numbers(workload, tenant)
    for number in range(_requests(workload)):
        await send(client, workload, rows[number % len(rows)], f"{run}-{workload.items}-{number}", token)


def _requests(workload: Workload) -> int:
    return max(1, _REQUESTS // workload.items)

"""Load by batches: a few large requests that take the service seconds each, so that a client in Python is enough."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from secrets import token_hex
from time import perf_counter

import httpx

from benchmarks.database import FilledTenant
from benchmarks.processes import BenchError
from benchmarks.workloads import Workload, numbers
from benchmarks.wrk import Measure

_ROUNDS = 2
_PATIENCE_SECONDS = 600


def load(address: str, workload: Workload, signed: Sequence[tuple[FilledTenant, str]]) -> Measure:
    """Each bank sends its batches one after the other, all banks at once; measured until the last is answered.

    Raises BenchError when an item is refused, httpx.HTTPError.
    """
    run = token_hex(6)
    began = perf_counter()
    with ThreadPoolExecutor(len(signed)) as banks:
        told = banks.map(lambda bank: _send(address, workload, bank[0], bank[1], run), signed)
        milliseconds = sorted(each for of_bank in told for each in of_bank)
    return Measure(
        answers=len(milliseconds),
        per_second=len(milliseconds) / (perf_counter() - began),
        p50_ms=milliseconds[len(milliseconds) // 2],
        p99_ms=milliseconds[-1],
        refused=0,
        broken=0,
    )


def _send(address: str, workload: Workload, tenant: FilledTenant, token: str, run: str) -> list[float]:
    """The milliseconds of each batch of a bank."""
    milliseconds = []
    with httpx.Client(base_url=address, trust_env=False, timeout=_PATIENCE_SECONDS) as client:
        for row in numbers(workload, tenant)[:_ROUNDS]:
            unique = f"{run}-{row}"
            path, body = workload.filled(row, unique)
            headers = {
                "Authorization": f"Bearer {token}",
                "Content-Type": "application/json",
                "Idempotency-Key": unique,
            }
            sent = perf_counter()
            answer = client.request(workload.method, path, content=body, headers=headers)
            milliseconds.append((perf_counter() - sent) * 1000)
            if not answer.is_success or any(item["status"] != "recorded" for item in answer.json()["items"]):
                raise BenchError(f"{workload.name}: {answer.status_code} {answer.text[:300]}")
    return milliseconds

"""What it costs to find one's own files again by their words, beside reading one of them by its identifier."""

import secrets
import tempfile
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

import httpx

from benchmarks.database import FilledTenant, empty_database, fill_searched, identifier
from benchmarks.processes import BenchError, service

FILES, OTHERS, FILES_OF_OTHERS = 100_000, 6, 5_000
_CALLS, _WARM_UP_CALLS = 200, 20
_EXPECTED_MS = 50
# Each is asked in turn with the others of its line.
_SEARCHES = {
    "rare name": ["sotid", "haviron", "benmiy"],
    "common name": ["camille", "martin"],
    "name and first name": ["martin camille", "durand marie", "zoe bernard"],
    "two common words, few files": ["yann zoe", "martin scooter"],
    "reference": ["D-2003-4001", "D-2012-0417", "D-2019-0333"],
    "two letters": ["ma", "so", "du"],
    "phone": ["06 12 34", "0612"],
}


def report() -> str:
    """The figures, on a database of their own. Raises BenchError, LocalPostgresError, httpx.HTTPError."""
    with empty_database() as (owner_url, service_url), tempfile.TemporaryDirectory(prefix="microcredit-bench-") as name:
        began = perf_counter()
        tenants = fill_searched(owner_url, [FILES, *[FILES_OF_OTHERS] * OTHERS])
        filled = perf_counter() - began
        with service(service_url, secrets.token_hex(32), Path(name) / "service.log") as server:
            return f"{_measure(server.address, tenants[0])}\nfilled in {filled:.0f} s, one file after the other"


def _measure(address: str, tenant: FilledTenant) -> str:
    with httpx.Client(base_url=address, trust_env=False, timeout=60) as client:
        token = client.post("/v1/auth/token", data=tenant.form).raise_for_status().json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        one = f"/v1/requests/{identifier('8002', tenant.first + FILES // 2)}"
        by_id, by_id_99 = _waits(client, [(one, {})])
        among = f"search among {FILES} files of one CCAS, {OTHERS} others of {FILES_OF_OTHERS}; one caller alone;"
        lines = [
            f"{among} expected <= {_EXPECTED_MS} ms",
            f"{'read by identifier':30} p50 {by_id:6.1f} ms  p99 {by_id_99:6.1f} ms",
        ]
        for name, texts in _SEARCHES.items():
            p50, p99 = _waits(client, [("/v1/requests", {"q": text}) for text in texts])
            lines.append(f"{name:30} p50 {p50:6.1f} ms  p99 {p99:6.1f} ms  {p50 / by_id:5.1f} times")
    return "\n".join(lines)


def _waits(client: httpx.Client, asked: list[tuple[str, dict[str, str]]]) -> tuple[float, float]:
    waits = [_wait_ms(client, *asked[call % len(asked)]) for call in range(_WARM_UP_CALLS + _CALLS)][_WARM_UP_CALLS:]
    return median(waits), quantiles(waits, n=100)[98]


def _wait_ms(client: httpx.Client, path: str, query: dict[str, str]) -> float:
    began = perf_counter()
    answer = client.get(path, params=query)
    waited = (perf_counter() - began) * 1000
    if not answer.is_success:
        raise BenchError(f"a search was refused: {answer.text}")
    return waited

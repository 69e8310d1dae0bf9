"""Load by wrk: a client in Python would be the slower of the two and measure itself."""

import json
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.database import FilledTenant
from benchmarks.processes import BenchError
from benchmarks.workloads import Workload

CONNECTIONS, THREADS = 16, 2
_INSTALL = "wrk makes the load and is not installed: apt install wrk (Debian, Ubuntu), brew install wrk (macOS)."

_REPORT = """
done = function(summary, latency, requests)
  local errors = summary.errors
  local broken = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format(
    '\\nMEASURED {"answers": %d, "microseconds": %d, "p50": %d, "p99": %d, "refused": %d, "broken": %d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), errors.status, broken))
end
"""

_THREADS = """
local started = 0
setup = function(thread)
  started = started + 1
  thread:set("number", started)
end
local count, run, sent = {numbers}, "{run}", 0
init = function()
  math.randomseed(number)
end
"""

_REQUEST = """
local requests = {{ {requests} }}
request = function()
  sent = sent + 1
  return requests[math.random(#requests)](math.random(count) - 1, run .. "-" .. number .. "-" .. sent)
end
"""

_OF_TENANT = """function(n, unique)
  local row = {first} + n
  return wrk.format("{method}", {path}, {{
    ["Authorization"] = "Bearer {token}", ["Content-Type"] = "application/json"{key}
  }}, {body})
end"""


@dataclass(frozen=True, slots=True)
class Measure:
    """What wrk saw. `refused` are answers of 400 and more, `broken` the requests without an answer."""

    answers: int
    per_second: float
    p50_ms: float
    p99_ms: float
    refused: int
    broken: int


def version() -> str:
    """The version of wrk; BenchError tells how to install it."""
    if shutil.which("wrk") is None:
        raise BenchError(_INSTALL)
    done = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False)
    return " ".join((done.stdout + done.stderr).split()[:2])


def script(workload: Workload, tenants: Sequence[tuple[FilledTenant, str]]) -> str:
    """The requests of a workload on all tenants, drawn at random; each tenant comes with its token."""
    requests = [_of_tenant(workload, tenant, token) for tenant, token in tenants]
    threads = _THREADS.format(numbers=workload.numbers, run=secrets.token_hex(6))
    return threads + _REQUEST.format(requests=",\n".join(requests)) + _REPORT


def bare_script() -> str:
    """The same report on requests that never change."""
    return _REPORT


def load(address: str, lua: str, *, seconds: float, folder: Path) -> Measure:
    """Keeps all connections busy for that long."""
    path = folder / "load.lua"
    path.write_text(lua)
    shape = [f"-c{CONNECTIONS}", f"-t{THREADS}", f"-d{seconds:.0f}s", "--timeout", "10s"]
    done = subprocess.run(["wrk", *shape, "-s", str(path), address], capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        if line.startswith("MEASURED "):
            seen = json.loads(line.removeprefix("MEASURED "))
            return Measure(
                answers=seen["answers"],
                per_second=seen["answers"] / seen["microseconds"] * 1e6,
                p50_ms=seen["p50"] / 1000,
                p99_ms=seen["p99"] / 1000,
                refused=seen["refused"],
                broken=seen["broken"],
            )
    raise BenchError(f"wrk measured nothing: {(done.stderr or done.stdout).strip()}")


def _of_tenant(workload: Workload, tenant: FilledTenant, token: str) -> str:
    path, body = workload.lua()
    key = ', ["Idempotency-Key"] = unique' if workload.method == "POST" else ""
    first = tenant.first
    return _OF_TENANT.format(method=workload.method, path=path, token=token, key=key, body=body, first=first)

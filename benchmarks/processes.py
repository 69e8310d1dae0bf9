"""The servers under load: started as a person would, stopped however the run ends."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

WORKERS = 2
_ROOT = Path(__file__).parents[1]
_READY_SECONDS = 60
_STOP_SECONDS = 15


class BenchError(Exception):
    """Nothing can be measured, for the reason given in one sentence."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers; its processes are those of a session of their own."""

    address: str
    session: int

    def cpu_seconds(self) -> float | None:
        """The processor time that its processes have used so far; None where there is no /proc."""
        ticks = 0
        for path in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                fields = path.read_text().rpartition(")")[2].split()
                if int(fields[3]) == self.session:
                    ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK") if ticks else None


@contextmanager
def service(database_url: str, token_secret: str, log: Path) -> Iterator[Server]:
    """The service on two workers, as `microcredit serve` starts it."""
    port = _free_port()
    command = ["-m", "app.cli", "serve", "--workers", str(WORKERS), "--port", str(port)]
    settings = {"DATABASE_URL": database_url, "TOKEN_SECRET": token_secret}
    with _served(command, settings, port, log, ready="/health/ready") as server:
        yield server


@contextmanager
def bare(log: Path) -> Iterator[Server]:
    """FastAPI alone on two workers."""
    port = _free_port()
    command = ["-m", "uvicorn", "benchmarks.bare:app", "--workers", str(WORKERS), "--port", str(port)]
    with _served([*command, "--no-access-log", "--no-server-header"], {}, port, log, ready="/") as server:
        yield server


@contextmanager
def _served(
    command: Sequence[str], settings: Mapping[str, str], port: int, log: Path, *, ready: str
) -> Iterator[Server]:
    address = f"http://127.0.0.1:{port}"
    with log.open("wb") as output:
        # A session of its own: Ctrl-C reaches this process alone, which then stops the server in order.
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=_ROOT,
            env={**os.environ, **settings},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            _wait(process, address + ready, log)
            yield Server(address, process.pid)
        finally:
            _stop(process)


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(httpx.HTTPError):
            if httpx.get(address, trust_env=False, timeout=2).is_success:
                return
        time.sleep(0.05)
    lines = log.read_text(errors="replace").strip().splitlines() or ["no message"]
    raise BenchError(f"{address} does not answer: {lines[-1]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Politely, then with its workers: they are the only other processes of its session."""
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])

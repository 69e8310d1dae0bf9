"""Processes that the launcher tests start, watch and end by their number."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import httpx

from app.local_postgres.server import _command_line

CHECKOUT = Path(__file__).parents[2]
# What hangs is told after this long; a machine that does much else is given its time.
PATIENCE_SECONDS = 60


@contextmanager
def started(*arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A Python process in the checkout; ended at the end if it still runs."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=CHECKOUT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def anyone() -> httpx.Client:
    """Who asks a service on this machine, and waits for it as long as for anything else."""
    return httpx.Client(trust_env=False, timeout=PATIENCE_SECONDS)


def line_of(process: subprocess.Popen[str], containing: str) -> str:
    """Reads the output up to a line; fails with the errors of a process that ended before it."""
    assert process.stdout
    for line in process.stdout:
        if containing in line:
            return line
    raise AssertionError(f"{containing!r} never came: {_read(process.stderr)}")


def _read(stream: IO[str] | None) -> str:
    return stream.read() if stream else ""


def server_pid(home: Path) -> int:
    return int((home / "data" / "postmaster.pid").read_text().split()[0])


def runs(pid: int) -> bool:
    return "postgres" in _command_line(pid)


def eventually(holds: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True

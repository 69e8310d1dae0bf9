"""The database of a run: several CCAS that lend, and several with a bank, each with as many rows as a large one."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import SQLModel

from app.commands.accounts import add_account, new_password
from app.commands.migrate import upgrade
from app.commands.partners import add_partner
from app.commands.tenants import load_tenant, read_rules
from app.domain.permissions import Role
from app.domain.products import Product
from app.domain.rules import TenantRules
from app.local_postgres import local_postgres, prepare_database
from app.tenants import seed_files

REQUESTS, LOANS = 2_000, 500  # of each tenant; as many people as requests
CHECKED = 2 * REQUESTS  # of each tenant with a bank
_TENANTS = 4
_BETWEEN_TENANTS = 1_000_000
_LOGIN = "bench"  # fill.sql names it
_ENTERED = """
select (select count(*) from ledger_entries where kind = 'repayment') + (select count(*) from ficp_checks)
"""


@dataclass(frozen=True, slots=True)
class FilledTenant:
    """A CCAS whose rows are numbered from `first` on, and what its staff or its bank's machine signs in with."""

    id: UUID
    slug: str
    first: int
    form: dict[str, str]
    partner_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class FilledDatabase:
    """The addresses as the owner and as the role that serves, and what is there: CCAS that lend, CCAS with a bank."""

    owner_url: str
    service_url: str
    tenants: list[FilledTenant]
    lenders: list[FilledTenant]


@contextmanager
def filled_database() -> Iterator[FilledDatabase]:
    """A database of this run alone, filled, gone at the end."""
    with empty_database() as (owner_url, service_url):
        yield _filled(owner_url, service_url)


@contextmanager
def empty_database() -> Iterator[tuple[str, str]]:
    """A migrated database of this run alone, as its owner and as the role that serves; gone at the end.

    It is on BENCH_ADMIN_URL if set, else on a server of its own.
    """
    given = os.environ.get("BENCH_ADMIN_URL")
    if given:
        yield from _made(given)
        return
    with tempfile.TemporaryDirectory(prefix="microcredit-bench-") as home, local_postgres(Path(home)) as server:
        yield from _made(server.url(role="postgres", database="postgres"))


def fill_searched(owner_url: str, files: Sequence[int]) -> list[FilledTenant]:
    """CCAS with so many files each, of names and projects that differ."""
    tenants = [_open_tenant(owner_url, number) for number in range(1, len(files) + 1)]
    with psycopg.connect(_plain(owner_url)) as owner:
        _set_defaults(owner)
        for tenant, requests in zip(tenants, files, strict=True):
            _fill(owner, tenant, "fill_search.sql", requests=requests)
    with psycopg.connect(_plain(owner_url), autocommit=True) as owner:
        owner.execute("vacuum analyze")
    return tenants


def fill_lender(owner_url: str, *, requests: int) -> FilledTenant:
    """A CCAS with a bank to which so many files were handed over, beside one that lends."""
    tenant, lender = _open_tenant(owner_url, 1), _open_lender(owner_url, 2)
    with psycopg.connect(_plain(owner_url)) as owner:
        _set_defaults(owner)
        _fill(owner, tenant, "fill.sql", requests=LOANS)
        _fill(owner, lender, "fill_lender.sql", requests=requests)
        owner.execute("analyze")
    return lender


def count_entered(database: FilledDatabase) -> int:
    """The repayments and the checks of all tenants: what the workloads enter."""
    total = 0
    with psycopg.connect(_plain(database.owner_url)) as owner:
        for tenant in (*database.tenants, *database.lenders):
            owner.execute("select set_config('app.tenant_id', %s, true)", [str(tenant.id)])
            row = owner.execute(_ENTERED).fetchone()
            total += row[0] if row else 0
    return total


def server_settings(database: FilledDatabase) -> tuple[str, str]:
    """The version of PostgreSQL, and what it does to keep a commit."""
    with psycopg.connect(_plain(database.owner_url)) as owner:
        names = ("server_version", "fsync", "synchronous_commit")
        version, fsync, commits = (owner.execute(f"show {name}").fetchone() or ("",) for name in names)
    return version[0], f"fsync {fsync[0]}, synchronous_commit {commits[0]}"


def identifier(kind: str, number: int) -> UUID:
    """The identifier that fill.sql gives to a row of a kind."""
    return UUID(f"00000000-0000-7000-{kind}-{number:012x}")


def _made(admin_url: str) -> Iterator[tuple[str, str]]:
    name = f"microcredit_bench_{os.getpid()}"
    try:
        owner_url, service_url = prepare_database(admin_url, name)
        upgrade(owner_url)
        yield owner_url, service_url
    finally:
        with psycopg.connect(_plain(admin_url), autocommit=True) as admin:
            admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def _filled(owner_url: str, service_url: str) -> FilledDatabase:
    tenants = [_open_tenant(owner_url, number) for number in range(1, _TENANTS + 1)]
    lenders = [_open_lender(owner_url, number) for number in range(_TENANTS + 1, 2 * _TENANTS + 1)]
    with psycopg.connect(_plain(owner_url)) as owner:
        _set_defaults(owner)
        for tenant in tenants:
            _fill(owner, tenant, "fill.sql", requests=REQUESTS)
        for lender in lenders:
            _fill(owner, lender, "fill_lender.sql", requests=CHECKED)
        owner.execute("analyze")
    return FilledDatabase(owner_url, service_url, tenants, lenders)


def _open_tenant(owner_url: str, number: int) -> FilledTenant:
    """With Besançon's rules: it lends its own funds, so the ledger is here."""
    slug, password = f"bench-{number}", new_password()
    tenant_id = load_tenant(owner_url, replace(_rules("besancon"), slug=slug))
    add_account(owner_url, tenant=slug, login=_LOGIN, roles=[Role.AGENT], password=password)
    form = {"grant_type": "password", "username": f"{_LOGIN}@{slug}", "password": password}
    return FilledTenant(tenant_id, slug, number * _BETWEEN_TENANTS, form)


def _open_lender(owner_url: str, number: int) -> FilledTenant:
    """With Toulouse's rules and a bank of its own, which checks every person before the first appointment."""
    rules, slug, code = _rules("toulouse"), f"bench-{number}", f"bench_bank_{number}"
    agreements = tuple(replace(agreement, partner=code) for agreement in rules.agreements)
    versions = tuple(
        replace(version, products=tuple(_lent_by(product, code) for product in version.products))
        for version in rules.versions
    )
    tenant_id = load_tenant(owner_url, replace(rules, slug=slug, agreements=agreements, versions=versions))
    add_account(owner_url, tenant=slug, login=_LOGIN, roles=[Role.AGENT], password=new_password())
    made = add_partner(owner_url, code=code, name=None)
    form = {
        "grant_type": "client_credentials",
        "client_id": made.client_id,
        "client_secret": made.client_secret,
    }
    return FilledTenant(tenant_id, slug, number * _BETWEEN_TENANTS, form, made.partner_id)


def _rules(seed: str) -> TenantRules:
    return next(read_rules(path) for path in seed_files() if path.stem == seed)


def _lent_by(product: Product, code: str) -> Product:
    return replace(product, lender=replace(product.lender, code=code))


def _set_defaults(owner: psycopg.Connection) -> None:
    """The defaults of the table classes, in the database: fill.sql names only the columns that it has a say in."""
    for table in SQLModel.metadata.sorted_tables:
        for column in table.columns:
            if column.primary_key or column.default is None:
                continue
            made: Any = getattr(column.default, "arg", None)
            value = made(None) if callable(made) else made
            literal = Jsonb(value) if isinstance(column.type, JSONB) else getattr(value, "value", value)
            statement = sql.SQL("alter table {} alter column {} set default {}")
            names = (sql.Identifier(table.name), sql.Identifier(column.name))
            owner.execute(statement.format(*names, sql.Literal(literal)))


def _fill(owner: psycopg.Connection, tenant: FilledTenant, script: str, *, requests: int) -> None:
    settings = {
        "app.tenant_id": tenant.id,
        "app.partner_id": tenant.partner_id or "",
        "bench.first": tenant.first,
        "bench.requests": requests,
        "bench.loans": LOANS,
    }
    with owner.transaction():
        for name, value in settings.items():
            owner.execute("select set_config(%s, %s, true)", [name, str(value)])
        owner.execute((Path(__file__).parent / script).read_bytes())


def _plain(url: str) -> str:
    return url.replace("postgresql+psycopg:", "postgresql:", 1)

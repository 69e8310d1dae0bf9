"""`demo`: the 25 youth cases of Besançon's report lived again through the API, and reconciled with its figures."""

import asyncio
import os
import secrets
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from psycopg import sql

from app.commands.accounts import DemoAccount, demonstration_accounts
from app.commands.demo.cases import Case, Report, load_cases, load_report
from app.commands.demo.display import story
from app.commands.demo.readings import Reading, read_all
from app.commands.demo.reconcile import reconcile
from app.commands.demo.replay import replay
from app.commands.demo.staff import DemoRefused, sign_in
from app.commands.migrate import upgrade
from app.commands.tenants import load_seed_tenants
from app.local_postgres import LocalPostgresError, local_postgres, prepare_database
from app.main import create_app, lifespan
from app.settings import settings

DATABASE = "microcredit_demo"
_AGENT, _DECIDER = "agent@besancon", "decider@besancon"
_TIMEOUT_SECONDS = 30


def demo(*, data: Path | None) -> int:
    """Replays the cases on a database of its own and prints the reconciliation; 1 when a figure differs.

    The database is temporary, or stays in the folder `data`. TEST_ADMIN_URL names a server to use instead of
    starting one, where the database `microcredit_demo` is made and dropped. DATABASE_URL is never touched.
    """
    try:
        with _database(data) as (owner_url, service_url):
            upgrade(owner_url)
            load_seed_tenants(owner_url)
            accounts = demonstration_accounts(owner_url)
            os.environ["DATABASE_URL"], os.environ["TOKEN_SECRET"] = service_url, secrets.token_hex(32)
            settings.cache_clear()
            readings = asyncio.run(_lived(create_app(), accounts))
        return conclude(load_report(), load_cases(), readings)
    except (DemoRefused, LocalPostgresError, psycopg.Error) as refused:
        print(refused, file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    return 1


def load_demo(base_url: str, accounts: Sequence[DemoAccount]) -> None:
    """Replays the cases on a service that answers at `base_url`. Loading them twice adds nothing.

    Raises DemoRefused, LookupError for an account that is missing, httpx.HTTPError.
    """
    client = AsyncClient(base_url=base_url, trust_env=False, timeout=_TIMEOUT_SECONDS)
    asyncio.run(_tell(client, accounts))


def conclude(report: Report, cases: Sequence[Case], readings: Sequence[Reading]) -> int:
    """Prints the story; the exit code is 0 only when every printed figure is found again."""
    reconciliation = reconcile(report, cases, readings)
    for line in story(report, cases, readings, reconciliation):
        print(line)
    return 0 if reconciliation.reconciles else 1


async def _lived(app: FastAPI, accounts: Sequence[DemoAccount]) -> list[Reading]:
    """The cases as the API tells them once they have been lived."""
    async with lifespan(app):
        await _tell(_client(app), accounts)
        async with _client(app) as client:
            return await read_all(await sign_in(client, accounts, _AGENT), as_of=load_report().status_on)


def _client(app: FastAPI) -> AsyncClient:
    return AsyncClient(transport=ASGITransport(app), base_url="http://demo")


async def _tell(client: AsyncClient, accounts: Sequence[DemoAccount]) -> None:
    async with client:
        agent = await sign_in(client, accounts, _AGENT)
        decider = await sign_in(client, accounts, _DECIDER)
        await replay(load_cases(), agent=agent, decider=decider)


@contextmanager
def _database(data: Path | None) -> Iterator[tuple[str, str]]:
    """The addresses of the demo's own database, for its owner and for the service."""
    admin_url = os.environ.get("TEST_ADMIN_URL")
    if data is None and admin_url:
        _drop(admin_url)
        try:
            yield prepare_database(admin_url, DATABASE)
        finally:
            _drop(admin_url)
        return
    with (
        TemporaryDirectory(prefix="microcredit-demo-") as temporary,
        local_postgres((data or Path(temporary)) / "postgres") as server,
    ):
        yield prepare_database(server.url(role="postgres", database="postgres"), DATABASE)


def _drop(admin_url: str) -> None:
    with psycopg.connect(admin_url.replace("+psycopg", "", 1), autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(DATABASE)))

"""One PostgreSQL for the run, one database for each worker, one tenant for each test.

`TEST_ADMIN_URL` names a server that may create databases and roles; without it the embedded one is started.
Tests commit for real and never clean up: each has tenants of its own, which isolation keeps apart.
"""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import hypothesis
import psycopg
import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from psycopg import sql
from sqlalchemy import text

from app.commands.check_ledger import FIRST, check_tenants
from app.database import open_engine, open_sessions
from app.dependencies import now as clock
from app.main import create_app
from app.routing import resolver
from app.services.ledger_checks import LedgerFault
from app.settings import settings
from tests.support import ENCRYPTION_KEYS, TOKEN_SECRET, Ccas, Databases, open_ccas

# A property is told by its examples, not by its time; what it found is kept as a test, not in a folder of this machine.
hypothesis.settings.register_profile("default", max_examples=100, deadline=None, database=None)
# `./run test tests/domain --hypothesis-profile=nightly`: the same properties over many more examples.
hypothesis.settings.register_profile("nightly", hypothesis.settings.get_profile("default"), max_examples=10_000)
hypothesis.settings.load_profile("default")

_stack = contextlib.ExitStack()
# The databases of this worker, and the last tenant of each whose ledger was looked at.
_in_use: dict[str, UUID] = {}
TEMPLATE = "microcredit_test_template"


def pytest_sessionstart(session: pytest.Session) -> None:
    """In the controller: a server and a migrated template that the workers copy."""
    if hasattr(session.config, "workerinput") or session.config.option.collectonly:
        return
    from app.commands.migrate import upgrade
    from app.local_postgres import local_postgres, prepare_database

    if "TEST_ADMIN_URL" not in os.environ:
        home = Path(_stack.enter_context(tempfile.TemporaryDirectory(prefix="microcredit-test-")))
        unsafe = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
        server = _stack.enter_context(local_postgres(home, unsafe))
        os.environ["TEST_ADMIN_URL"] = server.url(role="postgres", database="postgres")
    admin_url = os.environ["TEST_ADMIN_URL"]
    _drop(admin_url, TEMPLATE)
    owner_url, _ = prepare_database(admin_url, TEMPLATE)
    upgrade(owner_url)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In the controller: the server stops."""
    if not hasattr(session.config, "workerinput"):
        _stack.close()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """One event loop for the whole run: the pool of connections lives in it."""
    return "asyncio"


@pytest.fixture(scope="session")
def databases(worker_id: str) -> Iterator[Databases]:
    """The worker's own database, copied from the migrated template."""
    admin_url = os.environ["TEST_ADMIN_URL"]
    name = f"microcredit_test_{worker_id}"
    _drop(admin_url, name)
    _run(admin_url, "CREATE DATABASE {} OWNER microcredit_owner TEMPLATE " + TEMPLATE, name)
    # The rights on a database do not travel with its copies.
    _run(admin_url, "REVOKE ALL ON DATABASE {} FROM PUBLIC", name)
    _run(admin_url, "GRANT CONNECT ON DATABASE {} TO app", name)
    opened = Databases.on(admin_url, name)
    _in_use[opened.app_url] = FIRST
    yield opened
    _in_use.clear()
    _drop(admin_url, name)


@pytest.fixture(scope="module", autouse=True)
def ledgers_without_a_fault() -> Iterator[None]:
    """Whatever a module did, the ledgers of the CCAS that it opened say what their facts give."""
    yield
    for url, after in _in_use.items():
        faults, _in_use[url] = asyncio.run(_ledger_faults(url, after))
        assert faults == {}


async def _ledger_faults(url: str, after: UUID) -> tuple[dict[str, tuple[LedgerFault, ...]], UUID]:
    """The faults of the tenants opened since one, and the last of them."""
    engine = open_engine(url, pool_size=1, pool_wait_seconds=5)
    try:
        checks = await check_tenants(open_sessions(engine), after=after)
        async with engine.connect() as connection:
            last = (await connection.execute(text("select max(id::text)::uuid from tenants"))).scalar()
        return {slug: check.faults for slug, check in checks.items() if check.faults}, last or after
    finally:
        await engine.dispose()


@pytest.fixture(scope="session")
async def app(databases: Databases) -> AsyncIterator[FastAPI]:
    """The application on the worker's database, as the role that serves."""
    os.environ["DATABASE_URL"] = databases.app_url
    os.environ["TOKEN_SECRET"] = TOKEN_SECRET
    os.environ["ENCRYPTION_KEYS"] = ENCRYPTION_KEYS
    settings.cache_clear()
    application = create_app()
    application.dependency_overrides[resolver] = lambda: _known_to_all
    yield application
    await application.state.engine.dispose()


async def _known_to_all(_: str, __: int) -> list[str]:
    """Every name of the tests is public: no test asks a resolver for one."""
    return ["8.8.8.8"]


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """Anyone, over HTTP."""
    transport = ASGITransport(app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://test") as anyone:
        yield anyone


@pytest.fixture
def moved(app: FastAPI) -> Iterator[dict[str, datetime]]:
    """Our clock: it runs until the test sets its `now`."""
    set_to: dict[str, datetime] = {}
    app.dependency_overrides[clock] = lambda: set_to.get("now") or datetime.now(UTC)
    yield set_to
    del app.dependency_overrides[clock]


@pytest.fixture
def besancon(databases: Databases, client: AsyncClient) -> Ccas:
    """A CCAS of this test alone, with Besançon's rules: own funds, 0 %."""
    return open_ccas(databases, client, "besancon")


@pytest.fixture
def toulouse(databases: Databases, client: AsyncClient) -> Ccas:
    """A CCAS of this test alone, with Toulouse's rules: a partner lends."""
    return open_ccas(databases, client, "toulouse")


@pytest.fixture
def amiens(databases: Databases, client: AsyncClient) -> Ccas:
    """A CCAS of this test alone, with Amiens' rules: a bank lends, the borrower pays the interest."""
    return open_ccas(databases, client, "amiens")


@pytest.fixture
def fresnes(databases: Databases, client: AsyncClient) -> Ccas:
    """A CCAS of this test alone, with Fresnes' rules: four communes, an association lends at a rate not stated."""
    return open_ccas(databases, client, "fresnes")


def _drop(admin_url: str, name: str) -> None:
    _run(admin_url, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def _run(admin_url: str, statement: str, name: str) -> None:
    address = admin_url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(name)))  # type: ignore[arg-type]

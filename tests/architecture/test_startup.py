"""The service refuses to start as a role that could see through the isolation of tenants."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest
from fastapi import FastAPI
from psycopg import sql

from app.database import PrivilegedRole, open_engine, refuse_privileged_role
from app.main import lifespan
from tests.support import TOKEN_SECRET, Databases

SECONDS_TO_REFUSE = 60


async def refuse(url: str) -> None:
    """The check that starting makes, on this address."""
    engine = open_engine(url, pool_size=1, pool_wait_seconds=2)
    try:
        await refuse_privileged_role(engine)
    finally:
        await engine.dispose()


@contextlib.contextmanager
def role(databases: Databases, options: sql.SQL) -> Iterator[str]:
    """The address of the database as a new role with these options."""
    name = sql.Identifier("startup_" + databases.app_url.rpartition("/")[2].partition("?")[0])
    address = databases.admin_url.replace("+psycopg", "", 1)
    with psycopg.connect(address, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(name))
        admin.execute(sql.SQL("CREATE ROLE {} LOGIN {}").format(name, options))
        database = sql.Identifier(admin.info.dbname)
        admin.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, name))
        yield databases.app_url.replace("//app", f"//{name.as_string(admin)[1:-1]}", 1)
        admin.execute(sql.SQL("REVOKE CONNECT ON DATABASE {} FROM {}").format(database, name))
        admin.execute(sql.SQL("DROP ROLE {}").format(name))


async def test_the_role_that_serves_is_accepted(app: FastAPI, databases: Databases) -> None:
    await refuse(databases.app_url)
    async with lifespan(app):
        pass


async def test_a_superuser_is_refused(databases: Databases) -> None:
    with pytest.raises(PrivilegedRole, match="postgres"):
        await refuse(databases.admin_url)


async def test_the_owner_of_the_tables_is_refused(databases: Databases) -> None:
    with pytest.raises(PrivilegedRole, match="microcredit_owner"):
        await refuse(databases.owner_url)


@pytest.mark.parametrize(
    "options",
    [
        sql.SQL("BYPASSRLS"),
        sql.SQL("IN ROLE microcredit_owner"),
        # Its member can take the role on at any time, even if it does not inherit its rights.
        sql.SQL("NOINHERIT IN ROLE microcredit_owner"),
    ],
    ids=["bypasses policies", "member of the owner", "member of the owner that does not inherit"],
)
async def test_a_role_with_such_powers_is_refused(databases: Databases, options: sql.SQL) -> None:
    with role(databases, options) as url, pytest.raises(PrivilegedRole):
        await refuse(url)


async def test_starting_the_application_as_a_superuser_fails(app: FastAPI, databases: Databases) -> None:
    engine = app.state.engine
    app.state.engine = open_engine(databases.admin_url, pool_size=1, pool_wait_seconds=2)
    try:
        with pytest.raises(PrivilegedRole):
            async with lifespan(app):
                pytest.fail("the application started")
    finally:
        await app.state.engine.dispose()
        app.state.engine = engine


@pytest.mark.parametrize("power", ["admin_url", "owner_url"])
def test_the_command_that_serves_ends_with_an_error_as_a_privileged_role(databases: Databases, power: str) -> None:
    environment = {**os.environ, "DATABASE_URL": getattr(databases, power), "TOKEN_SECRET": TOKEN_SECRET}
    served = subprocess.run(
        [sys.executable, "-m", "app.cli", "serve", "--port", "0"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS_TO_REFUSE,
        check=False,
    )
    assert served.returncode != 0
    assert "refusing to serve: the database role has the powers of" in served.stderr

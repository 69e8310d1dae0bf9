"""Accounts made by the command, with a password from standard input, and used over HTTP."""

import gc
import io
import re
from collections.abc import Callable

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from app.cli import main
from tests.support import Ccas, Databases, Json, ok

PASSWORD = "Été à la campagne, 2011"
Add = Callable[..., int]


@pytest.fixture
def add(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> Add:
    """Runs `microcredit accounts add` with a password on standard input."""
    monkeypatch.setenv("DATABASE_OWNER_URL", databases.owner_url)

    def run(*arguments: str, password: str = PASSWORD) -> int:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
        return main(["accounts", "add", *arguments])

    return run


async def sign_in(client: AsyncClient, username: str, password: str = PASSWORD) -> int:
    form = {"username": username, "password": password}
    return (await client.post("/v1/auth/token", data=form)).status_code


async def who_is(client: AsyncClient, username: str, password: str = PASSWORD) -> Json:
    token = await ok(client.post("/v1/auth/token", data={"username": username, "password": password}))
    return await ok(client.get("/v1/me", headers={"Authorization": f"Bearer {token['access_token']}"}))


async def test_an_account_is_added_and_signs_in(
    besancon: Ccas, client: AsyncClient, add: Add, capsys: pytest.CaptureFixture[str]
) -> None:
    assert add("camille", "--tenant", besancon.slug, "--role", "agent", "--role", "decider") == 0
    assert capsys.readouterr() == (f"camille@{besancon.slug}\n", "")
    me = await who_is(client, f"camille@{besancon.slug}")
    assert (me["tenant"], me["roles"]) == (besancon.slug, ["agent", "decider"])


async def test_an_account_of_the_platform_belongs_to_no_ccas(client: AsyncClient, add: Add, besancon: Ccas) -> None:
    login = f"racine.{besancon.slug}"
    assert add(login, "--role", "platform") == 0
    me = await who_is(client, f"{login}@platform")
    assert (me["tenant"], me["roles"]) == (None, ["platform"])


async def test_without_a_password_one_is_made_and_shown_once(
    besancon: Ccas, client: AsyncClient, add: Add, capsys: pytest.CaptureFixture[str]
) -> None:
    assert add("camille", "--tenant", besancon.slug, "--role", "agent", password="") == 0
    username, made = capsys.readouterr().out.split()
    assert re.fullmatch(r"[\w-]{20,}", made)
    assert await sign_in(client, username, made) == 200


async def test_adding_an_account_again_gives_it_a_new_password_and_new_roles(
    besancon: Ccas, client: AsyncClient, add: Add
) -> None:
    username = f"camille@{besancon.slug}"
    assert add("camille", "--tenant", besancon.slug, "--role", "agent") == 0
    first = await who_is(client, username)
    assert add("camille", "--tenant", besancon.slug, "--role", "manager", password="un nouveau mot") == 0
    assert await sign_in(client, username) == 401
    again = await who_is(client, username, "un nouveau mot")
    assert (again["account_id"], again["roles"]) == (first["account_id"], ["manager"])


async def test_two_ccas_have_accounts_of_the_same_login_apart(
    besancon: Ccas, toulouse: Ccas, client: AsyncClient, add: Add
) -> None:
    assert add("camille", "--tenant", besancon.slug, "--role", "agent") == 0
    assert add("camille", "--tenant", toulouse.slug, "--role", "agent", password="un tout autre mot") == 0
    assert (await who_is(client, f"camille@{besancon.slug}"))["tenant"] == besancon.slug
    assert await sign_in(client, f"camille@{toulouse.slug}") == 401


@pytest.mark.parametrize(
    ("login", "role", "password"),
    [
        ("Camille", "agent", PASSWORD),
        ("camille durand", "agent", PASSWORD),
        ("-camille", "agent", PASSWORD),
        ("camille@ici", "agent", PASSWORD),
        ("a" * 64, "agent", PASSWORD),
        ("camille\n", "agent", PASSWORD),
        ("camille", "agent", "trop court"),
        ("camille", "platform", PASSWORD),
    ],
)
async def test_an_account_that_cannot_be_is_refused_in_one_sentence(
    besancon: Ccas, add: Add, capsys: pytest.CaptureFixture[str], login: str, role: str, password: str
) -> None:
    command = ["--tenant", besancon.slug, "--role", role, "--", login]
    assert add(*command, password=password) == 1
    told = capsys.readouterr()
    (line,) = told.err.splitlines()
    assert (told.out, line[:22]) == ("", "microcredit accounts: ")
    assert password not in told.err


async def test_a_command_that_refuses_leaves_no_connection_behind(databases: Databases, add: Add) -> None:
    gc.disable()
    try:
        assert add("camille", "--tenant", "nulle-part", "--role", "agent") == 1
        engine = databases.owner()
        with engine.connect() as connection:
            statement = (
                "select count(*) from pg_stat_activity where usename = current_user"
                " and datname = current_database() and pid <> pg_backend_pid() and query like '%tenants%'"
            )
            left = connection.execute(text(statement)).scalar_one()
        engine.dispose()
        assert left == 0
    finally:
        gc.enable()


async def test_a_tenant_that_is_not_there_is_named(add: Add, capsys: pytest.CaptureFixture[str]) -> None:
    assert add("camille", "--tenant", "nulle-part", "--role", "agent") == 1
    assert capsys.readouterr().err == "microcredit accounts: no tenant is called nulle-part\n"


async def test_nobody_of_a_ccas_is_staff_of_the_platform(add: Add, capsys: pytest.CaptureFixture[str]) -> None:
    assert add("camille", "--role", "agent") == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


async def test_a_database_that_is_away_is_told_in_one_sentence(
    add: Add, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgresql+psycopg://nobody@/nothing?host=/nowhere&port=1")
    assert add("camille", "--role", "platform") == 1
    told = capsys.readouterr()
    (line,) = told.err.splitlines()
    assert line.startswith("microcredit accounts: ")
    assert PASSWORD not in told.err


async def test_a_role_that_does_not_exist_is_a_fault_of_usage(add: Add, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        add("camille", "--role", "king")
    assert left.value.code == 2
    assert "agent" in capsys.readouterr().err


async def test_a_password_that_the_command_takes_is_one_that_signs_in(
    besancon: Ccas, client: AsyncClient, add: Add
) -> None:
    """However long: either the command refuses it, or the form accepts it."""
    long = "p" * 201
    if add("camille", "--tenant", besancon.slug, "--role", "agent", password=long) == 0:
        assert await sign_in(client, f"camille@{besancon.slug}", long) == 200


async def test_an_account_that_is_given_communes_works_for_them_alone_and_keeps_them_with_a_new_password(
    fresnes: Ccas, client: AsyncClient, add: Add
) -> None:
    named = ("dominique", "--tenant", fresnes.slug, "--role", "agent")
    assert add(*named, "--communes", "59153", "59207") == 0
    assert (await who_is(client, f"dominique@{fresnes.slug}"))["commune_insee_codes"] == ["59153", "59207"]
    assert add(*named, password="Une autre, plus longue") == 0
    me = await who_is(client, f"dominique@{fresnes.slug}", "Une autre, plus longue")
    assert me["commune_insee_codes"] == ["59153", "59207"]


@pytest.mark.parametrize("scope", [("--tenant",), ()])
async def test_an_account_cannot_work_for_a_commune_that_is_not_served(
    scope: tuple[str, ...], fresnes: Ccas, add: Add, capsys: pytest.CaptureFixture[str]
) -> None:
    tenant = ("--tenant", fresnes.slug) if scope else ()
    role = "agent" if scope else "platform"
    assert add("dominique", *tenant, "--role", role, "--communes", "80021") != 0
    assert ("does not serve 80021" if scope else "works for no commune") in capsys.readouterr().err

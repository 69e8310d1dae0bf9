"""The container files and docs/deployment.md, as far as they can be shown without a container engine.

The commands of the page are executed as they are written, on a server that asks for passwords.
"""

import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import uvicorn
from sqlalchemy import make_url

from app.cli import main
from app.commands.database import prepare_server
from app.commands.serve import serve
from app.local_postgres import local_postgres
from app.parameters.yaml_file import load_yaml
from app.partners.webhooks import TIMEOUT_SECONDS
from app.settings import Settings, WorkerSettings
from tests.launcher.deployed import DOCKERFILE, INSTRUCTIONS, PAGE, Site, copied, deployed, of
from tests.launcher.processes import CHECKOUT, anyone, eventually
from tests.launcher.stubbed_docker import ONE_SHOTS, VARIABLE
from tests.support import TOKEN_SECRET

COMPOSE = (CHECKOUT / "docker-compose.yml").read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = load_yaml(CHECKOUT / "docker-compose.yml")["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "microcredit"}
SECRETS = {"POSTGRES_PASSWORD", "DATABASE_OWNER_PASSWORD", "DATABASE_APP_PASSWORD", "TOKEN_SECRET", "ENCRYPTION_KEYS"}


def named_in(value: object) -> set[str]:
    """The variables that a part of the compose file takes from .env."""
    return {found[1] for found in VARIABLE.finditer(json.dumps(value))}


# The Dockerfile.


def test_the_image_has_the_python_of_the_lock_and_hashed_packages() -> None:
    oldest = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["requires-python"].removeprefix(">=")
    assert [base.split()[0] for base in of("FROM")] == [f"python:{oldest}-slim-trixie"] * 2
    assert f"--python-version {oldest} " in (CHECKOUT / "requirements.lock").read_text()[:300]
    download, install = (run for run in of("RUN") if "pip " in run)
    assert {"--require-hashes", "--no-deps", "requirements.lock"} <= set(download.split())
    assert {"--no-index", "--editable"} <= set(install.split())


def test_the_image_ends_as_a_user_that_is_not_root() -> None:
    last = [word for word, _ in INSTRUCTIONS][-5:]
    assert last == ["USER", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD"]
    (user,) = of("USER")
    assert int(user) > 0
    assert f"--uid {user} " in DOCKERFILE


def test_only_what_is_copied_can_reach_the_image() -> None:
    first, *allowed = [line for line in (CHECKOUT / ".dockerignore").read_text().splitlines() if line[0] != "#"]
    assert first == "*"
    assert {line[1:] for line in allowed if line.startswith("!")} == set(copied())
    assert not re.search("PASSWORD|SECRET|TOKEN", DOCKERFILE)
    assert ".env" in (CHECKOUT / ".gitignore").read_text().splitlines()


# The compose file.


def test_secrets_come_from_the_environment_and_nothing_starts_without_them() -> None:
    assert {found[1] for found in VARIABLE.finditer(COMPOSE) if found["kind"] == "?"} == SECRETS
    for service in SERVICES.values():
        for name, value in service["environment"].items():
            given = make_url(value).password if "://" in value else value
            assert VARIABLE.match(str(given)) or name not in {*SECRETS, "DATABASE_URL"}, name
            assert "://" not in value or VARIABLE.match(str(given)), name


def test_who_holds_which_secret() -> None:
    held = {name: named_in(service) & SECRETS for name, service in SERVICES.items()}
    assert held == {
        "database": {"POSTGRES_PASSWORD"},
        "prepare": {"POSTGRES_PASSWORD", "DATABASE_OWNER_PASSWORD", "DATABASE_APP_PASSWORD"},
        "migrate": {"DATABASE_OWNER_PASSWORD"},
        "owner": {"DATABASE_OWNER_PASSWORD"},
        "api": {"DATABASE_APP_PASSWORD", "TOKEN_SECRET", "ENCRYPTION_KEYS"},
        "worker": {"DATABASE_APP_PASSWORD", "ENCRYPTION_KEYS"},
    }
    for name, settings in (("api", Settings), ("worker", WorkerSettings)):
        environment = SERVICES[name]["environment"]
        assert make_url(environment["DATABASE_URL"]).username == "app"
        assert {variable.lower() for variable in environment} <= set(settings.model_fields)


@pytest.mark.parametrize("name", sorted(OURS))
def test_our_containers_can_do_little(name: str) -> None:
    service = OURS[name]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "user" not in service  # the image's own
    assert "privileged" not in service


def test_only_the_service_is_published_and_on_this_machine_alone() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"api"}
    assert SERVICES["api"]["ports"] == ["${API_ADDRESS:-127.0.0.1:8000}:8000"]
    assert SERVICES["database"]["networks"] == ["database"]
    assert load_yaml(CHECKOUT / "docker-compose.yml")["networks"]["database"] == {"internal": True}


def test_the_database_is_prepared_then_migrated_then_served() -> None:
    waits = {name: service.get("depends_on", {}) for name, service in SERVICES.items()}
    assert waits["prepare"] == {"database": {"condition": "service_healthy"}}
    assert waits["migrate"] == {"prepare": {"condition": "service_completed_successfully"}}
    assert (
        waits["api"]
        == waits["worker"]
        == waits["owner"]
        == {"migrate": {"condition": "service_completed_successfully"}}
    )
    started = {name for name, service in OURS.items() if "profiles" not in service and "restart" not in service}
    assert started == set(ONE_SHOTS)
    assert {SERVICES[name]["restart"] for name in ("api", "worker", "database")} == {"unless-stopped"}


def test_a_stop_waits_for_the_requests_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(uvicorn, "run", lambda *_, **options: given.update(options))
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://app@/nowhere")
    monkeypatch.setenv("TOKEN_SECRET", TOKEN_SECRET)
    serve(host="127.0.0.1", port=0, workers=1)
    assert int(SERVICES["api"]["stop_grace_period"].removesuffix("s")) > given["timeout_graceful_shutdown"]
    assert int(SERVICES["worker"]["stop_grace_period"].removesuffix("s")) > 2 * TIMEOUT_SECONDS, "a batch in two turns"


# The page.


def test_every_setting_is_on_the_page_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", PAGE, re.MULTILINE))
    defaults = {found[1]: found["rest"] for found in VARIABLE.finditer(COMPOSE) if found["kind"] == "-"}
    assert rows == {
        **dict.fromkeys(SECRETS, "none"),
        **{name: f"`{value}`" if value else "empty" for name, value in defaults.items()},
    }


@pytest.mark.parametrize("word", sorted(set(re.findall(r"`\./run (\w+)", PAGE)) - {"bench"}))
def test_the_commands_it_names_exist(word: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main([word, "--help"])
    assert ended.value.code == 0


# The page, followed.


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """An empty machine."""
    with deployed(tmp_path) as site:
        yield site


def test_the_page_works_as_it_is_written(site: Site) -> None:
    assert "is missing" in site.attempt("docker compose up -d").stderr
    site.follow("First start")
    assert (site.home / ".env").stat().st_mode & 0o077 == 0
    assert eventually(lambda: len(set(re.findall(r"Started server process \[(\d+)\]", site.log()))) == 2)
    health_checks_tell_a_service_that_runs(site)
    assert eventually(lambda: "microcredit.worker started" in site.log("worker"))
    username, password = site.follow("Accounts").split()[-2:]
    token = sign_in(site, username, password)
    assert " GET /health/ready 200 " in site.follow("Health and logs")

    site.follow("Every night")
    only_the_role_of_the_backups_dumps(site)
    site.run(
        "echo 'another password' | docker compose run --rm -T owner accounts add agnes --tenant besancon --role agent"
    )
    site.follow("Restoring")
    sign_in(site, username, password)  # as it was when the backup was made
    site.follow("Upgrading")
    assert me(site, token)["username"] == username

    before = site.secret("DATABASE_APP_PASSWORD")
    sealed_under = site.secret("ENCRYPTION_KEYS")
    site.follow("Changing secrets")
    assert len(site.secret("ENCRYPTION_KEYS").split()) == 1
    assert site.secret("ENCRYPTION_KEYS") != sealed_under
    assert me(site, token)["status"] == 401
    sign_in(site, username, password)
    site.connect("app", site.secret("DATABASE_APP_PASSWORD")).close()
    with pytest.raises(psycopg.OperationalError, match="password"):
        site.connect("app", before)


def health_checks_tell_a_service_that_runs(site: Site) -> None:
    kind, *of_compose = SERVICES["api"]["healthcheck"]["test"]
    assert kind == "CMD"
    of_image = json.loads(of("HEALTHCHECK")[0].split("CMD ")[1])
    for program, *rest in (of_compose, of_image):
        assert program == "python"
        for port, code in ((site.port, 0), (1, 1)):
            command = [sys.executable, *(word.replace(":8000/", f":{port}/") for word in rest)]
            assert subprocess.run(command, capture_output=True, check=False).returncode == code, command


def only_the_role_of_the_backups_dumps(site: Site) -> None:
    for role, variable in (("microcredit_owner", "DATABASE_OWNER_PASSWORD"), ("app", "DATABASE_APP_PASSWORD")):
        address = shlex.quote(f"postgresql:///microcredit?user={role}&password={site.secret(variable)}")
        dump = site.attempt(f"docker compose exec -T database pg_dump -d {address}")
        assert dump.returncode != 0
        assert re.search("row-level security|permission denied", dump.stderr), dump.stderr
    site.follow("Backups")


def sign_in(site: Site, username: str, password: str) -> str:
    form = {"username": username, "password": password}
    with anyone() as asking:
        answer = asking.post(f"{site.address}/v1/auth/token", data=form)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def me(site: Site, token: str) -> dict[str, Any]:
    """Who the token is of, or the problem that is answered instead."""
    with anyone() as asking:
        return dict(asking.get(f"{site.address}/v1/me", headers={"Authorization": f"Bearer {token}"}).json())


# The command that prepares a server.

ADDRESSES = {
    "DATABASE_ADMIN_URL": "postgresql+psycopg://postgres@127.0.0.1:1/postgres",
    "DATABASE_OWNER_URL": "postgresql+psycopg://microcredit_owner:secret@127.0.0.1:1/microcredit",
    "DATABASE_URL": "postgresql+psycopg://app:secret@127.0.0.1:1/microcredit",
}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        *(({name: ""}, f"{name} is missing") for name in ADDRESSES),
        ({"DATABASE_URL": ADDRESSES["DATABASE_OWNER_URL"]}, "DATABASE_URL is of the role microcredit_owner"),
        ({"DATABASE_OWNER_URL": ADDRESSES["DATABASE_URL"]}, "DATABASE_OWNER_URL is of the role app"),
        ({"DATABASE_URL": ADDRESSES["DATABASE_URL"] + "s"}, "name two databases"),
        ({"DATABASE_URL": "nonsense"}, "Could not parse SQLAlchemy URL"),
        ({}, "connection to server at"),
    ],
)
def test_addresses_that_do_not_fit_are_one_sentence(
    given: dict[str, str], sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {**ADDRESSES, **given}.items():
        monkeypatch.setenv(name, value)
    assert main(["database", "prepare"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("microcredit database: ")
    assert sentence in line
    assert "secret" not in line


def test_preparing_again_changes_nothing_but_the_passwords(tmp_path: Path) -> None:
    with local_postgres(tmp_path, ["-c", "log_statement=all"]) as server:
        admin_url = server.url(role="postgres", database="postgres")
        addresses = {
            "DATABASE_ADMIN_URL": admin_url,
            "DATABASE_OWNER_URL": server.url(role="microcredit_owner:first%2Fsecret", database="prepared"),
            "DATABASE_URL": server.url(role="app:second%40secret", database="prepared"),
        }
        states = []
        for _ in range(2):
            assert "prepared is ready" in prepare_server(addresses)
            states.append(state_of(server.url(role="postgres", database="prepared")))
        assert states[0] == states[1]
        assert [row[:3] for row in states[0]["roles"]] == [
            ("app", False, False),
            ("microcredit_owner", False, False),
            ("postgres", True, True),
        ]
        log = (tmp_path / "postgres.log").read_text()
    assert "ALTER ROLE" in log
    assert "secret" not in log


def state_of(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Roles, rights on the database and its schema, extensions."""
    with psycopg.connect(url.replace("+psycopg", "")) as admin:
        return {
            "roles": admin.execute(
                "SELECT rolname, rolsuper, rolbypassrls, rolinherit, rolcreatedb, rolcreaterole, rolcanlogin"
                " FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY 1"
            ).fetchall(),
            "database": admin.execute(
                "SELECT datdba::regrole::text, datacl::text, datcollate FROM pg_database WHERE datname = 'prepared'"
            ).fetchall(),
            "schemas": admin.execute("SELECT nspname, nspowner, nspacl::text FROM pg_namespace ORDER BY 1").fetchall(),
            "extensions": admin.execute("SELECT extname, extversion FROM pg_extension ORDER BY 1").fetchall(),
        }

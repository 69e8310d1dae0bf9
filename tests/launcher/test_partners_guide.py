"""The blocks of docs/partners.md do what they say: executed as written, against a service and a worker of their own.

They need Node.js: half of them are in JavaScript, and a guide is only as true as what was run of it.
"""

import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.cli import _parser
from app.commands.accounts import demonstration_accounts
from app.commands.demo.clients import demonstration_clients
from app.commands.simulator.options import chosen
from app.commands.simulator.scenario import Credentials
from app.commands.tenants import load_seed_tenants
from tests.conftest import TEMPLATE, _drop, _run
from tests.launcher.processes import CHECKOUT, eventually, started
from tests.support import ENCRYPTION_KEYS, TOKEN_SECRET, Databases

GUIDE = (CHECKOUT / "docs" / "partners.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"(?:#|//) (\S+\.(?:py|mjs))\b")
COMMANDS = [line.split("#")[0].split()[1:] for kind, text in BLOCKS if kind == "sh" for line in text.splitlines()]


@pytest.fixture(scope="module")
def database(databases: Databases, worker_id: str) -> Iterator[Databases]:
    """A database in which the guide may change the keys of the banks of the demonstration."""
    name = f"microcredit_guide_{worker_id}"
    _drop(databases.admin_url, name)
    _run(databases.admin_url, "CREATE DATABASE {} OWNER microcredit_owner TEMPLATE " + TEMPLATE, name)
    _run(databases.admin_url, "GRANT CONNECT ON DATABASE {} TO app", name)
    opened = Databases.on(databases.admin_url, name)
    load_seed_tenants(opened.owner_url)
    yield opened
    _drop(databases.admin_url, name)


@pytest.fixture(scope="module")
def service(database: Databases) -> Iterator[str]:
    """The address of a service, beside which a worker delivers."""
    address = f"http://127.0.0.1:{free_port()}"
    environment = {
        "DATABASE_URL": database.app_url,
        "TOKEN_SECRET": TOKEN_SECRET,
        "ENCRYPTION_KEYS": ENCRYPTION_KEYS,
        "WEBHOOK_LOOPBACK_ALLOWED": "true",
    }
    serving = ("-m", "app.cli", "serve", "--port", address.rpartition(":")[2])
    with ExitStack() as stack:
        process = stack.enter_context(started(*serving, **environment))
        assert eventually(lambda: process.poll() is not None or is_ready(address), 60)
        stack.enter_context(started("-m", "app.cli", "worker", **environment))
        yield address


@pytest.fixture
def home(database: Databases, tmp_path: Path) -> Path:
    """A folder that holds what `dev` keeps, and the programs of the guide."""
    kept, guide = tmp_path / "var" / "dev", tmp_path / "var" / "guide"
    kept.mkdir(parents=True)
    guide.mkdir()
    accounts, clients = demonstration_accounts(database.owner_url), demonstration_clients(database.owner_url)
    (kept / "accounts").write_text("".join(f"{one.username} {one.password}\n" for one in accounts))
    (kept / "clients").write_text("".join(f"{one.client_id} {one.client_secret}\n" for one in clients))
    for _, text in BLOCKS:
        if named := NAMED.match(text):
            (guide / named[1]).write_text(text)
    return tmp_path


def test_the_first_push_and_all_that_follows_it(service: str, home: Path) -> None:
    assert shutil.which("node"), "the guide's JavaScript is run by Node.js 18 or later: install it"
    script = "\n".join(text for kind, text in BLOCKS if kind == "bash")
    script = script.replace("http://127.0.0.1:8000", service).replace("9000", str(free_port()))
    done = run(["bash", "-euo", "pipefail", "-c", script], home)
    assert done.returncode == 0, done.stderr + done.stdout[-2000:]
    answers = values(done.stdout)
    inbox = next(answer for answer in answers if "items" in answer)
    assert [item["status"] for item in inbox["items"]] == ["sent"]
    bulk = next(answer for answer in answers if "items" in answer and "index" in str(answer))
    assert [item["status"] for item in bulk["items"]] == ["known", "recorded"]
    assert [item["status"] for item in read(home, "statement.json")["items"]] == ["recorded", "recorded"]
    refused = read(home, "refused.json")
    assert (refused["code"], [fault["code"] for fault in refused["errors"]]) == ("invalid", ["unknown_field"])
    loan = read(home, "loan.json")
    assert (loan["status"], loan["outstanding_cents"], loan["overdue_cents"]) == ("overdue", 40_103, 20_207)
    moved = [event["type"] for event in read(home, "events.json")["items"]]
    assert moved == [
        *("handoff.sent", "handoff.received", "handoff.in_progress", "handoff.accepted"),
        *("loan.offered", "loan.sign", "loan.sign", "loan.sign", "loan.accepted", "loan.disbursed"),
        "loan.reversal_reported",
    ]
    assert (read(home, "reversed.json")["kind"], read(home, "reversed.json")["anomalies"]) == ("reversal", [])
    pushed = [read(home, name) for name in ("first.json", "second.json")]
    assert [event["type"] for event in pushed] == ["handoff.sent", "handoff.sent"]
    assert pushed[0]["data"]["handoff_id"] != pushed[1]["data"]["handoff_id"]
    signed = [answer["partner_reference"] for answer in answers if answer.get("status") == "received"]
    assert signed[-3:] == ["SIGNED-1", "SIGNED-2", "SIGNED-2"]
    assert [answer["known"] for answer in answers if answer.get("status") == "received"][-3:] == [False, False, True]
    assert read(home, "pair.json")["public_key"].startswith("whpk_")
    assert [answer["state"] for answer in answers if "state" in answer] == ["revoked"]
    assert (read(home, "asked.json")["stage"], read(home, "answered.json")["status"]) == ("grant_decision", "accepted")
    assert [item["status"] for item in read(home, "file.json")["items"]] == ["recorded"]


def test_every_program_of_the_guide_has_a_name_and_is_run() -> None:
    programs = [(kind, text) for kind, text in BLOCKS if kind in ("python", "javascript")]
    names = [NAMED.match(text) for _, text in programs]
    assert all(names)
    script = "\n".join(text for kind, text in BLOCKS if kind == "bash")
    assert [name[1] for name in names if name and name[1] not in script] == []


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_commands_that_it_shows_are_taken(command: list[str]) -> None:
    """By the parser: what they do against a service is told by the tests of the simulator."""
    session, _ = chosen(_parser().parse_args(command), {"PARTNER_CLIENT_SECRET": "a secret"})
    assert session.credentials == Credentials("credit_mutuel-demo", "a secret")


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=180, check=False)


def read(folder: Path, name: str) -> Any:
    return json.loads((folder / "var" / "guide" / name).read_text())


def values(text: str) -> list[dict[str, Any]]:
    """The JSON objects of a text in which they follow one another."""
    found, decoder, position = [], json.JSONDecoder(), 0
    while (position := text.find("{", position)) >= 0:
        try:
            value, position = decoder.raw_decode(text, position)
        except json.JSONDecodeError:  # a value of a field, as Python writes it
            position += 1
        else:
            found.append(value)
    return found


def is_ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/health/ready", trust_env=False).is_success
    except httpx.HTTPError:
        time.sleep(0.2)
        return False


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])

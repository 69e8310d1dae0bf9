"""`dev` starts everything, says how to use it, and leaves nothing behind."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from app.commands.dev import _keep
from app.commands.simulator.kept import keep, read
from app.commands.simulator.scenario import Credentials
from app.local_postgres import create_database, local_postgres
from tests.launcher.processes import CHECKOUT, PATIENCE_SECONDS, anyone, eventually, line_of, runs, server_pid, started

STUBBED = ("-m", "tests.launcher.stubbed_dev")
STOPS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.fixture(autouse=True)
def _no_given_database(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "TOKEN_SECRET", "ENCRYPTION_KEYS"):
        monkeypatch.delenv(name, raising=False)


def refusal(*arguments: str, **environment: str) -> str:
    """The only line that a failing start says."""
    done = subprocess.run(
        [sys.executable, *STUBBED, *arguments],
        cwd=CHECKOUT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 1, done
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr


def test_a_first_start_loads_the_examples_and_a_second_keeps_them(tmp_path: Path) -> None:
    data = tmp_path / "dev"
    with started(*STUBBED, "0", str(data)) as process:
        assert "start number 1" in line_of(process, "start number")
        assert "://app@/microcredit" in line_of(process, "serving with")
        assert "agent@besancon" in line_of(process, "example data for http://127.0.0.1:")
        assert "credit_mutuel-demo" in line_of(process, "and for the machines")
        service = line_of(process, "Service").split()[1]
        assert "agent, manager" in line_of(process, "agent@besancon")
        command = line_of(process, "curl").strip()
        assert "\n" not in command
        assert httpx.get(f"{service}/health/ready", trust_env=False, timeout=PATIENCE_SECONDS).status_code == 200
        process.terminate()
        assert process.wait(PATIENCE_SECONDS) == 0
    assert (data / "token_secret").stat().st_mode & 0o777 == 0o600
    secret = (data / "token_secret").read_text()
    assert len(bytes.fromhex(secret)) >= 32
    with started(*STUBBED, "0", str(data)) as process:
        assert "start number 2" in line_of(process, "start number")
        line_of(process, "Service")
        process.terminate()
        assert "example data" not in process.communicate(timeout=PATIENCE_SECONDS)[0]
    assert (data / "token_secret").read_text() == secret


def test_the_token_commands_are_one_line_for_any_password_or_secret(tmp_path: Path) -> None:
    with started(*STUBBED, "0", str(tmp_path)) as process:
        commands = [line_of(process, "curl").strip() for _ in range(2)]
    said = [
        subprocess.run(
            ["sh", "-c", 'curl() { for word; do echo "$word"; done; }; ' + command],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        for command in commands
    ]
    assert {"username=agent@besancon", "password=a b'c"} < set(said[0])
    assert {"grant_type=client_credentials", "client_id=credit_mutuel-demo", "client_secret=c d'e"} < set(said[1])


def test_the_credentials_of_each_partner_are_printed_with_its_name(tmp_path: Path) -> None:
    with started(*STUBBED, "0", str(tmp_path)) as process:
        assert line_of(process, "client_id").split()[:2] == ["client_id", "client_secret"]
        assert line_of(process, "credit_mutuel-demo").strip() == "credit_mutuel-demo  c d'e          Crédit Mutuel"


@pytest.mark.parametrize("number", STOPS)
def test_every_stop_signal_ends_the_service_then_the_database(tmp_path: Path, number: signal.Signals) -> None:
    with started(*STUBBED, "0", str(tmp_path)) as process:
        line_of(process, "Ctrl-C")
        pid = server_pid(tmp_path / "postgres")
        process.send_signal(number)
        output, errors = process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == 0
        assert "service stopped in order" in output
        assert errors == ""
    assert not runs(pid)


@pytest.mark.parametrize("number", STOPS)
def test_every_stop_signal_is_heard_before_the_service_runs(tmp_path: Path, number: signal.Signals) -> None:
    with started(*STUBBED, "0", str(tmp_path), STUB_SLOW="60") as process:
        line_of(process, "migrating")
        pid = server_pid(tmp_path / "postgres")
        process.send_signal(number)
        assert process.wait(PATIENCE_SECONDS) == 0
        assert process.communicate()[1] == ""
    assert not runs(pid)


def test_a_killed_start_is_recovered(tmp_path: Path) -> None:
    with started(*STUBBED, "0", str(tmp_path)) as process:
        line_of(process, "Ctrl-C")
        pid = server_pid(tmp_path / "postgres")
        process.kill()
        process.wait(PATIENCE_SECONDS)
    assert runs(pid)
    with started(*STUBBED, "0", str(tmp_path)) as process:
        assert "start number 2" in line_of(process, "start number")
        line_of(process, "Ctrl-C")
    assert not runs(pid)


def test_a_first_start_cut_short_starts_again_from_nothing(tmp_path: Path) -> None:
    with started(*STUBBED, "0", str(tmp_path), STUB_SLOW="60") as process:
        line_of(process, "migrating")
        process.kill()
        process.wait(PATIENCE_SECONDS)
    with started(*STUBBED, "0", str(tmp_path)) as process:
        assert "start number 1" in line_of(process, "start number")
        line_of(process, "example data for")


def test_broken_examples_leave_a_service_of_use(tmp_path: Path) -> None:
    with started(*STUBBED, "0", str(tmp_path), STUB_BROKEN="demo") as process:
        line_of(process, "Ctrl-C")
        process.terminate()
        _, errors = process.communicate(timeout=PATIENCE_SECONDS)
        assert "ValueError: broken example" in errors
        assert "--reset starts afresh" in errors


def test_a_service_that_cannot_start_stops_the_database(tmp_path: Path) -> None:
    with started(*STUBBED, "0", str(tmp_path), STUB_BROKEN="service") as process:
        _, errors = process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == 1
        assert "broken service" in errors
    assert not (tmp_path / "postgres" / "data" / "postmaster.pid").exists()


def test_reset_forgets_everything_that_dev_made(tmp_path: Path) -> None:
    with started(*STUBBED, "0", str(tmp_path)) as process:
        line_of(process, "Ctrl-C")
    secret = (tmp_path / "token_secret").read_text()
    with started(*STUBBED, "0", str(tmp_path), "--reset") as process:
        assert "start number 1" in line_of(process, "start number")
        line_of(process, "example data for")
    assert (tmp_path / "token_secret").read_text() != secret


def test_reset_refuses_a_folder_that_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    assert "did not make" in refusal("0", str(tmp_path), "--reset")
    assert (tmp_path / "precious").read_text() == "mine"


def test_a_second_dev_on_the_folder_is_refused(tmp_path: Path) -> None:
    with started(*STUBBED, "0", str(tmp_path)) as process:
        line_of(process, "Ctrl-C")
        assert f"in use by process {process.pid}" in refusal("0", str(tmp_path))
        assert f"in use by process {process.pid}" in refusal("0", str(tmp_path), "--reset")
        assert process.poll() is None


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert f"Port {port} cannot be used" in refusal(port, str(tmp_path / "dev"))
    assert not (tmp_path / "dev").exists()
    assert "Port 70000 cannot be used" in refusal("70000", str(tmp_path / "dev"))


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "cannot be written" in refusal("0", str(tmp_path / "file" / "dev"))


def test_a_given_database_gets_no_account_and_no_example(tmp_path: Path) -> None:
    with local_postgres(tmp_path / "given") as server:
        create_database(server, "given")
        owner_url = server.url(role="microcredit_owner", database="given")
        given = {"DATABASE_URL": server.url(role="app", database="given"), "DATABASE_OWNER_URL": owner_url}
        with started(*STUBBED, "0", str(tmp_path / "dev"), **given) as process:
            line_of(process, "Service")
            process.terminate()
            output, _ = process.communicate(timeout=PATIENCE_SECONDS)
            assert process.returncode == 0
            assert "agent@besancon" not in output
            assert "client_id" not in output
        assert not (tmp_path / "dev" / "postgres").exists()


def test_a_given_database_needs_its_owner_an_answer_and_no_reset(tmp_path: Path) -> None:
    nowhere = "postgresql+psycopg://app@127.0.0.1:1/given"
    assert "DATABASE_OWNER_URL" in refusal("0", str(tmp_path), DATABASE_URL=nowhere)
    given = {"DATABASE_URL": nowhere, "DATABASE_OWNER_URL": nowhere}
    assert "--reset" in refusal("0", str(tmp_path), "--reset", **given)
    assert "does not answer" in refusal("0", str(tmp_path), **given)


def test_the_real_service_starts_and_gives_tokens_to_staff_and_to_a_bank(tmp_path: Path) -> None:
    with started("-m", "app.cli", "dev", "--port", "0", "--data", str(tmp_path)) as process:
        service = line_of(process, "Service").split()[1]
        tokens = []
        for _ in range(2):
            command = line_of(process, "curl").strip()
            answer = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout
            tokens.append(json.loads(answer)["access_token"])
        with anyone() as asking:
            agent, bank = [
                asking.get(f"{service}/v1/me", headers={"Authorization": f"Bearer {token}"}).json() for token in tokens
            ]
        assert (agent["tenant"], agent["partner"]) == ("amiens", None)
        assert (bank["tenant"], bank["partner"], bank["roles"]) == (None, "banque_postale", ["partner"])
        pid = server_pid(tmp_path / "postgres")
        process.terminate()
        assert process.wait(PATIENCE_SECONDS) == 0
    assert eventually(lambda: not runs(pid))


def test_what_somebody_noted_is_good_after_a_restart_and_the_files_of_the_banks_are_there(tmp_path: Path) -> None:
    arguments = ("-m", "app.cli", "dev", "--port", "0", "--data", str(tmp_path / "dev"))
    noted = []
    for _ in range(2):
        with started(*arguments) as process:
            service = line_of(process, "Service").split()[1]
            password = line_of(process, "agent@besancon").split()[1]
            client_id, secret = line_of(process, "credit_municipal_toulouse-demo").split()[:2]
            noted.append((password, client_id, secret))
            assert _statuses(service, *noted[0][1:]) == ["accepted", "accepted", "accepted", "withdrawn"]
            process.terminate()
            assert process.wait(PATIENCE_SECONDS) == 0
    assert noted[0] == noted[1]
    for kept in ("accounts", "clients"):
        assert (tmp_path / "dev" / kept).stat().st_mode & 0o777 == 0o600


def test_the_keys_that_a_simulator_changed_outlive_a_restart(tmp_path: Path) -> None:
    clients = tmp_path / "clients"
    _keep(clients, [("bank-demo", "secret")])
    keep(Credentials("bank-1", "another", "whsec_key", "key 1"), clients, instead_of="bank-demo")
    changed = read(clients)
    _keep(clients, [("bank-demo", "secret")])
    assert read(clients) == {**changed, "bank-demo": "secret"}


def _statuses(service: str, client_id: str, client_secret: str) -> list[str]:
    """Where the handoffs in a bank's inbox stand."""
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
    with anyone() as asking:
        token = asking.post(f"{service}/v1/auth/token", data=form).json()["access_token"]
        inbox = asking.get(f"{service}/v1/partner/handoffs", headers={"Authorization": f"Bearer {token}"}).json()
    return sorted(item["status"] for item in inbox["items"])

"""`dev`: the whole service on this machine, with its own database, accounts and example data."""

import os
import secrets
import shlex
import shutil
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import httpx
import psycopg
import uvicorn
from sqlalchemy.exc import OperationalError

from app.local_postgres import (
    STOP_SIGNALS,
    LocalPostgresError,
    StopSignal,
    create_database,
    local_postgres,
    stop_signals,
)

if TYPE_CHECKING:
    from app.commands.accounts import DemoAccount
    from app.commands.demo.clients import DemoClient

DATABASE = "microcredit"

_MARKER = "made-by-microcredit-dev"  # only a folder that holds it is ever wiped
_LOADED = "postgres/data/example-data-loaded"  # beside the data, so that both vanish together
_READY_SECONDS = 60
_SECRETS = ("TOKEN_SECRET", "ENCRYPTION_KEYS")


class DevError(Exception):
    """The service cannot start; the message is one sentence for the person at the terminal."""


def dev(*, port: int, data: Path, reset: bool) -> int:
    """Serves on 127.0.0.1 until Ctrl-C, SIGTERM or SIGHUP; returns the exit code.

    `port` 0 takes any free port. `reset` wipes the folder `data` first. With DATABASE_URL in the
    environment, that database is migrated and served, and no account or example is created.
    """
    try:
        with stop_signals(), _listening(port) as listener:
            _claim(data)
            if "DATABASE_URL" in os.environ:
                return _on_given_database(listener, data, reset=reset)
            return _on_local_database(listener, data, reset=reset)
    except (KeyboardInterrupt, StopSignal):
        return 0
    except (OperationalError, psycopg.OperationalError) as error:
        cause = getattr(error, "orig", None) or error
        print(f"The database does not answer: {cause}".splitlines()[0], file=sys.stderr)
    except (DevError, LocalPostgresError) as error:
        print(error, file=sys.stderr)
    return 1


def _on_given_database(listener: socket.socket, data: Path, *, reset: bool) -> int:
    if reset:
        raise DevError("--reset wipes the local database only: unset DATABASE_URL first.")
    owner_url = os.environ.get("DATABASE_OWNER_URL")
    if not owner_url:
        raise DevError("DATABASE_URL is set: set DATABASE_OWNER_URL as well, the role that migrates.")
    _migrate(owner_url)
    for name in _SECRETS:
        os.environ.setdefault(name, _secret(data, name))
    return _serve(listener, lambda _, address: print(_welcome(address, data, (), ()), flush=True))


def _on_local_database(listener: socket.socket, data: Path, *, reset: bool) -> int:
    from app.commands.accounts import demonstration_accounts
    from app.commands.demo.clients import demonstration_clients
    from app.commands.dev_deliveries import deliver_until

    # A first start cut short leaves half of the examples: it starts again from nothing.
    first = reset or not (data / _LOADED).exists()
    with local_postgres(data / "postgres", fresh=first) as server:
        if reset:
            _wipe(data)
        create_database(server, DATABASE)
        owner_url = server.url(role="microcredit_owner", database=DATABASE)
        _migrate(owner_url)
        accounts = demonstration_accounts(owner_url, _kept(data / "accounts"))
        clients = demonstration_clients(owner_url, _kept(data / "clients"))
        _keep(data / "accounts", [(account.username, account.password) for account in accounts])
        _keep(data / "clients", [(client.client_id, client.client_secret) for client in clients])
        os.environ["DATABASE_URL"] = server.url(role="app", database=DATABASE)
        os.environ.pop("DATABASE_OWNER_URL", None)
        os.environ.update({name: _secret(data, name) for name in _SECRETS})
        os.environ["WEBHOOK_LOOPBACK_ALLOWED"] = "true"  # receivers are written on this machine

        def announce(server: uvicorn.Server, address: str) -> None:
            if first:
                _load_examples(server, address, accounts, clients, data)
            if not server.should_exit:
                print(_welcome(address, data, accounts, clients), flush=True)
            deliver_until(lambda: server.should_exit)

        return _serve(listener, announce)


def _migrate(owner_url: str) -> None:
    from app.commands.migrate import upgrade
    from app.commands.tenants import load_seed_tenants

    upgrade(owner_url)
    load_seed_tenants(owner_url)


@contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    """The port, held from now on, so that nobody takes it while the database starts."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    with listener:
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen()
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise DevError(f"Port {port} cannot be used ({reason}): choose another with --port.") from None
        yield listener


def _claim(data: Path) -> None:
    """Marks a new or empty folder as ours; refuses one that holds something else."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        if not (data / _MARKER).exists():
            if any(data.iterdir()):
                raise DevError(f"{data} holds files that ./run dev did not make: choose another with --data.")
            (data / _MARKER).touch()
        if not os.access(data, os.W_OK):
            raise PermissionError(13, "Permission denied")
    except OSError as error:
        raise DevError(f"{data} cannot be written ({error.strerror}): choose another with --data.") from None


def _wipe(data: Path) -> None:
    """Removes everything but the marker and the database, which its own lock protects."""
    for path in data.iterdir():
        if path.name in (_MARKER, "postgres"):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _kept(path: Path) -> dict[str, str]:
    """What the last start gave, by name, so that what somebody noted stays good."""
    return dict(line.split(" ", 1) for line in path.read_text().splitlines()) if path.exists() else {}


def _keep(path: Path, given: Sequence[tuple[str, str]]) -> None:
    """Beside what is printed: a name and its password or secret on a line each, for scripts of this machine's user.

    What others keep there, as a simulator that changes its keys, stays.
    """
    lines = _kept(path) | dict(given)
    path.touch(mode=0o600)
    path.write_text("".join(f"{name} {secret}\n" for name, secret in lines.items()))


def _secret(data: Path, name: str) -> str:
    """Kept from one start to the next, so that a token survives a restart, and what was sealed can be read."""
    path = data / name.lower()
    if not path.exists():
        draft = path.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_hex(32))
        draft.rename(path)
    return path.read_text()


def _serve(listener: socket.socket, announce: Callable[[uvicorn.Server, str], None]) -> int:
    config = uvicorn.Config(
        "app.main:create_app",
        factory=True,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    failed = threading.Event()
    ready = threading.Thread(target=_when_ready, args=(server, address, announce, failed), daemon=True)
    ready.start()
    with _ended_by_signals(server):
        try:
            server.run(sockets=[listener])
        except SystemExit as error:  # uvicorn has already said why
            raise DevError("The service did not start; the reason is above.") from error
    ready.join(timeout=2)
    return 1 if failed.is_set() else 0


@contextmanager
def _ended_by_signals(server: uvicorn.Server) -> Iterator[None]:
    """Any stop signal ends the service in order.

    uvicorn knows neither SIGHUP nor a signal that comes before its own handlers, and it raises the
    others again once it has finished: they must find a handler that does nothing more.
    """

    def end(_number: int, _frame: FrameType | None) -> None:
        server.should_exit = True

    heard = [number for number in STOP_SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = [(number, signal.signal(number, end)) for number in heard]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def _when_ready(
    server: uvicorn.Server,
    address: str,
    announce: Callable[[uvicorn.Server, str], None],
    failed: threading.Event,
) -> None:
    """Runs beside the server: waits until it answers, then loads the examples and greets."""
    deadline = time.monotonic() + _READY_SECONDS
    with httpx.Client(base_url=address, trust_env=False, timeout=2) as client:
        answer = "no answer"
        while time.monotonic() < deadline and not server.should_exit:
            with suppress(httpx.HTTPError):
                response = client.get("/health/ready")
                if response.is_success:
                    announce(server, address)
                    return
                answer = f"{response.status_code} {response.text}"
            time.sleep(0.1)
    if not server.should_exit:
        print(f"The service is not ready after {_READY_SECONDS} seconds: {answer}", file=sys.stderr)
        failed.set()
        server.should_exit = True


def _load_examples(
    server: uvicorn.Server,
    address: str,
    accounts: "Sequence[DemoAccount]",
    clients: "Sequence[DemoClient]",
    data: Path,
) -> None:
    print("Loading the example data…", flush=True)
    try:
        from app.commands.demo import load_demo

        load_demo(address, accounts, clients)
    except Exception:  # noqa: BLE001  the service is of use without examples; a developer wants the trace
        if server.should_exit:
            return
        traceback.print_exc()
        print("The example data is not complete; --reset starts afresh.", file=sys.stderr)
    (data / _LOADED).touch()


def _welcome(address: str, data: Path, accounts: "Sequence[DemoAccount]", clients: "Sequence[DemoClient]") -> str:
    lines = ["", f"  Service        {address}", f"  Documentation  {address}/docs", ""]
    if accounts:
        given = [(a.username, a.password, ", ".join(a.roles)) for a in accounts]
        lines += [*_table(("user name", "password", "roles"), given), ""]
        form = {"username": accounts[0].username, "password": accounts[0].password}
        lines += ["  A token for the first of them:", _token_command(address, form), ""]
    if clients:
        given = [(c.client_id, c.client_secret, c.name) for c in clients]
        lines += [*_table(("client_id", "client_secret", "partner that lends (its machine)"), given), ""]
        form = {
            "grant_type": "client_credentials",
            "client_id": clients[0].client_id,
            "client_secret": clients[0].client_secret,
        }
        lines += ["  A token for the first of them:", _token_command(address, form), ""]
    return "\n".join([*lines, f"  Ctrl-C stops it; what it keeps is in {data}.", ""])


def _table(titles: tuple[str, str, str], rows: Sequence[tuple[str, str, str]]) -> list[str]:
    wide = [max(len(row[column]) for row in [titles, *rows]) for column in (0, 1)]
    return [f"  {name:{wide[0]}}  {secret:{wide[1]}}  {said}" for name, secret, said in [titles, *rows]]


def _token_command(address: str, form: dict[str, str]) -> str:
    """One line for a shell, whatever the password holds."""
    given = " ".join(f"--data-urlencode {shlex.quote(f'{field}={value}')}" for field, value in form.items())
    return f"  curl -s {address}/v1/auth/token {given}"

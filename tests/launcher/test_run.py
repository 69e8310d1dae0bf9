"""`./run`: its sentences, what it starts, and an installation that is whole or done again."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

from tests.launcher.processes import CHECKOUT

LAUNCHER = CHECKOUT / "run"


def load(path: Path) -> ModuleType:
    spec = spec_from_loader("run", SourceFileLoader("run", str(path)))
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The launcher of a checkout of its own, with nothing installed and no `uv`."""
    # A compiled copy would be written beside the launcher, which has no .py name to be ignored by.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / "run").write_bytes(LAUNCHER.read_bytes())
    (checkout / "requirements.lock").write_text("nothing-of-that-name==1.0 --hash=sha256:" + "0" * 64 + "\n")
    (checkout / "pyproject.toml").write_bytes((CHECKOUT / "pyproject.toml").read_bytes())
    monkeypatch.chdir(checkout)
    before = dict(os.environ)
    module = load(checkout / "run")
    monkeypatch.setattr(module.shutil, "which", lambda _name: None)
    yield module
    os.environ.clear()
    os.environ.update(before)


def sentence(run: ModuleType, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The last line of a launch that fails."""
    assert run.main(arguments or ["test"]) == 1
    return capsys.readouterr().err.splitlines()[-1]


def test_an_old_python_can_read_it() -> None:
    ast.parse(LAUNCHER.read_text(), feature_version=(3, 6))


def test_it_needs_the_standard_library_only() -> None:
    imports = [node for node in ast.walk(ast.parse(LAUNCHER.read_text())) if isinstance(node, ast.Import)]
    names = {alias.name for node in imports for alias in node.names}
    assert names <= sys.stdlib_module_names


def test_it_can_be_started() -> None:
    done = subprocess.run([str(LAUNCHER), "--help"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Usage: ./run COMMAND")
    assert subprocess.run([str(LAUNCHER)], capture_output=True, text=True, check=True).stdout == done.stdout


def test_an_old_python_is_one_sentence(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run.sys, "version_info", (3, 9, 1))
    expected = "./run: Python 3.11 or newer is needed and this is 3.9: install it, or uv."
    assert sentence(run, capsys) == expected


def test_an_old_python_uses_a_newer_one_of_the_path(run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run.sys, "version_info", (3, 9, 1))
    newer = {"python3.14": "/bin/false", "python3.12": sys.executable}
    monkeypatch.setattr(run.shutil, "which", newer.get)
    assert run.find_python(need_pip=True) == sys.executable


def test_without_any_python_the_choice_is_left_to_uv(run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run.sys, "version_info", (3, 9, 1))
    assert run.find_python(need_pip=False) is None


def test_a_python_that_cannot_make_environments_is_one_sentence(
    run: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As Debian's, whose ensurepip is in a package of its own."""
    bare = tmp_path / "python3"
    bare.write_text(f'#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; esac\nexec {sys.executable} "$@"\n')
    bare.chmod(0o755)
    monkeypatch.setattr(run.sys, "executable", str(bare))
    expected = "cannot make virtual environments: install the package python3-venv, or uv."
    assert sentence(run, capsys).endswith(expected)


def test_a_closed_checkout_is_one_sentence(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run.os, "access", lambda *_: False)
    assert sentence(run, capsys) == f"./run: {run.ROOT} cannot be written, and .venv must be made there."


def test_a_missing_file_is_one_sentence(run: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    (run.ROOT / "requirements.lock").unlink()
    assert "requirements.lock: No such file or directory" in sentence(run, capsys)


def test_packages_that_cannot_be_had_are_one_sentence_and_leave_no_stamp(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_USER", "1")
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    line = sentence(run, capsys)
    assert line.startswith("./run: The packages could not be installed: ERROR:")
    assert "nothing-of-that-name" in line
    assert not run.STAMP.exists()


def test_a_network_that_does_not_answer_is_said(run: ModuleType) -> None:
    output = "WARNING: Retrying after connection broken by 'x'\nERROR: No matching distribution\n[notice] advice\n"
    assert run.reason(output) == "the network does not answer; ERROR: No matching distribution"
    assert run.reason("error: Failed to fetch\n  Caused by: dns error\n\n") == "error: Failed to fetch"
    assert run.reason("") == "no message"


def test_the_stamp_is_written_last_and_spares_the_next_installation(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []

    def call(command: list[str], *_: object) -> None:
        assert not run.STAMP.exists()
        commands.append(command)
        if "venv" in command:
            run.PYTHON.parent.mkdir(parents=True)
            run.PYTHON.symlink_to(sys.executable)

    monkeypatch.setattr(run, "call", call)
    run.prepare()
    assert ["venv" in commands[0], "--require-hashes" in commands[1], "--no-deps" in commands[2]] == [True] * 3
    commands.clear()
    run.prepare()
    assert commands == []
    with (run.ROOT / "pyproject.toml").open("a") as file:
        file.write("\n")
    run.prepare()
    assert commands


def test_two_installations_wait_for_each_other(run: ModuleType) -> None:
    run.LOCK.parent.mkdir()
    trial = "import fcntl, sys; fcntl.flock(open(sys.argv[1], 'a'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    with run.alone():
        other = subprocess.run([sys.executable, "-c", trial, run.LOCK], capture_output=True, check=False)
    assert b"BlockingIOError" in other.stderr


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["dev", "--port", "1"], ["-m", "app.cli", "dev", "--port", "1"]),
        (["bench", "x"], ["-m", "benchmarks", "x"]),
        (["test", "-n4", "x"], ["-m", "pytest", "-n4", "x"]),
        (["test", "-n", "0"], ["-m", "pytest", "-n", "0"]),
        (["test", "--pdb"], ["-m", "pytest", "--pdb"]),
        (["test", "-p", "no:xdist"], ["-m", "pytest", "-p", "no:xdist"]),
        (["test", "-k", "money"], ["-m", "pytest", "-n", "3", "-k", "money"]),
    ],
)
def test_what_a_word_starts(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch, given: list[str], expected: list[str]
) -> None:
    monkeypatch.setattr(run, "available_cores", lambda: 3)
    assert run.python_arguments(given) == expected


def test_tests_are_parallel_even_on_one_core(run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "available_cores", lambda: 1)
    assert run.workers([]) == ["-n", "2"]

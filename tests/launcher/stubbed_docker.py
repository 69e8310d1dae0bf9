"""Stands in for `docker compose`: python -m tests.launcher.stubbed_docker compose WORDS, beside a docker-compose.yml.

What a container would run is run here for real: the entry point of the image with the service's own environment and no
other, from the folder STUB_IMAGE, on the PostgreSQL whose sockets are in STUB_SOCKETS, the API on STUB_PORT. Nothing
is isolated, and whatever it does not know is refused.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from app.parameters.yaml_file import load_yaml

COMPOSE, SECRETS = Path("docker-compose.yml"), Path(".env")
STATE, LOG = Path("state.json"), Path("api.log")
ADDRESS = re.compile(r"(?P<role>postgresql\+psycopg://\S+)@(?P<host>\w+)/(?P<database>\w+)")
VARIABLE = re.compile(r"\$\{(\w+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\}")
ONE_SHOTS = ("prepare", "migrate")  # in the order of their depends_on, which a test holds
SERVERS = ("api", "worker")


class Refused(SystemExit):
    """What the real one would not do, or this one cannot."""


def compose(words: list[str]) -> int:
    """One `docker compose` command; its exit code."""
    match words:
        case ["build"] | ["ps"]:
            return 0 if services() else 1
        case ["up", "-d"]:
            return up()
        case ["stop", *names] if names and set(names) <= set(SERVERS):
            return max(stop(name) for name in names)
        case ["logs", "--tail", number, "api"]:
            print("".join(LOG.read_text().splitlines(keepends=True)[-int(number) :]), end="")
            return 0
        case ["run", "--rm", *rest]:
            name, *command = rest[1:] if rest[0] == "-T" else rest
            return subprocess.call(**container(name, command))
        case ["exec", "-T", "database", program, *rest]:
            return in_database([f"{os.environ['STUB_BINARIES']}/{program}", *rest])
    raise Refused(f"unknown here: docker compose {' '.join(words)}")


def services() -> dict[str, Any]:
    """The services of the file, filled in from .env alone."""
    lines = SECRETS.read_text().splitlines() if SECRETS.exists() else []
    return filled(load_yaml(COMPOSE)["services"], dict(line.split("=", 1) for line in lines))


def filled(value: Any, variables: dict[str, str]) -> Any:
    """A value with its variables; one that is required and missing is refused."""
    if isinstance(value, dict):
        return {key: filled(item, variables) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, variables) for item in value]
    return VARIABLE.sub(lambda found: one(found, variables), value) if isinstance(value, str) else value


def one(found: re.Match[str], variables: dict[str, str]) -> str:
    if variables.get(found[1]):
        return variables[found[1]]
    if found["kind"] == "?":
        raise Refused(f"{found[1]} is missing: {found['rest']}")
    return found["rest"] or ""


def container(name: str, command: list[str]) -> dict[str, Any]:
    """What a container of a service runs: the arguments of `subprocess.call`."""
    service, image = services()[name], Path(os.environ["STUB_IMAGE"])
    environment = {key: on_our_server(value) for key, value in service["environment"].items()}
    entry = json.loads((image / "entrypoint.json").read_text())
    return {
        "args": [*entry, *(command or service["command"])],
        "cwd": image,
        "env": {"PATH": os.defpath, "PYTHONPATH": f"{image}:{image / 'site'}", **environment},
    }


def on_our_server(value: str) -> str:
    """The address of the container `database` becomes the tests' server: role, password and database stay."""
    address = ADDRESS.fullmatch(value)
    if not address:
        return value
    if address["host"] != "database":
        raise Refused(f"no container is called {address['host']}")
    return f"{address['role']}@/{address['database']}?host={os.environ['STUB_SOCKETS']}&port=5432"


def in_database(command: list[str]) -> int:
    inside = {"PATH": os.defpath, "PGHOST": os.environ["STUB_SOCKETS"], "PGPORT": "5432"}
    return subprocess.call(command, env=inside)


def up() -> int:
    """Starts what is not there yet, or was started with other settings; a one-shot that is done is left so."""
    state = json.loads(STATE.read_text()) if STATE.exists() else {}
    for name in (*ONE_SHOTS, *SERVERS):
        wanted, serves = container(name, []), name in SERVERS
        if name in state and state[name]["env"] == wanted["env"] and (not serves or runs(state[name]["pid"])):
            continue
        state[name] = {"env": wanted["env"], "pid": serve(name, wanted) if serves else finish(name, wanted)}
        STATE.write_text(json.dumps(state))
    return 0


def finish(name: str, wanted: dict[str, Any]) -> int:
    if code := subprocess.call(**wanted):
        raise Refused(f"{name} ended with {code}")
    return 0


def serve(name: str, wanted: dict[str, Any]) -> int:
    """Starts a server in place of the one that runs; its number."""
    stop(name)
    arguments = [*wanted.pop("args"), *(["--port", os.environ["STUB_PORT"]] if name == "api" else [])]
    with Path(f"{name}.log").open("ab") as log:
        return subprocess.Popen(
            arguments, **wanted, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        ).pid


def stop(name: str) -> int:
    """Ends the server that `up` started, by its number."""
    state = json.loads(STATE.read_text()) if STATE.exists() else {}
    pid = state.get(name, {}).get("pid", 0)
    if runs(pid):
        os.kill(pid, signal.SIGTERM)
        while runs(pid):
            time.sleep(0.02)
    return 0


def runs(pid: int) -> bool:
    from app.local_postgres.server import _command_line

    return pid != 0 and "app.cli" in _command_line(pid)


if __name__ == "__main__":
    if sys.argv[1] != "compose":
        raise Refused(f"unknown here: docker {sys.argv[1]}")
    sys.exit(compose(sys.argv[2:]))

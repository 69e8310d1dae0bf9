"""Runs `dev` with stand-ins for what it calls: python -m tests.launcher.stubbed_dev PORT FOLDER [--reset]

The launcher is then tested on its own, whatever the state of the service. STUB_SLOW makes the
migration last, STUB_BROKEN breaks the example data or the service.
"""

import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg

Message = dict[str, Any]


@dataclass(frozen=True)
class Account:
    username: str = "agent@besancon"
    password: str = "a b'c"
    roles: Sequence[str] = ("agent", "manager")


@dataclass(frozen=True)
class Client:
    client_id: str = "credit_mutuel-demo"
    client_secret: str = "c d'e"
    partner: str = "credit_mutuel"
    name: str = "Crédit Mutuel"


def upgrade(owner_url: str) -> None:
    print("migrating", flush=True)
    time.sleep(float(os.environ.get("STUB_SLOW", "0")))
    with psycopg.connect(owner_url.replace("+psycopg", "")) as owner:
        owner.execute("CREATE TABLE IF NOT EXISTS starts (id int GENERATED ALWAYS AS IDENTITY)")
        owner.execute("INSERT INTO starts DEFAULT VALUES")
        print("start number", *owner.execute("SELECT count(*) FROM starts").fetchone() or (), flush=True)


def load_demo(base_url: str, accounts: Sequence[Account], clients: Sequence[Client]) -> None:
    print("example data for", base_url, *(account.username for account in accounts), flush=True)
    print("and for the machines", *(client.client_id for client in clients), flush=True)
    if os.environ.get("STUB_BROKEN") == "demo":
        raise ValueError("broken example")


def create_app() -> Callable[..., Awaitable[None]]:
    if os.environ.get("STUB_BROKEN") == "service":
        raise ValueError("broken service")
    print("serving with", os.environ["DATABASE_URL"], len(os.environ["TOKEN_SECRET"]), flush=True)
    return application


async def application(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        print("service stopped in order", flush=True)
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})


def install_stubs() -> None:
    stubs: dict[str, dict[str, object]] = {
        "app.main": {"create_app": create_app},
        "app.commands.migrate": {"upgrade": upgrade},
        "app.commands.tenants": {"load_seed_tenants": lambda _owner_url: None},
        "app.commands.accounts": {"demonstration_accounts": lambda _owner_url, _passwords: [Account()]},
        "app.commands.demo": {"load_demo": load_demo},
        "app.commands.dev_deliveries": {"deliver_until": lambda _is_over: None},
        "app.commands.demo.clients": {"demonstration_clients": lambda _owner_url, _secrets: [Client()]},
    }
    for name, contents in stubs.items():
        module = ModuleType(name)
        module.__dict__.update(contents)
        sys.modules[name] = module


if __name__ == "__main__":
    install_stubs()
    from app.commands.dev import dev

    sys.exit(dev(port=int(sys.argv[1]), data=Path(sys.argv[2]), reset="--reset" in sys.argv))

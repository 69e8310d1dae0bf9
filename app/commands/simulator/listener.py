"""Where the bank takes deliveries: a small server that verifies each signature with the library of the standard."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import uvicorn
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from app.commands.simulator.bank import Bank
from app.commands.simulator.machine import Machine

Json = dict[str, Any]
_ACCEPTED, _NOT_GENUINE, _DOWN = 204, 401, 503


class Listener:
    """An ASGI application for one endpoint. `secrets` are those that a delivery may be signed with; `heard` is set at
    each one.
    """

    def __init__(self, bank: Bank) -> None:
        self.secrets: list[str] = []
        self.heard = asyncio.Event()
        self._bank = bank

    async def __call__(
        self, scope: Json, receive: Callable[[], Awaitable[Json]], send: Callable[[Json], Awaitable[None]]
    ) -> None:
        """One delivery: 204 once it is taken in, 401 where nobody we know signed it, 503 while the bank is down."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        status = self._take(await _body(receive), headers)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def _take(self, body: bytes, headers: dict[str, str]) -> int:
        if self._bank.is_down:
            return _DOWN
        for secret in self.secrets:
            try:
                event = Webhook(secret).verify(body, headers)
            except (WebhookVerificationError, ValueError):
                continue
            self._bank.hear(event)
            self.heard.set()
            return _ACCEPTED
        return _NOT_GENUINE


@asynccontextmanager
async def listening(application: Any, port: int) -> AsyncIterator[str]:
    """Serves an application on 127.0.0.1 meanwhile; its address. Port 0 takes any that is free. Raises OSError."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        server = _Server(uvicorn.Config(application, lifespan="off", log_level="warning", access_log=False))
        serving = asyncio.create_task(server.serve(sockets=[taken]))
        try:
            yield f"http://127.0.0.1:{taken.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving


async def secret_of(machine: Machine, url: str) -> str:
    """A secret for what is sent to an address, which is registered where it is not known yet.

    A secret is told once: for an address of an earlier start another one is asked for, and the earlier one ends.
    Raises SimulatorRefused, NoAnswer.
    """
    known = (await machine.read("/partner/webhooks", limit=100)).json()["items"]
    here = next((endpoint for endpoint in known if endpoint["url"] == url), None)
    if here is None:
        return str((await machine.make("/partner/webhooks", {"url": url}))["secret"])
    path = f"/partner/webhooks/{here['id']}"
    made = await machine.make(f"{path}/secrets", {"overlap_hours": 0})
    if here["disabled_at"] is not None:
        await machine.make(f"{path}/enablements", None)
    return str(made["secret"])


class _Server(uvicorn.Server):
    """A server that leaves the signals to whoever it serves for."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Captures none."""
        yield


async def _body(receive: Callable[[], Awaitable[Json]]) -> bytes:
    body, is_whole = b"", False
    while not is_whole:
        message = await receive()
        body += message.get("body", b"")
        is_whole = not message.get("more_body", False)
    return body

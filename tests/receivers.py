"""Receivers of webhooks on this machine: they listen for real, and keep what they were sent."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.support import Json


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event_id(self) -> str:
        """The identifier of the event, the same at each attempt."""
        return self.headers["webhook-id"]

    @property
    def data(self) -> Json:
        """What the body tells of the event."""
        told: Json = json.loads(self.body)["data"]
        return told


# The head of an answer, its body included, to what was received; may wait.
Answer = Callable[[Received], Awaitable[bytes]]


def answer(status: int, *headers: str, body: bytes = b"") -> bytes:
    """An answer with these headers."""
    lines = [f"HTTP/1.1 {status} X", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


@dataclass
class Receiver:
    """Takes everything with 204 unless told otherwise; counts connections, also those on which nothing comes."""

    respond: Answer | None = None
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    open: set[asyncio.Task[None] | None] = field(default_factory=set)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}/events"

    def says(self, *answers: bytes) -> None:
        """Gives these answers, one after another, and the last one from then on."""
        left = list(answers)

        async def respond(_: Received) -> bytes:
            return left.pop(0) if len(left) > 1 else left[0]

        self.respond = respond

    async def has(self, number: int) -> None:
        """Waits until so many requests came, for longer than a lease lasts at most."""
        async with asyncio.timeout(150):
            while len(self.received) < number:
                self.came.clear()
                await self.came.wait()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept for several requests."""
        self.connections += 1
        self.open.add(task := asyncio.current_task())
        try:
            while (request := await _read(reader)) is not None:
                self.received.append(request)
                self.came.set()
                writer.write(answer(204) if self.respond is None else await self.respond(request))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self.open.discard(task)
            writer.close()

    async def hang_up(self) -> None:
        """Ends what is open."""
        for task in list(self.open):
            if task is not None:
                task.cancel()
        await asyncio.sleep(0)


async def _read(reader: asyncio.StreamReader) -> Received | None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(head[0].split()[1], headers, body)


@asynccontextmanager
async def listening(trust: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """A receiver on a free port, over TLS where a context is given."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=trust)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        await receiver.hang_up()

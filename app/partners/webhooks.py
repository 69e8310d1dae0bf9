"""Webhooks over HTTP: signed as Standard Webhooks 1.0 says, sent to a public address that was checked and to no other.

A name is resolved, every address it has is checked, and the connection goes to one of these: a name that is given
another address in between (DNS rebinding) leads nowhere else. The certificate is still checked for the name.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from time import perf_counter
from uuid import UUID

import httpx
from standardwebhooks import Webhook

from app.domain.deliveries import Attempt, AttemptOutcome, outcome_of
from app.domain.webhook_targets import Target, UrlRefused, is_public_address, target_of

TIMEOUT_SECONDS = 20
_CONNECT_SECONDS = 5
# What is read of an answer, so that its connection serves again; nothing of it is kept.
_ANSWER_BYTES_MAX = 4_096
_ANSWER_SECONDS = 1

# The addresses of a host, in the order in which to try them; raises OSError where it has none.
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class AddressRefused(Exception):
    """A name leads to an address that is not of the public internet."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: `id` is the same at each attempt, `body` the exact bytes that are signed."""

    id: UUID
    body: bytes


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses that the system's resolver knows of a name."""
    found = await asyncio.get_running_loop().getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
    )
    return [str(address[0]) for *_, address in found]


async def addresses(target: Target, *, resolve: Resolve) -> Sequence[str]:
    """The addresses of a target, every one of them public. Raises AddressRefused, OSError where it has none."""
    if target.is_loopback:
        return [target.host]
    found = list(dict.fromkeys(await resolve(target.host, target.port)))
    if not found:
        raise OSError("no address")
    if not all(is_public_address(ip_address(address)) for address in found):
        raise AddressRefused
    return found


def signed(message: Message, *, secrets: Sequence[str], at: datetime) -> dict[str, str]:
    """The three headers of Standard Webhooks, with one signature for each of the secrets (`whsec_…`)."""
    text = message.body.decode()
    signatures = [Webhook(secret).sign(str(message.id), at, text) for secret in secrets]
    return {
        "webhook-id": str(message.id),
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


class Line:
    """The way to one endpoint, its connections kept for the messages that follow each other."""

    def __init__(self, client: httpx.AsyncClient, url: str, *, loopback_allowed: bool, resolve: Resolve) -> None:
        self._client = client
        self._url = url
        self._loopback_allowed = loopback_allowed
        self._resolve = resolve
        self._checked: Sequence[str] = ()
        self._resolving = asyncio.Lock()

    async def send(self, message: Message, *, secrets: Sequence[str], at: datetime) -> Attempt:
        """One attempt; whatever goes wrong is its outcome."""
        began = perf_counter()
        outcome, status_code, retry_after = await self._answer(message, signed(message, secrets=secrets, at=at))
        return Attempt(
            attempted_at=at,
            duration_ms=round((perf_counter() - began) * 1_000),
            outcome=outcome,
            status_code=status_code,
            retry_after=retry_after,
        )

    async def _answer(
        self, message: Message, signature: dict[str, str]
    ) -> tuple[AttemptOutcome, int | None, str | None]:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                response = await self._post(message, signature)
        except AddressRefused:
            return AttemptOutcome.ADDRESS_REFUSED, None, None
        except (TimeoutError, httpx.TimeoutException):
            return AttemptOutcome.TIMED_OUT, None, None
        except (OSError, httpx.HTTPError):
            return AttemptOutcome.UNREACHABLE, None, None
        await _let_go(response)
        return outcome_of(response.status_code), response.status_code, response.headers.get("retry-after")

    async def _post(self, message: Message, signature: dict[str, str]) -> httpx.Response:
        """The answer's head, from the first address that takes a connection."""
        try:
            target = target_of(self._url, loopback_allowed=self._loopback_allowed)
        except UrlRefused:
            raise AddressRefused from None
        *others, last = await self._addresses(target)
        for address in others:
            with suppress(httpx.ConnectError, httpx.ConnectTimeout):
                return await self._post_to(target, address, message, signature)
        return await self._post_to(target, last, message, signature)

    async def _post_to(
        self, target: Target, address: str, message: Message, signature: dict[str, str]
    ) -> httpx.Response:
        url = httpx.URL(scheme=target.scheme, host=address, port=target.port, raw_path=target.path.encode("ascii"))
        request = self._client.build_request(
            "POST",
            url,
            content=message.body,
            headers={"Host": _host(target), "Content-Type": "application/json", **signature},
            extensions={"sni_hostname": target.host},
        )
        return await self._client.send(request, stream=True)

    async def _addresses(self, target: Target) -> Sequence[str]:
        async with self._resolving:
            if not self._checked:
                self._checked = await addresses(target, resolve=self._resolve)
            return self._checked


class Sender:
    """Opens lines to the endpoints of partners."""

    def __init__(
        self, *, loopback_allowed: bool, resolve: Resolve = resolve, trust: ssl.SSLContext | None = None
    ) -> None:
        self._loopback_allowed = loopback_allowed
        self._resolve = resolve
        self._trust = trust or httpx.create_ssl_context(trust_env=False)

    @asynccontextmanager
    async def line(self, url: str, *, connections_max: int) -> AsyncIterator[Line]:
        """A line to an address, which is checked again before anything is sent there."""
        async with httpx.AsyncClient(
            verify=self._trust,
            trust_env=False,
            follow_redirects=False,
            headers={"User-Agent": "microcredit", "Accept": "*/*", "Accept-Encoding": "identity"},
            timeout=httpx.Timeout(TIMEOUT_SECONDS, connect=_CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=connections_max),
        ) as client:
            yield Line(client, url, loopback_allowed=self._loopback_allowed, resolve=self._resolve)


def _host(target: Target) -> str:
    default = 443 if target.scheme == "https" else 80
    return target.host if target.port == default else f"{target.host}:{target.port}"


async def _let_go(response: httpx.Response) -> None:
    """Reads the rest of a short answer, so that the connection serves again; closes it on a long or slow one."""
    read = 0
    try:
        with suppress(TimeoutError, httpx.HTTPError):
            async with asyncio.timeout(_ANSWER_SECONDS):
                async for chunk in response.aiter_raw():
                    read += len(chunk)
                    if read > _ANSWER_BYTES_MAX:
                        break
    finally:
        with suppress(httpx.HTTPError):
            await response.aclose()

"""The bank's machine over HTTP: it signs in, signs what it pushes, and asks again where no answer came."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from random import Random
from typing import Any, TypeVar
from uuid import uuid4

from httpx import AsyncBaseTransport, AsyncClient, HTTPError, ReadError, Request, Response
from standardwebhooks import Webhook

from app.commands.simulator.behaviour import Push
from app.commands.simulator.scenario import Credentials, SimulatorRefused
from app.schemas.auth import TokenRead
from app.schemas.base import Output, Page

Answer = TypeVar("Answer", bound=Output)
Item = TypeVar("Item", bound=Output)
Pause = Callable[[float], Awaitable[None]]
Json = dict[str, Any]

# How often a request was made until it was answered, among the extensions of its answer.
TRIES = "tries"
_TRIES_MAX = 6
_FIRST_PAUSE_SECONDS = 0.2
# Answers that tell a secret once. The network loses none of them: who loses one turns to the operator.
_SECRETS = ("/v1/partner/credentials", "/v1/partner/signing-keys", "/v1/partner/webhooks")
_IN_FLIGHT = "idempotency_key_in_flight"


class NoAnswer(Exception):
    """The service did not answer, however often it was asked."""


class Machine:
    """A client of the partner. Every request is made again, with the same key, until it is answered for good."""

    def __init__(self, client: AsyncClient, credentials: Credentials, *, pause: Pause = asyncio.sleep) -> None:
        self.credentials = credentials
        self._client, self._pause = client, pause
        self._token: str | None = None

    def sign_in_anew(self) -> None:
        """The next request asks for a token of the credentials as they are now."""
        self._token = None

    async def get(self, path: str, answer: type[Answer], **query: str | int) -> Answer:
        """GET under /v1. Raises SimulatorRefused, NoAnswer."""
        return answer.model_validate_json((await self.read(path, **query)).content)

    async def all(self, path: str, item: type[Item]) -> list[Item]:
        """Every item of a list, page after page. Raises SimulatorRefused, NoAnswer."""
        page = await self.get(path, Page[item], limit=100)  # type: ignore[valid-type]
        items: list[Item] = list(page.items)
        while page.next_cursor is not None:
            page = await self.get(path, Page[item], limit=100, cursor=page.next_cursor)  # type: ignore[valid-type]
            items += page.items
        return items

    async def read(self, path: str, **query: str | int) -> Response:
        """GET under /v1. Raises SimulatorRefused, NoAnswer."""
        return _good(await self._asked("GET", path, params=query))

    async def push(self, push: Push, *, key: str | None = None) -> Response:
        """POST under /v1, with the key of the push unless another is given: a success or a refusal for good.

        Raises SimulatorRefused where the credentials are not good, NoAnswer.
        """
        return await self._asked("POST", push.path, body=push.body, key=key or push.key)

    async def make(self, path: str, body: Json | None) -> Json:
        """What a POST under /v1 makes. Raises SimulatorRefused, NoAnswer."""
        made: Json = _good(await self._asked("POST", path, body=body, key=str(uuid4()))).json()
        return made

    async def _asked(
        self, method: str, path: str, *, params: Any = None, body: Json | None = None, key: str = ""
    ) -> Response:
        for wait in range(_TRIES_MAX):
            if wait:
                await self._pause(_FIRST_PAUSE_SECONDS * 2 ** (wait - 1))
            response = await self._once(method, path, params=params, body=body, key=key)
            if response is not None and not _to_be_asked_again(response):
                response.extensions[TRIES] = wait + 1
                return response
        raise NoAnswer(f"{method} {self._client.base_url.join(f'/v1{path}')}")

    async def _once(self, method: str, path: str, *, params: Any, body: Json | None, key: str) -> Response | None:
        content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        try:
            headers = {"Authorization": f"Bearer {self._token or await self._sign_in()}"}
            if method == "POST":
                headers |= {"Idempotency-Key": key, **self._signature(content)}
            if content:
                headers["Content-Type"] = "application/json"
            response = await self._client.request(method, f"/v1{path}", params=params, content=content, headers=headers)
        except (HTTPError, NoAnswer):
            return None
        if response.status_code == 401:
            self._token = None
        return response

    async def _sign_in(self) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.credentials.client_id,
            "client_secret": self.credentials.client_secret,
        }
        answer = await self._client.post("/v1/auth/token", data=form)
        self._token = TokenRead.model_validate_json(_good(answer).content).access_token
        return self._token

    def _signature(self, content: bytes) -> dict[str, str]:
        """The Standard Webhooks headers of a push: a message of its own each time, as one is good once."""
        if self.credentials.signing_key is None:
            return {}
        message, now = f"msg_{uuid4().hex}", datetime.now(UTC)
        return {
            "webhook-id": message,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(self.credentials.signing_key).sign(message, now, content.decode()),
        }


class Lossy(AsyncBaseTransport):
    """A network that carries every push and loses some of the answers."""

    def __init__(self, network: AsyncBaseTransport, *, lose_percent: int, rng: Random) -> None:
        self._network, self._lose_percent, self._rng = network, lose_percent, rng

    async def handle_async_request(self, request: Request) -> Response:
        """Raises ReadError where the answer is lost, though the service has done what was asked."""
        response = await self._network.handle_async_request(request)
        path = request.url.path
        may_lose = path.startswith("/v1/partner") and not path.startswith(_SECRETS)
        if may_lose and self._rng.randrange(100) < self._lose_percent:
            await response.aread()
            await response.aclose()
            raise ReadError("the answer was lost", request=request)
        return response

    async def aclose(self) -> None:
        """Closes the network beneath."""
        await self._network.aclose()


def _to_be_asked_again(response: Response) -> bool:
    if response.status_code == 409:
        return bool(response.json().get("code") == _IN_FLIGHT)
    return response.status_code in (401, 429) or response.is_server_error


def _good(response: Response) -> Response:
    if response.is_server_error or response.status_code == 429:
        raise NoAnswer(f"{response.request.method} {response.request.url.path}")
    if not response.is_success:
        raise SimulatorRefused(f"{response.request.method} {response.request.url.path}: {response.text}")
    return response

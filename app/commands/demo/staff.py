"""A member of staff or a partner's machine that speaks to the API over HTTP, signed in like anybody."""

from collections.abc import Sequence
from typing import Any, TypeVar

from httpx import AsyncClient, Response

from app.commands.accounts import DemoAccount
from app.commands.demo.clients import DemoClient
from app.schemas.auth import TokenRead
from app.schemas.base import Output, Page

Answer = TypeVar("Answer", bound=Output)
Item = TypeVar("Item", bound=Output)


class DemoRefused(Exception):
    """The service refused a step of the story; the message is its answer."""


class Staff:
    """One account, or one client of a partner.

    Every POST carries an Idempotency-Key, so that a story told twice happens once.
    """

    def __init__(self, client: AsyncClient, token: str) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {token}"}

    async def get(self, path: str, answer: type[Answer], **query: str | int) -> Answer:
        """GET under /v1. Raises DemoRefused, as do the others."""
        return self._read(await self._client.get(f"/v1{path}", params=query, headers=self._headers), answer)

    async def all(self, path: str, item: type[Item], **query: str | int) -> list[Item]:
        """Every item of a list, page after page."""
        items: list[Item] = []
        page = await self.get(path, Page[item], limit=100, **query)  # type: ignore[valid-type]
        items += page.items
        while page.next_cursor is not None:
            page = await self.get(path, Page[item], limit=100, cursor=page.next_cursor, **query)  # type: ignore[valid-type]
            items += page.items
        return items

    async def post(self, path: str, body: Any, answer: type[Answer], *, key: str) -> Answer:
        """POST under /v1."""
        headers = {**self._headers, "Idempotency-Key": key}
        return self._read(await self._client.post(f"/v1{path}", json=body, headers=headers), answer)

    async def refusal(self, path: str, body: Any, *, key: str) -> dict[str, Any]:
        """The problem that a POST under /v1 is refused with. Raises DemoRefused when it is not refused."""
        headers = {**self._headers, "Idempotency-Key": key}
        response = await self._client.post(f"/v1{path}", json=body, headers=headers)
        if not response.is_client_error:
            raise DemoRefused(f"{response.request.method} {response.request.url} was not refused: {response.text}")
        problem: dict[str, Any] = response.json()
        return problem

    async def put(self, path: str, body: Any, answer: type[Answer], *, version: int) -> Answer:
        """PUT under /v1, of the version named."""
        headers = {**self._headers, "If-Match": f'"{version}"'}
        return self._read(await self._client.put(f"/v1{path}", json=body, headers=headers), answer)

    @staticmethod
    def _read(response: Response, answer: type[Answer]) -> Answer:
        if not response.is_success:
            raise DemoRefused(f"{response.request.method} {response.request.url}: {response.text}")
        return answer.model_validate_json(response.content)


async def sign_in(client: AsyncClient, accounts: Sequence[DemoAccount], username: str) -> Staff:
    """The account of that name, signed in with its password. Raises LookupError, DemoRefused."""
    account = next((account for account in accounts if account.username == username), None)
    if account is None:
        raise LookupError(f"no demonstration account is called {username}")
    form = {"username": account.username, "password": account.password}
    return Staff(client, await _token(client, username, form))


async def sign_in_client(client: AsyncClient, clients: Sequence[DemoClient], partner: str) -> Staff:
    """The machine of the partner of that code, signed in with its credentials. Raises LookupError, DemoRefused."""
    machine = next((machine for machine in clients if machine.partner == partner), None)
    if machine is None:
        raise LookupError(f"the partner {partner} has no demonstration credentials")
    form = {
        "grant_type": "client_credentials",
        "client_id": machine.client_id,
        "client_secret": machine.client_secret,
    }
    return Staff(client, await _token(client, machine.client_id, form))


async def _token(client: AsyncClient, name: str, form: dict[str, str]) -> str:
    response = await client.post("/v1/auth/token", data=form)
    if not response.is_success:
        raise DemoRefused(f"{name} cannot sign in: {response.text}")
    return TokenRead.model_validate_json(response.content).access_token

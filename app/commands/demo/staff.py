"""A member of staff who speaks to the API over HTTP, signed in like anybody."""

from collections.abc import Sequence
from typing import Any, TypeVar

from httpx import AsyncClient, Response

from app.commands.accounts import DemoAccount
from app.schemas.auth import TokenRead
from app.schemas.base import Output, Page

Answer = TypeVar("Answer", bound=Output)
Item = TypeVar("Item", bound=Output)


class DemoRefused(Exception):
    """The service refused a step of the story; the message is its answer."""


class Staff:
    """One account. Every POST carries an Idempotency-Key, so that a story told twice happens once."""

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
    response = await client.post("/v1/auth/token", data=form)
    if not response.is_success:
        raise DemoRefused(f"{username} cannot sign in: {response.text}")
    return Staff(client, TokenRead.model_validate_json(response.content).access_token)

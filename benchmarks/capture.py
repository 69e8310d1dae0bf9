"""The SQL of one request, seen from inside: what pgbench replays is never a copy that could grow old."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import event

from app.main import create_app
from app.settings import settings
from benchmarks.database import FilledTenant
from benchmarks.processes import BenchError
from benchmarks.workloads import Workload, identifiers, numbers


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement as the driver was given it, with its parameters by name."""

    sql: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Captured:
    """The statements of a request about the rows of `number`; `unique` was its key and its reference."""

    number: int
    unique: str
    statements: list[Statement]


@asynccontextmanager
async def in_process(service_url: str, token_secret: str) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    """The application in this very process, and a client of it."""
    os.environ["DATABASE_URL"], os.environ["TOKEN_SECRET"] = service_url, token_secret
    settings.cache_clear()
    app = create_app()
    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bench") as client:
            yield app, client
    finally:
        await app.state.engine.dispose()


async def capture(
    app: FastAPI, client: httpx.AsyncClient, workload: Workload, tenant: FilledTenant, token: str
) -> Captured:
    """One request's statements; an earlier one has warmed what only the first does, a single push that of a batch."""
    heard: list[Statement] = []

    def hear(_c: object, _cursor: object, sql: str, given: Any, _context: object, many: bool) -> None:  # noqa: FBT001
        heard.extend(Statement(sql, parameters) for parameters in (given if many else [given]))

    engine = app.state.engine.sync_engine
    number, unique = numbers(workload, tenant)[-1], f"captured-{workload.items}-2"
    if workload.items == 1:
        await send(client, workload, tenant.first, "captured-1-1", token)
    event.listen(engine, "before_cursor_execute", hear)
    await send(client, workload, number, unique, token)
    event.remove(engine, "before_cursor_execute", hear)
    return Captured(number, unique, heard)


async def send(client: httpx.AsyncClient, workload: Workload, number: int, unique: str, token: str) -> None:
    """One request of a workload. Raises BenchError unless it succeeds."""
    path, body = workload.filled(number, unique)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    if workload.method == "POST":
        headers["Idempotency-Key"] = unique
    answer = await client.request(workload.method, path, content=body, headers=headers)
    if not answer.is_success:
        raise BenchError(f"{workload.method} {path} answered {answer.status_code}: {answer.text}")


async def check_walls(client: httpx.AsyncClient, foreign: FilledTenant, token: str) -> None:
    """Authentication and isolation are on, or what follows would measure something else. Raises BenchError."""
    path = f"/v1/requests/{identifiers(foreign.first)['request']}"
    nobody = await client.get(path)
    stranger = await client.get(path, headers={"Authorization": f"Bearer {token}"})
    if (nobody.status_code, stranger.status_code) != (401, 404):
        raise BenchError(f"{path} answered {nobody.status_code} to nobody, {stranger.status_code} to another tenant.")

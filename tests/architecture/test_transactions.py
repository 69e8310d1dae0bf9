"""One request, one transaction, committed before the answer leaves, by `app/database.py` alone."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import BackgroundTasks, FastAPI
from fastapi.dependencies.models import Dependant
from httpx import ASGITransport, AsyncClient
from sqlalchemy import event, text
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.types import Message, Receive, Scope, Send

from tests.openapi import built_app, routes
from tests.support import Ccas, Databases, Staff, demand, ok, refused

ROOT = Path(__file__).parents[2]
# The service's only commits are there; commands have synchronous engines of their own.
MAY_COMMIT = ("app/database.py", "app/commands/")
OF_TRANSACTIONS = re.compile(
    r"\s*(begin|commit|rollback|start transaction)\s*;?\s*|.*\bset\s+(session|role|app\.).*", re.IGNORECASE | re.DOTALL
)


def sources() -> Iterator[tuple[str, ast.Module]]:
    """Every module of the application, parsed."""
    for path in sorted((ROOT / "app").rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())


def dependants(of: Dependant) -> Iterator[Dependant]:
    """A route's dependencies, and theirs."""
    for needed in of.dependencies:
        yield needed
        yield from dependants(needed)


class Recorder:
    """An application that notes when answers begin, among what else is noted."""

    def __init__(self, app: FastAPI, events: list[str]) -> None:
        self.app = app
        self.events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def noted(message: Message) -> None:
            self.events.append(message["type"])
            await send(message)

        await self.app(scope, receive, noted)


@pytest.fixture
def events(app: FastAPI) -> Iterator[list[str]]:
    """What happened, in its order: commits and rollbacks of the database, beginnings and ends of answers."""
    happened: list[str] = []
    engine = app.state.engine.sync_engine

    def on_commit(_: Any) -> None:
        happened.append("commit")

    def on_rollback(_: Any) -> None:
        happened.append("rollback")

    event.listen(engine, "commit", on_commit)
    event.listen(engine, "rollback", on_rollback)
    yield happened
    event.remove(engine, "commit", on_commit)
    event.remove(engine, "rollback", on_rollback)


async def people_of(ccas: Ccas) -> int:
    """How many people the CCAS knows."""
    return len((await ok(ccas.agent.get("/people", limit=100)))["items"])


def through(ccas: Ccas, client: AsyncClient) -> Staff:
    """The CCAS's agent, speaking through another client."""
    agent = Staff(client, ccas.agent.account_id, ccas.id)
    agent.headers = ccas.agent.headers
    return agent


async def test_the_commit_comes_before_the_answer_begins(app: FastAPI, besancon: Ccas, events: list[str]) -> None:
    transport = ASGITransport(Recorder(app, events))
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        await ok(through(besancon, client).post("/requests", demand(besancon)))
    assert events[:2] == ["commit", "http.response.start"]
    assert events.count("commit") == 1


async def test_a_refusal_is_rolled_back_before_it_is_told(app: FastAPI, besancon: Ccas, events: list[str]) -> None:
    transport = ASGITransport(Recorder(app, events))
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        unborn = {**demand(besancon)["applicant"], "birth_on": "2199-01-01"}
        await refused(through(besancon, client).post("/people", unborn), 409, "date_in_future")
    assert events[:2] == ["rollback", "http.response.start"]
    assert "commit" not in events


@pytest.mark.parametrize(
    ("sqlstate", "status", "code"),
    [("P0001", 500, "unexpected"), ("40001", 503, "unavailable"), ("23505", 409, "conflict")],
    ids=["for an unknown reason", "as it could not be serialised", "as another transaction was first"],
)
async def test_what_could_not_be_committed_is_never_answered_as_done(
    besancon: Ccas, databases: Databases, sqlstate: str, status: int, code: str
) -> None:
    engine = databases.owner()
    with engine.begin() as owner:
        owner.execute(
            text(
                "create function refuse_commit() returns trigger language plpgsql as"
                f" $$ begin raise exception 'not this one' using errcode = '{sqlstate}'; end $$"
            )
        )
        owner.execute(
            text(
                "create constraint trigger refuse_commit after insert on people deferrable initially deferred"
                " for each row execute function refuse_commit()"
            )
        )
    try:
        await refused(besancon.agent.post("/people", demand(besancon)["applicant"]), status, code)
    finally:
        with engine.begin() as owner:
            owner.execute(text("drop trigger refuse_commit on people"))
            owner.execute(text("drop function refuse_commit()"))
        engine.dispose()
    assert await people_of(besancon) == 0


async def test_a_key_whose_commit_failed_is_free_again(app: FastAPI, besancon: Ccas) -> None:
    def fail(_: Any) -> None:
        raise ConnectionResetError

    engine = app.state.engine.sync_engine
    event.listen(engine, "commit", fail)
    try:
        await refused(besancon.agent.post("/people", demand(besancon)["applicant"], key="once"), 503, "unavailable")
    finally:
        event.remove(engine, "commit", fail)
    person = await besancon.agent.post("/people", demand(besancon)["applicant"], key="once")
    assert (person.status_code, "Idempotency-Replayed" in person.headers) == (201, False)
    assert await people_of(besancon) == 1


def test_nobody_but_the_database_module_begins_commits_or_rolls_back() -> None:
    elsewhere = [
        f"{name}:{call.lineno}"
        for name, module in sources()
        if not name.startswith(MAY_COMMIT)
        for call in ast.walk(module)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
        if call.func.attr in ("begin", "begin_nested", "commit", "rollback")
        # `idempotency.begin` is a function of that name, not a transaction.
        if not (isinstance(call.func.value, ast.Name) and call.func.value.id == "idempotency")
    ]
    assert elsewhere == []


def test_no_statement_begins_or_ends_a_transaction_or_sets_a_tenant_for_longer() -> None:
    elsewhere = [
        f"{name}:{constant.lineno}"
        for name, module in sources()
        for constant in ast.walk(module)
        if isinstance(constant, ast.Constant) and isinstance(constant.value, str)
        if OF_TRANSACTIONS.fullmatch(constant.value)
    ]
    assert elsewhere == []


def test_every_dependency_that_yields_ends_before_the_answer_leaves() -> None:
    late = {
        f"{route.unique_id}: {needed.call.__name__}"
        for route in routes()
        for needed in dependants(route.dependant)
        if inspect.isgeneratorfunction(needed.call) or inspect.isasyncgenfunction(needed.call)
        if needed.scope != "function"
    }
    assert late == set(), 'Depends(..., scope="function"): else a failed commit would still answer 201'


def test_every_route_has_at_most_one_transaction() -> None:
    openers = {
        route.unique_id: {d.call for d in dependants(route.dependant) if inspect.isasyncgenfunction(d.call)}
        for route in routes()
    }
    assert any(openers.values())
    assert {name: calls for name, calls in openers.items() if len(calls) > 1} == {}


def test_nothing_happens_after_the_answer() -> None:
    after = [route.unique_id for route in routes() if route.dependant.background_tasks_param_name is not None]
    assert after == []
    assert importers(BackgroundTasks.__name__, "BackgroundTask") == []


def test_middleware_is_pure_asgi() -> None:
    assert [m.cls for m in built_app().user_middleware if issubclass(m.cls, BaseHTTPMiddleware)] == []  # type: ignore[arg-type]
    assert importers(BaseHTTPMiddleware.__name__) == []


def test_nobody_uses_the_synchronous_test_client() -> None:
    assert importers("TestClient", folders=("app", "tests")) == []


def importers(*names: str, folders: tuple[str, ...] = ("app",)) -> list[str]:
    """The files that import one of these names."""
    return [
        f"{path.relative_to(ROOT)}: {alias.name}"
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path != Path(__file__)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name in names
    ]

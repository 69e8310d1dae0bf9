"""What the stories of banks over real HTTP speak with: a served application, a bank, and what all of it comes to."""

import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, AsyncHTTPTransport

from app.commands.partners import add_partner
from app.commands.simulator.bank import Bank
from app.commands.simulator.listener import listening
from app.commands.simulator.machine import Lossy, Machine, NoAnswer
from app.commands.simulator.scenario import Credentials, Scenario
from app.settings import settings
from tests.support import Ccas, Databases, Json, ok

_TIMEOUT_SECONDS = 30
_ROUNDS_MAX = 50
_IDENTIFIER = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
# What counts or dates the telling, or is made of identifiers, rather than what was told.
_LOAN_NUMBER = re.compile(r"P-\d{4}-\d{4}")
_OF_THE_TELLING = ("version", "steps", "payload_sha256", "partner_reference")


class Clock:
    """The time where a bank is."""

    def __init__(self, on: str) -> None:
        self.now = datetime.fromisoformat(f"{on}T08:00:00+00:00")

    def set(self, on: str) -> None:
        """Eight in the morning of a day."""
        self.now = datetime.fromisoformat(f"{on}T08:00:00+00:00")

    def pass_hours(self, hours: int) -> None:
        """Later on."""
        self.now += timedelta(hours=hours)

    def __call__(self) -> datetime:
        """Now."""
        return self.now.astimezone(UTC)


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """The application on a port of its own, and anyone who speaks to it. Webhooks may go to this machine."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("WEBHOOK_LOOPBACK_ALLOWED", "true")
        settings.cache_clear()
        async with listening(app, 0) as address, AsyncClient(base_url=address, timeout=_TIMEOUT_SECONDS) as anyone:
            yield anyone
    settings.cache_clear()


@dataclass(frozen=True)
class Post:
    """Where a lender's machine works: its credentials and its clock. It is started as often as asked."""

    client: AsyncClient
    credentials: Credentials
    clock: Clock
    scenario: Scenario

    def start(self) -> Bank:
        """A bank that knows nothing yet."""
        return Bank(Machine(self.client, self.credentials, pause=_no_pause), self.scenario, now=self.clock)


@asynccontextmanager
async def post_of(databases: Databases, ccas: Ccas, clock: Clock, scenario: Scenario) -> AsyncIterator[Post]:
    """The place of the lender's machine, on a network that loses what the scenario says."""
    made = add_partner(databases.owner_url, code=ccas.lender, name=ccas.lender)
    rng = Random(scenario.seed)  # noqa: S311 - a network that can be told again
    network = Lossy(AsyncHTTPTransport(), lose_percent=scenario.lose_percent, rng=rng)
    address = ccas.agent.client.base_url
    async with AsyncClient(base_url=address, transport=network, timeout=_TIMEOUT_SECONDS) as client:
        yield Post(client, Credentials(made.client_id, made.client_secret), clock, scenario)


async def settled(bank: Bank, *, reads: bool = True) -> None:
    """The bank tells until it has nothing new to tell, reading its inbox each time or once it hears of it."""
    for _ in range(_ROUNDS_MAX):
        with suppress(NoAnswer):
            if reads:
                await bank.catch_up()
            if not await bank.act():
                return
    raise AssertionError(f"still telling after {_ROUNDS_MAX} rounds: {bank.told}")


async def whole_state(ccas: Ccas) -> Json:
    """All that the CCAS can read of its handoffs, checks, requests, loans and ledgers, without what is proper to it."""
    state: dict[str, list[Json]] = {"handoffs": [], "checks": [], "requests": [], "loans": [], "schedules": [],
                                    "ledgers": []}  # fmt: skip
    for item in await _all(ccas, "/handoffs"):
        state["handoffs"].append(await ok(ccas.agent.get(f"/handoffs/{item['id']}")))
    for item in await _all(ccas, "/requests"):
        state["requests"].append(await ok(ccas.agent.get(f"/requests/{item['id']}")))
        state["checks"].append(await ok(ccas.agent.get(f"/requests/{item['id']}/ficp-checks")))
    for item in await _all(ccas, "/loans"):
        path = f"/loans/{item['id']}"
        state["loans"].append(await ok(ccas.agent.get(path)))
        state["schedules"].append(await ok(ccas.agent.get(f"{path}/schedule")))
        ledger = await ok(ccas.agent.get(f"{path}/ledger"))
        state["ledgers"].append(_books(ledger["items"]))
    text = json.dumps({name: _in_order(found) for name, found in state.items()}, sort_keys=True)
    neutral: Json = json.loads(text.replace(ccas.slug, "ccas").replace(ccas.lender, "lender"))
    return neutral


def differences(one: Any, other: Any, path: str = "") -> list[str]:
    """Where two states differ, and how."""
    if isinstance(one, dict) and isinstance(other, dict):
        names = sorted(set(one) | set(other))
        return [found for name in names for found in differences(one.get(name), other.get(name), f"{path}/{name}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [found for place, pair in pairs for found in differences(*pair, f"{path}/{place}")]
    return [] if one == other else [f"{path}: {one} / {other}"]


def fingerprint(state: Json) -> str:
    """The hash of a state."""
    return sha256(json.dumps(state, sort_keys=True).encode()).hexdigest()


def bare(value: Any) -> Any:
    """A value without identifiers, instants, and what is of its telling alone."""
    if isinstance(value, dict):
        kept = {name: one for name, one in value.items() if name not in _OF_THE_TELLING and not name.endswith("_at")}
        return {name: bare(one) for name, one in kept.items()}
    if isinstance(value, list):
        return [bare(one) for one in value]
    return _LOAN_NUMBER.sub("P", _IDENTIFIER.sub("*", value)) if isinstance(value, str) else value


def _books(entries: list[Json]) -> Json:
    """A ledger whatever the order of its entries: what was entered, and what each account moved by on each day."""
    moved: Counter[str] = Counter()
    for entry in entries:
        for line in entry["lines"]:
            moved[f"{line['account']} on {line['effect_on']}"] += line["amount_cents"]
    told = [{name: value for name, value in entry.items() if name != "lines"} for entry in entries]
    return {"items": _in_order(told), "moved": {where: cents for where, cents in moved.items() if cents}}


def _in_order(items: list[Json]) -> list[Json]:
    """What was told in any order, bare and in one."""
    return sorted((bare(item) for item in items), key=lambda item: json.dumps(item, sort_keys=True))


async def _all(ccas: Ccas, path: str) -> list[Json]:
    """Every item of a list that one page holds."""
    page = await ok(ccas.agent.get(path, limit=100))
    assert page["next_cursor"] is None
    items: list[Json] = page["items"]
    return items


async def _no_pause(_: float) -> None:
    return

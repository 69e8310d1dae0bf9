"""Toulouse and Amiens with their banks over real HTTP: down, repeating, in disorder, losing answers, started again.

Nothing is lost, nothing happens twice, and what all can read at the end is what they read of a day without trouble.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from app.commands.simulator.bank import Bank
from app.commands.simulator.keys import rotate
from app.commands.simulator.listener import Listener, listening, secret_of
from app.commands.simulator.scenario import Scenario
from app.commands.worker import Worker, drain
from app.database import Sessions
from app.domain.deliveries import DELAYS
from app.partners.webhooks import Sender
from tests.banks import Clock, Post, differences, fingerprint, post_of, served, settled, whole_state
from tests.lenders import BUDGET, endorsement, handed_over, signed, taken_in
from tests.support import (
    ATTESTED,
    ENCRYPTION_KEYS,
    Ccas,
    Databases,
    Json,
    agreed,
    attestation,
    ok,
    open_ccas,
    run_sql,
)

Work = Callable[[], Awaitable[None]]
EIGHT_HOURS = timedelta(hours=8)
TROUBLE = Scenario(repeat=True, reorder=True, lose_percent=25, seed=9)
# How far before the seventh attempt each of the attempts is; the sixth is made within eight hours of the first.
BEHIND = [sum(DELAYS[:7], timedelta(0)) - since for since in accumulate(DELAYS[:7])]
FILES = {"toulouse": ((300_000, 36), (120_000, 24)), "amiens": ((200_000, 24), (60_000, 12))}


@pytest.fixture
async def anyone(app: FastAPI) -> AsyncIterator[AsyncClient]:
    async with served(app) as client:
        yield client


async def received(ccas: Ccas, amount_cents: int) -> Json:
    """A request, and the precheck of it handed over where the rules ask for one."""
    request = await taken_in(ccas, amount_cents)
    if ccas.slug.startswith("toulouse"):
        await handed_over(ccas, request["id"], "precheck", "2018-03-02")
    return request


async def sent_on(ccas: Ccas, request: Json, months: int) -> None:
    """The request assessed, endorsed on 12 March and handed over on the 13th."""
    path, amount_cents = f"/requests/{request['id']}", request["requested_amount_cents"]
    for fact in ATTESTED:
        await ok(ccas.agent.post(f"{path}/attestations", attestation(fact, attested_on=request["received_on"])))
    assessed = await ok(ccas.agent.post(f"{path}/assess", {"assessed_on": "2018-03-08"}))
    budget = await ok(ccas.agent.put(f"{path}/budget", BUDGET, etag=f'"{assessed["version"]}"'))
    plan = {"lines": [{"label": "Microcrédit", "kind": "loan", "amount_cents": amount_cents}]}
    await ok(ccas.agent.put(f"{path}/financing-plan", plan, etag=f'"{budget["version"]}"'))
    await agreed(ccas, path)
    await ok(ccas.agent.post(f"{path}/submit", {"submitted_on": "2018-03-10"}))
    await ok(ccas.decider.post(f"{path}/decisions", endorsement(amount_cents, months)))
    await handed_over(ccas, request["id"], "loan_file", "2018-03-13")


async def worked(post: Post) -> None:
    """A day at the bank, whose machine is started in the morning and may not be up before the afternoon."""
    bank = post.start()
    if bank.is_down:
        assert await bank.act() == 0
        post.clock.pass_hours(8)
    await settled(bank)
    if post.scenario.rotate:
        await rotate(bank.machine)  # in place: whoever is started next signs in and signs with what is new
    assert await post.start().act() == 0  # one that was just started knows nothing, and tells nothing


async def lived(ccas: Ccas, clock: Clock, work: Work) -> Json:
    """Two files from the demand to the third instalment; the bank works when it is its turn."""
    files = FILES[ccas.slug.partition("-")[0]]
    requests = [await received(ccas, amount_cents) for amount_cents, _ in files]
    clock.set("2018-03-05")
    await work()
    for request, (_, months) in zip(requests, files, strict=True):
        await sent_on(ccas, request, months)
    clock.set("2018-03-16")
    await work()
    for loan in (await ok(ccas.agent.get("/loans")))["items"]:
        await signed(ccas, loan["id"])
    clock.set("2018-04-05")
    await work()
    clock.set("2018-07-31")
    await work()
    return await whole_state(ccas)


async def by_asking(databases: Databases, anyone: AsyncClient, rules_of: str, scenario: Scenario) -> tuple[Ccas, Json]:
    """A CCAS of its own and all that it can read once a bank that asks for its inbox has lived the files."""
    ccas, clock = open_ccas(databases, anyone, rules_of), Clock("2018-03-05")
    async with post_of(databases, ccas, clock, scenario) as post:
        return ccas, await lived(ccas, clock, lambda: worked(post))


@dataclass
class Office:
    """The worker that delivers to the bank, its clock `behind` ours by so much, and the bank's own clock."""

    worker: Worker
    bank: Bank
    clock: Clock
    behind: timedelta = timedelta(0)

    def now(self) -> datetime:
        """The time where the worker is. What it signs is taken within five minutes of the time where we are."""
        return datetime.now(UTC) - self.behind

    async def deliver(self) -> None:
        """Delivers what is due, and what follows from it."""
        delivered = -1
        while delivered != self.worker.delivered:
            delivered = self.worker.delivered
            await drain(self.worker)
            await settled(self.bank, reads=False)

    async def deliver_in_vain(self) -> None:
        """Eight hours in which the bank takes nothing, until the attempt that finds it back."""
        self.bank.go_down(EIGHT_HOURS)
        for behind in BEHIND[:6]:
            self.behind = behind
            await drain(self.worker)
        assert (self.worker.delivered, self.worker.failed > 6) == (0, True)
        assert BEHIND[0] - self.behind < EIGHT_HOURS
        self.clock.pass_hours(8)
        self.behind = timedelta(0)
        await self.deliver()


async def by_webhook(
    databases: Databases, anyone: AsyncClient, rules_of: str, scenario: Scenario, sessions: Sessions
) -> tuple[Ccas, Json]:
    """The same of a bank that has been sent what happens since its first day, and asks for nothing."""
    ccas, clock = open_ccas(databases, anyone, rules_of), Clock("2018-03-05")
    async with AsyncExitStack() as stack:
        bank = (await stack.enter_async_context(post_of(databases, ccas, clock, scenario))).start()
        listener = Listener(bank)
        address = await stack.enter_async_context(listening(listener, 0))
        worker = Worker(sessions, Sender(loopback_allowed=True), ENCRYPTION_KEYS, ccas.lender, chance=lambda: 0.0)
        office = Office(worker, bank, clock)
        worker.now = office.now

        async def first_day() -> None:
            await settled(bank)
            listener.secrets.append(await secret_of(bank.machine, f"{address}/events"))

        days = [first_day, office.deliver_in_vain, office.deliver, office.deliver]
        state = await lived(ccas, clock, lambda: days.pop(0)())
        (endpoint,) = (await bank.machine.read("/partner/webhooks")).json()["items"]
        log = f"/partner/webhooks/{endpoint['id']}/deliveries"
        for status in ("pending", "dead"):
            assert (await bank.machine.read(log, status=status)).json()["items"] == []
    return ccas, state


def recorded(databases: Databases, ccas: Ccas) -> list[int]:
    """How much is written down of what a bank told. A statement told again is one more, its lines are not."""
    counts = ("select count(*) from ficp_checks", "select count(*) from loans", "select count(*) from ledger_entries")
    return [run_sql(databases, ccas, count)[0]["count"] for count in counts]


@pytest.mark.parametrize("rules_of", ["toulouse", "amiens"])
async def test_a_bank_in_trouble_ends_where_one_without_does(
    databases: Databases, app: FastAPI, anyone: AsyncClient, rules_of: str
) -> None:
    one, calm = await by_asking(databases, anyone, rules_of, Scenario())
    for ccas, troubled in (
        await by_asking(databases, anyone, rules_of, replace(TROUBLE, down=EIGHT_HOURS, rotate=True)),
        await by_webhook(databases, anyone, rules_of, TROUBLE, app.state.sessions),
    ):
        assert differences(calm, troubled) == []
        assert fingerprint(troubled) == fingerprint(calm)
        assert recorded(databases, ccas) == recorded(databases, one)

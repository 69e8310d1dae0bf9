"""The worker: every event reaches every endpoint at least once and in order per handoff, whatever becomes of either.

Receivers listen for real; the clock is the test's, so that three days pass at once.
"""

import asyncio
import json
import os
import sys
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import create_engine, select, text
from standardwebhooks import Webhook, WebhookVerificationError

from app.commands import CommandRefused
from app.commands import worker as worker_command
from app.commands.worker import attend, drain
from app.database import tenant_transaction
from app.domain.deliveries import DELAYS
from app.partners import webhooks
from app.services import outbox
from app.settings import settings
from app.tables import WebhookEndpoint
from tests.lenders import accepted_by, offer, paid_out
from tests.receivers import Received, Receiver, answer, listening
from tests.support import ENCRYPTION_KEYS, Ccas, Databases, Json, ok, refused
from tests.webhooks import Bank, Clock, bank_of, worked, worker_for


@pytest.fixture(autouse=True)
def _loopback(client: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Receivers of this machine are let through, as for development."""
    monkeypatch.setattr(settings(), "webhook_loopback_allowed", True)


@pytest.fixture
async def bank(databases: Databases, amiens: Ccas) -> Bank:
    """A bank to which two files were handed over."""
    return await bank_of(databases, amiens, handoffs=2)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Somebody who takes everything."""
    async with listening() as one:
        yield one


def in_order(received: list[Received]) -> bool:
    """Whether the events of each handoff came in the order of their sequence, repetitions apart."""
    sequences = defaultdict(list)
    for one in received:
        sequences[one.data["handoff_id"]].append(one.data["sequence"])
    return all(list(dict.fromkeys(numbers)) == sorted(set(numbers)) for numbers in sequences.values())


def state(events: list[Json]) -> str:
    """The hash of what a consumer knows after these events: where each handoff stands, in whatever order they came."""
    known: dict[str, tuple[int, str, str]] = {}
    for event in events:
        data = event["data"]
        told = (data["sequence"], event["type"], data["status"])
        known[data["handoff_id"]] = max(known.get(data["handoff_id"], told), told)
    return sha256(json.dumps(sorted(known.items())).encode()).hexdigest()


async def test_what_befalls_a_file_reaches_the_bank_signed_and_as_it_would_be_read(
    databases: Databases, amiens: Ccas, receiver: Receiver
) -> None:
    bank = await bank_of(databases, amiens)
    webhook = await bank.webhook(receiver)
    handoff = {"id": bank.handoffs[0]}
    handoff = await ok(amiens.agent.get(f"/handoffs/{bank.handoffs[0]}"))
    await accepted_by(bank.lender, handoff)
    await paid_out(amiens, bank.lender, handoff, offer(200_000, 24, "6.20"))
    assert await worked(bank) == (8, 0)
    pulled = (await bank.events())[1:]
    for received, event in zip(receiver.received, pulled, strict=True):
        assert Webhook(webhook["secret"]).verify(received.body, received.headers) == event
        assert received.event_id == event["data"]["event_id"]
        assert len(received.body) < 20_000
    pushed = [json.loads(received.body) for received in receiver.received]
    assert state(pushed) == state(pulled)


async def test_each_endpoint_is_told_with_its_own_secret(bank: Bank, receiver: Receiver) -> None:
    async with listening() as other:
        made = [await bank.webhook(one) for one in (receiver, other)]
        bank.happens(bank.handoffs[0])
        assert await worked(bank) == (2, 0)
        for one, webhook in zip((receiver, other), made, strict=True):
            Webhook(webhook["secret"]).verify(one.received[0].body, one.received[0].headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(made[0]["secret"]).verify(other.received[0].body, other.received[0].headers)


async def test_nothing_is_sent_twice_where_nothing_failed(bank: Bank, receiver: Receiver) -> None:
    webhook = await bank.webhook(receiver)
    bank.happens(*bank.handoffs)
    assert await worked(bank) == (2, 0)
    assert await worked(bank) == (0, 0)
    log = await bank.deliveries(webhook)
    assert [(one["status"], one["type"], one["next_attempt_at"]) for one in log] == [
        ("delivered", "handoff.received", None)
    ] * 2
    for one in log:
        (attempt,) = one["attempts"]
        assert (attempt["outcome"], attempt["status_code"]) == ("delivered", 204)
        assert set(attempt) == {"attempted_at", "duration_ms", "outcome", "status_code"}
    assert receiver.url not in json.dumps(log)


# Secrets.


async def test_while_two_secrets_overlap_both_sign_and_then_the_old_one_is_gone(bank: Bank, receiver: Receiver) -> None:
    webhook = await bank.webhook(receiver)
    rotated = await ok(bank.lender.post(f"/partner/webhooks/{webhook['id']}/secrets"))
    clock = Clock()
    until = datetime.fromisoformat(rotated["previous_secret_until"])
    assert timedelta(hours=23, minutes=59) < until - clock.at <= timedelta(hours=24)
    for hours, signers in ((1, 2), (22, 2), (2, 1)):
        clock.passes(hours=hours)
        bank.happens(bank.handoffs[0])
        assert await worked(bank, clock) == (1, 0)
        signatures = receiver.received[-1].headers["webhook-signature"].split(" ")
        assert len(signatures) == signers
    # The official library compares the instant with its own clock: what was signed an hour ahead is verified by hand.
    old, new = (Webhook(secret) for secret in (webhook["secret"], rotated["secret"]))
    for received, signers in zip(receiver.received, ([new, old], [new, old], [new]), strict=True):
        at = datetime.fromtimestamp(int(received.headers["webhook-timestamp"]), UTC)
        signed = [signer.sign(received.event_id, at, received.body.decode()) for signer in signers]
        assert received.headers["webhook-signature"].split(" ") == signed


async def test_a_rotation_loses_no_delivery_to_who_knows_either_secret(bank: Bank, receiver: Receiver) -> None:
    webhook = await bank.webhook(receiver)
    rotated = await ok(bank.lender.post(f"/partner/webhooks/{webhook['id']}/secrets"))
    bank.happens(*bank.handoffs)
    await worked(bank)
    for received in receiver.received:
        for secret in (webhook["secret"], rotated["secret"]):
            Webhook(secret).verify(received.body, received.headers)


async def test_a_secret_that_was_lost_is_ended_at_once(bank: Bank, receiver: Receiver) -> None:
    webhook = await bank.webhook(receiver)
    rotated = await ok(bank.lender.post(f"/partner/webhooks/{webhook['id']}/secrets", {"overlap_hours": 0}))
    assert rotated["previous_secret_until"] is None
    bank.happens(bank.handoffs[0])
    await worked(bank)
    (received,) = receiver.received
    Webhook(rotated["secret"]).verify(received.body, received.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(webhook["secret"]).verify(received.body, received.headers)


# Failures.


@pytest.mark.parametrize("chance", [0.0, 1.0])
async def test_the_ten_attempts_come_when_they_were_published_and_then_the_delivery_is_dead(
    bank: Bank, receiver: Receiver, chance: float
) -> None:
    receiver.says(answer(500))
    webhook = await bank.webhook(receiver)
    clock = Clock()
    bank.happens(bank.handoffs[0])
    began = clock.at
    assert await worked(bank, clock, chance=chance) == (0, 1)
    for delay in DELAYS[1:]:
        clock.passes(seconds=delay.total_seconds() * (1 + chance / 10) - 1)
        assert await worked(bank, clock, chance=chance) == (0, 0), "not yet"
        clock.passes(seconds=1)
        assert await worked(bank, clock, chance=chance) == (0, 1)
    assert clock.at - began == timedelta(hours=75, minutes=35, seconds=5) * (1 + chance / 10)
    clock.passes(days=30)
    assert await worked(bank, clock) == (0, 0)
    (dead,) = await bank.deliveries(webhook, status="dead")
    assert len(dead["attempts"]) == 10
    assert {received.event_id for received in receiver.received} == {dead["event_id"]}


async def test_a_dead_delivery_is_sent_again_by_hand_alone_or_with_all_the_others(
    bank: Bank, receiver: Receiver
) -> None:
    receiver.says(answer(500))
    webhook = await bank.webhook(receiver)
    clock = Clock()
    bank.happens(*bank.handoffs)
    for delay in DELAYS:
        clock.passes(seconds=delay.total_seconds())
        await worked(bank, clock)
    dead = await bank.deliveries(webhook, status="dead")
    assert len(dead) == 2
    receiver.respond = None
    path = f"/partner/webhooks/{webhook['id']}"
    one = await ok(bank.lender.post(f"{path}/deliveries/{dead[0]['id']}/replays"))
    assert (one["status"], len(one["attempts"])) == ("pending", 10)
    again = bank.lender.post(f"{path}/deliveries/{dead[0]['id']}/replays")
    await refused(again, 409, "delivery_still_pending")
    assert await worked(bank, clock) == (1, 0)
    assert await ok(bank.lender.post(f"{path}/replays")) == {"replayed": 1, "expedited": 0}
    assert await ok(bank.lender.post(f"{path}/replays")) == {"replayed": 0, "expedited": 0}
    assert await worked(bank, clock) == (1, 0)
    assert [received.event_id for received in receiver.received[-2:]] == [one["event_id"] for one in dead]
    assert {one["status"] for one in await bank.deliveries(webhook)} == {"delivered"}


async def test_a_dead_delivery_does_not_keep_what_comes_after_it_on_the_same_handoff(
    bank: Bank, receiver: Receiver
) -> None:
    receiver.says(*[answer(500)] * 10, answer(204))
    webhook = await bank.webhook(receiver)
    clock = Clock()
    bank.happens(bank.handoffs[0])
    for delay in DELAYS:
        clock.passes(seconds=delay.total_seconds())
        await worked(bank, clock)
    bank.happens(bank.handoffs[0])
    assert await worked(bank, clock) == (1, 0)
    assert [one["status"] for one in await bank.deliveries(webhook)] == ["dead", "delivered"]


async def test_what_is_new_of_a_handoff_waits_for_what_is_older_and_other_handoffs_do_not(
    bank: Bank, receiver: Receiver
) -> None:
    stuck, free = bank.handoffs

    async def refuses_one(received: Received) -> bytes:
        return answer(500 if received.data["handoff_id"] == stuck and len(receiver.received) < 4 else 204)

    receiver.respond = refuses_one
    await bank.webhook(receiver)
    clock = Clock()
    bank.happens(stuck, stuck, free)
    assert await worked(bank, clock) == (1, 1)
    assert [one.data["handoff_id"] for one in receiver.received] == [stuck, free]
    clock.passes(seconds=5)
    assert await worked(bank, clock) == (0, 1)
    clock.passes(minutes=5)
    assert await worked(bank, clock) == (2, 0)
    assert in_order(receiver.received)
    assert [one.data["sequence"] for one in receiver.received[-2:]] == [2, 3]


async def test_a_bank_that_is_back_has_what_waits_sent_at_once_beside_the_ten_attempts(
    bank: Bank, receiver: Receiver
) -> None:
    receiver.says(answer(502))
    webhook, path = await bank.webhook(receiver), "/partner/webhooks/{id}/replays"
    clock = Clock()
    bank.happens(*bank.handoffs, bank.handoffs[0])
    for delay in DELAYS[:5]:
        clock.passes(seconds=delay.total_seconds())
        await worked(bank, clock)
    before = await bank.deliveries(webhook)
    clock.passes(minutes=1)
    assert await worked(bank, clock) == (0, 0), "the next attempt is hours away"
    replayed = path.format(**webhook)
    assert await ok(bank.lender.post(replayed)) == {"replayed": 0, "expedited": 2}
    assert (await worked(bank, clock))[0] == 0, "not back after all"
    waiting = await bank.deliveries(webhook)
    assert [one["next_attempt_at"] for one in waiting] == [one["next_attempt_at"] for one in before], "as it was due"
    receiver.respond = None
    await ok(bank.lender.post(replayed))
    assert await worked(bank, clock) == (3, 0)
    assert in_order(receiver.received)


async def test_an_endpoint_that_answers_410_is_disabled_until_it_is_enabled(bank: Bank, receiver: Receiver) -> None:
    receiver.says(answer(410), answer(204))
    webhook = await bank.webhook(receiver)
    clock = Clock()
    bank.happens(bank.handoffs[0])
    assert await worked(bank, clock) == (0, 1)
    path = f"/partner/webhooks/{webhook['id']}"
    gone = await bank.lender.get(path)
    assert gone.json()["disabled_because"] == "gone"
    assert gone.headers["etag"] == '"2"'
    bank.happens(bank.handoffs[1])
    clock.passes(days=4)
    assert await worked(bank, clock) == (0, 0)
    await ok(bank.lender.post(f"{path}/enablements"))
    assert await worked(bank, clock) == (2, 0)


async def test_whoever_runs_the_worker_reads_what_befalls_an_endpoint_and_no_address(
    bank: Bank, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    webhook, clock = await bank.webhook(receiver), Clock()

    async def said(*statuses: int) -> list[str]:
        caplog.clear()
        for status in statuses:
            receiver.says(answer(status))
            await worked(bank, clock)
            clock.passes(days=2)
        lines = [one.getMessage() for one in caplog.records if one.name == "microcredit.worker"]
        assert receiver.url not in "".join(lines)
        return [line.removeprefix(f"endpoint {webhook['id']}: ") for line in lines]

    bank.happens(bank.handoffs[0])
    began = clock.at
    assert await said(500, 500) == ["it fails: refused (500)"]
    since = f"{began:%Y-%m-%d %H:%M} UTC"
    assert await said(204) == [f"it takes deliveries again; it failed since {since}"]
    bank.happens(bank.handoffs[0])
    *_, last = await said(*[500] * len(DELAYS))
    (dead,) = await bank.deliveries(webhook, status="dead")
    assert last == f"delivery {dead['id']} is dead: no attempt is left"
    bank.happens(bank.handoffs[0])
    assert await said(410) == ["it is disabled, as it asked for by its 410"]


@pytest.mark.parametrize("status", [429, 503])
async def test_an_endpoint_is_left_alone_for_as_long_as_it_asks(bank: Bank, receiver: Receiver, status: int) -> None:
    receiver.says(answer(status, "Retry-After: 120"), answer(204))
    webhook = await bank.webhook(receiver)
    clock = Clock()
    bank.happens(bank.handoffs[0])
    assert await worked(bank, clock) == (0, 1)
    held = (await ok(bank.lender.get(f"/partner/webhooks/{webhook['id']}")))["held_until"]
    assert datetime.fromisoformat(held) - clock.at == timedelta(seconds=120)
    bank.happens(bank.handoffs[1])
    clock.passes(seconds=119)
    assert await worked(bank, clock) == (0, 0), "neither what failed nor what is new"
    clock.passes(seconds=1)
    assert await worked(bank, clock) == (2, 0)


async def test_a_redirection_is_a_failure_that_leads_nowhere(bank: Bank, receiver: Receiver) -> None:
    async with listening() as canary:
        receiver.says(answer(302, f"Location: {canary.url}"))
        webhook = await bank.webhook(receiver)
        bank.happens(bank.handoffs[0])
        assert await worked(bank) == (0, 1)
        assert canary.connections == 0
    ((attempt,),) = [one["attempts"] for one in await bank.deliveries(webhook)]
    assert (attempt["outcome"], attempt["status_code"]) == ("redirected", 302)


async def test_an_address_that_leads_inside_by_now_is_refused_at_delivery(
    databases: Databases, bank: Bank, receiver: Receiver
) -> None:
    """A name that was public when it was registered, and an address of this machine that no longer is allowed."""
    webhook = await bank.webhook(receiver)
    bank.happens(bank.handoffs[0])
    async with worker_for(bank) as worker:
        worker.sender = webhooks.Sender(loopback_allowed=False)
        await drain(worker)
        assert (worker.delivered, worker.failed) == (0, 1)
    assert receiver.connections == 0
    ((attempt,),) = [one["attempts"] for one in await bank.deliveries(webhook)]
    assert (attempt["outcome"], attempt["status_code"]) == ("address_refused", None)


async def test_a_receiver_that_was_down_for_eight_hours_catches_up_at_its_first_success(
    bank: Bank, receiver: Receiver
) -> None:
    receiver.says(answer(502))
    webhook = await bank.webhook(receiver)
    clock = Clock()
    chosen = Random(9)  # noqa: S311 - the same choices at each run
    for _ in range(16):
        bank.happens(chosen.choice(bank.handoffs))
        await worked(bank, clock)
        clock.passes(minutes=30)
    assert {one["status"] for one in await bank.deliveries(webhook)} == {"pending"}
    receiver.received.clear()
    receiver.respond = None
    bank.happens(bank.handoffs[0])
    assert await worked(bank, clock) == (17, 0)
    assert in_order(receiver.received)
    pushed = [json.loads(received.body) for received in receiver.received]
    pulled = (await bank.events())[2:]
    assert sorted(event["data"]["position"] for event in pushed) == [event["data"]["position"] for event in pulled]
    assert state(pushed) == state(pulled)
    assert (await ok(bank.lender.get(f"/partner/webhooks/{webhook['id']}")))["failing_since"] is None


async def test_one_dead_endpoint_does_not_delay_the_others(
    bank: Bank, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "TIMEOUT_SECONDS", 6)

    async def never(_: Received) -> bytes:
        await asyncio.sleep(60)
        return b""

    arrived: list[float] = []
    loop = asyncio.get_running_loop()

    async def noted(_: Received) -> bytes:
        arrived.append(loop.time())
        return answer(204)

    receiver.respond = noted
    async with listening() as dead:
        dead.respond = never
        for one in (dead, receiver, receiver):
            await bank.webhook(one)
        bank.happens(*bank.handoffs * 5)
        began = loop.time()
        assert (await worked(bank))[0] == 20
    assert max(arrived) - began < 5


async def test_what_happens_while_an_endpoint_hangs_reaches_the_others(bank: Bank, receiver: Receiver) -> None:
    async def never(_: Received) -> bytes:
        await asyncio.sleep(60)
        return b""

    under_way: dict[UUID, asyncio.Task[None]] = {}
    async with listening() as dead, worker_for(bank) as worker:
        dead.respond = never
        for one in (dead, receiver):
            await bank.webhook(one)
        for number in (1, 2):
            bank.happens(bank.handoffs[0])
            await attend(worker, under_way)
            async with asyncio.timeout(10):
                await receiver.has(number)
                await dead.has(1)
                await asyncio.wait(under_way.values(), return_when=asyncio.FIRST_COMPLETED)
        for serving in under_way.values():
            serving.cancel()
        await asyncio.gather(*under_way.values(), return_exceptions=True)
    assert in_order(receiver.received)
    assert len(dead.received) == 1


async def test_no_transaction_is_open_while_a_receiver_takes_its_time(
    databases: Databases, bank: Bank, receiver: Receiver
) -> None:
    async def slowly(_: Received) -> bytes:
        await asyncio.sleep(1.5)
        return answer(204)

    receiver.respond = slowly
    await bank.webhook(receiver)
    bank.happens(*bank.handoffs)
    watched = create_engine(databases.admin_url)
    seen = set()
    async with worker_for(bank) as worker:
        at_work = asyncio.create_task(drain(worker))
        while not at_work.done():
            await asyncio.sleep(0.1)
            if receiver.received:
                with watched.connect() as admin:
                    rows = admin.execute(
                        text(
                            "select state from pg_stat_activity where datname = current_database() and"
                            " state like 'idle in transaction%' and now() - state_change > interval '0.2 s'"
                        )
                    )
                    seen |= set(rows.scalars())
    watched.dispose()
    assert (worker.delivered, seen) == (2, set())


# Several workers.


async def test_workers_at_once_share_the_work_and_keep_the_order(bank: Bank, receiver: Receiver) -> None:
    await bank.webhook(receiver)
    chosen = Random(5)  # noqa: S311 - the same choices at each run
    bank.happens(*(chosen.choice(bank.handoffs) for _ in range(60)))
    tallies = await asyncio.gather(*(worked(bank) for _ in range(3)))
    assert sum(delivered for delivered, _ in tallies) == 60
    assert len({received.event_id for received in receiver.received}) == len(receiver.received) == 60
    assert in_order(receiver.received)


async def test_what_a_worker_took_and_never_settled_is_taken_by_another_when_its_lease_has_expired(
    bank: Bank, receiver: Receiver
) -> None:
    webhook = await bank.webhook(receiver)
    bank.happens(bank.handoffs[0], bank.handoffs[0])
    clock = Clock()
    async with worker_for(bank, clock) as worker:
        at_work = asyncio.create_task(drain(worker))

        async def killing(_: Received) -> bytes:
            at_work.cancel()
            return answer(204)

        receiver.respond = killing
        with pytest.raises(asyncio.CancelledError):
            await at_work
    receiver.respond = None
    assert await worked(bank, clock) == (0, 0), "leased"
    clock.passes(seconds=61)
    assert await worked(bank, clock) == (2, 0)
    assert [received.data["sequence"] for received in receiver.received] == [2, 2, 3]
    assert {one["status"] for one in await bank.deliveries(webhook)} == {"delivered"}


@asynccontextmanager
async def process_for(bank: Bank, *options: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker as production starts it, for one bank; killed at the end if it still runs."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app.cli", "worker", "--partner", bank.ccas.lender, *options),
        env={
            **os.environ,
            "DATABASE_URL": bank.databases.app_url,
            "ENCRYPTION_KEYS": ENCRYPTION_KEYS,
            "WEBHOOK_LOOPBACK_ALLOWED": "true",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_two_workers_of_which_one_is_killed_lose_nothing_and_keep_the_order(
    bank: Bank, receiver: Receiver
) -> None:
    killed = asyncio.Event()

    async def slowly(_: Received) -> bytes:
        await asyncio.sleep(0.02)
        if len(receiver.received) >= 10:
            await killed.wait()
        return answer(204)

    receiver.respond = slowly
    await bank.webhook(receiver)
    async with process_for(bank) as one, process_for(bank) as other:
        bank.happens(*bank.handoffs * 20)
        await receiver.has(10)
        one.kill()
        await one.wait()
        killed.set()
        await receiver.has(12)
        await asyncio.sleep(2)
        other.terminate()
        assert await asyncio.wait_for(other.wait(), 30) == 0
    receiver.respond = None
    clock = Clock()
    clock.passes(seconds=61)
    await worked(bank, clock)
    assert len({received.event_id for received in receiver.received}) == 40
    assert in_order(receiver.received)


async def test_a_commit_wakes_a_worker_for_its_partner_alone(bank: Bank, receiver: Receiver) -> None:
    await bank.webhook(receiver)
    bank.happens(bank.handoffs[0])
    under_way: dict[UUID, asyncio.Task[None]] = {}
    async with worker_for(bank) as worker:
        await attend(worker, under_way, among={UUID(int=0)})
        assert not under_way
        await attend(worker, under_way, among={bank.id})
        await asyncio.gather(*under_way.values())
    assert len(receiver.received) == 1


async def test_endpoints_are_taken_some_at_a_time_and_none_is_left(
    bank: Bank, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_command, "_TAKEN_BEFORE_A_LOOK", 2)
    for _ in range(3):
        await bank.webhook(receiver)
    bank.happens(bank.handoffs[0])
    under_way: dict[UUID, asyncio.Task[None]] = {}
    async with worker_for(bank) as worker:
        assert await attend(worker, under_way)
        first = dict(under_way)
        assert not await attend(worker, under_way)
        await asyncio.gather(*first.values(), *under_way.values())
    assert len(first) == 2
    assert len(receiver.received) == 3


async def test_what_is_due_to_several_partners_is_looked_for_bound_to_each_and_leaves_the_transaction_as_it_was(
    bank: Bank, receiver: Receiver
) -> None:
    webhook = await bank.webhook(receiver)
    bank.happens(bank.handoffs[0])
    other, now = UUID(int=7), datetime.now(UTC)
    async with worker_for(bank) as worker, tenant_transaction(worker.sessions, None, partner_id=other) as session:
        assert await outbox.due(session, partner_ids=[other], now=now) == []
        found = await outbox.due(session, partner_ids=[other, bank.id, other], now=now)
        assert found == [(bank.id, UUID(webhook["id"]))]
        assert await session.scalar(text("select current_setting('app.partner_id')")) == str(other)
        assert (await session.scalars(select(WebhookEndpoint))).all() == []


async def test_a_fault_of_ours_is_told_with_its_endpoint_and_keeps_no_other_waiting(
    bank: Bank, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    named = await ok(bank.lender.post("/partner/webhooks", {"url": "https://banque.example/microcredit"}))
    await bank.webhook(receiver)
    bank.happens(bank.handoffs[0])

    met = asyncio.Event()

    async def faulty(_: str, __: int) -> list[str]:
        met.set()
        raise RuntimeError("no such case")

    under_way: dict[UUID, asyncio.Task[None]] = {}
    async with worker_for(bank) as worker:
        worker.sender = webhooks.Sender(loopback_allowed=True, resolve=faulty)
        for _ in range(2):
            await attend(worker, under_way)
            async with asyncio.timeout(10):
                await receiver.has(1)
                await met.wait()
        worker.stop.set()
        await asyncio.gather(*under_way.values())
    (record,) = [one for one in caplog.records if one.name == "microcredit.worker"]
    assert record.getMessage() == f"endpoint {named['id']}"
    assert "no such case" in str(record.exc_text)


async def test_once_sends_what_is_due_and_says_so_without_any_address(bank: Bank, receiver: Receiver) -> None:
    await bank.webhook(receiver)
    bank.happens(*bank.handoffs)
    async with process_for(bank, "--once") as process:
        told, errors = await process.communicate()
    assert (process.returncode, told.decode()) == (0, "2 delivered, 0 failed\n")
    assert str(receiver.port) not in errors.decode()
    assert len(receiver.received) == 2


async def test_a_worker_is_woken_by_the_commit_of_an_event(bank: Bank, receiver: Receiver) -> None:
    await bank.webhook(receiver)
    async with process_for(bank) as process:
        assert process.stderr
        assert b"started" in await process.stderr.readline()
        bank.happens(bank.handoffs[0])
        await receiver.has(1)
        process.terminate()
        assert b"stopped: 1 delivered, 0 failed" in (await process.communicate())[1]
    assert process.returncode == 0


async def test_an_unknown_partner_is_refused(bank: Bank) -> None:
    async with worker_for(bank) as worker:
        worker.partner = "nobody"
        with pytest.raises(CommandRefused, match="no partner is called nobody"):
            await drain(worker)


async def test_a_secret_that_nobody_can_read_any_more_keeps_its_endpoint_waiting_and_no_other(
    bank: Bank, receiver: Receiver
) -> None:
    webhook = await bank.webhook(receiver)
    bank.happens(bank.handoffs[0])
    async with worker_for(bank) as worker:
        worker.keys = "another key of thirty-two characters"
        await drain(worker)
        assert (worker.delivered, worker.failed) == (0, 0)
    assert await worked(bank) == (1, 0)
    assert [len(one["attempts"]) for one in await bank.deliveries(webhook)] == [1]

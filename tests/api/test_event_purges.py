"""Events of partners and the log of their deliveries are kept for 13 months; whoever comes later is told so."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from anyio import to_thread
from httpx import AsyncClient
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.cli import main
from app.commands import purge
from app.database import open_engine, open_sessions, tenant_transaction
from app.services import event_purges
from app.settings import settings
from tests.receivers import listening
from tests.support import Ccas, Databases, Json, ok, refused
from tests.webhooks import Bank, Clock, bank_of, worked

TODAY = datetime.now(UTC).date()
LONG_AGO = timedelta(days=500)
TABLES = ("partner_events", "webhook_deliveries", "webhook_attempts")


@pytest.fixture(autouse=True)
def _loopback(client: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Receivers of this machine are let through, as for development."""
    monkeypatch.setattr(settings(), "webhook_loopback_allowed", True)


def aged(databases: Databases, bank: Bank, by: timedelta = LONG_AGO, *, up_to: int = 1_000) -> None:
    """All of it happened so much earlier: as nobody could enter it, and as it is once the time has passed."""
    engine = create_engine(databases.admin_url)
    own = {"by": by, "partner": bank.id, "up_to": up_to}
    with engine.begin() as admin:
        admin.execute(text("set local session_replication_role = replica"))
        for table in ("partner_events", "webhook_deliveries"):
            admin.execute(
                text(
                    f"update {table} set entered_at = entered_at - :by"  # noqa: S608
                    " where partner_id = :partner and position <= :up_to"
                ),
                own,
            )
        admin.execute(
            text(
                "update webhook_attempts a set attempted_at = attempted_at - :by from webhook_deliveries d"
                " where a.partner_id = :partner and d.partner_id = :partner and d.id = a.delivery_id"
                " and d.position <= :up_to"
            ),
            own,
        )
    engine.dispose()


def counted(databases: Databases, bank: Bank) -> tuple[int, ...]:
    """Events, deliveries and attempts that are kept of a partner."""
    engine = create_engine(databases.admin_url)
    with engine.connect() as admin:
        numbers = tuple(
            admin.execute(text(f"select count(*) from {table} where partner_id = :id"), {"id": bank.id}).scalar_one()  # noqa: S608
            for table in TABLES
        )
    engine.dispose()
    return numbers


async def purged(databases: Databases, bank: Bank, on: date = TODAY) -> tuple[int, int]:
    """How many deliveries and events of a partner a day ends the retention of."""
    engine = open_engine(databases.app_url, pool_size=1, pool_wait_seconds=30)
    found = {one.code: one for one in await purge.of_partners(engine, on)}[bank.ccas.lender]
    await engine.dispose()
    assert found.failure is None
    return found.deliveries, found.events


@asynccontextmanager
async def speaking_for(databases: Databases, bank: Bank) -> AsyncIterator[AsyncSession]:
    """A transaction of the serving role, bound to the bank."""
    engine = open_engine(databases.app_url, pool_size=1, pool_wait_seconds=30)
    try:
        async with tenant_transaction(open_sessions(engine), None, partner_id=bank.id) as session:
            yield session
    finally:
        await engine.dispose()


async def delivered(databases: Databases, amiens: Ccas, number: int) -> tuple[Bank, Json]:
    """A bank whose endpoint took so many events, after the one that it was handed a file."""
    bank = await bank_of(databases, amiens)
    async with listening() as taking:
        webhook = await bank.webhook(taking)
        bank.happens(*bank.handoffs * number)
        assert await worked(bank) == (number, 0)
    return bank, webhook


async def test_what_was_delivered_is_erased_after_thirteen_months_and_no_day_before(
    databases: Databases, amiens: Ccas
) -> None:
    bank, _ = await delivered(databases, amiens, 3)
    assert await purged(databases, bank) == (0, 0)
    aged(databases, bank, timedelta(days=390))
    assert await purged(databases, bank) == (0, 0), "the shortest 13 months have 394 days"
    assert await purged(databases, bank, date(2090, 1, 1)) == (0, 0), "a day to come ends no retention today"
    aged(databases, bank, timedelta(days=10))
    assert await purged(databases, bank) == (3, 3)
    assert counted(databases, bank) == (1, 0, 0), "the newest event stays: the numbers go on from it"
    assert await purged(databases, bank) == (0, 0)


async def test_positions_and_sequences_go_on_where_they_were(databases: Databases, amiens: Ccas) -> None:
    bank, _ = await delivered(databases, amiens, 3)
    other = (await bank_of(databases, amiens)).handoffs[0]
    before = await bank.events()
    aged(databases, bank)
    assert await purged(databases, bank) == (3, 4)
    bank.happens(*bank.handoffs, other)
    after = (await ok(bank.lender.get("/partner/events", after=4)))["items"]
    assert after[0] == {**before[4], "timestamp": after[0]["timestamp"]}
    numbers = [(event["data"]["handoff_id"], event["data"]["position"], event["data"]["sequence"]) for event in after]
    assert numbers == [(other, 5, 1), (bank.handoffs[0], 6, 5), (other, 7, 2)]


async def test_whoever_comes_for_events_that_are_erased_is_told_and_from_where_to_go_on(
    databases: Databases, amiens: Ccas
) -> None:
    bank, _ = await delivered(databases, amiens, 3)
    aged(databases, bank, up_to=3)
    assert await purged(databases, bank) == (2, 3)
    for after in (0, 1):
        problem = await refused(bank.lender.get("/partner/events", after=after), 409, "events_erased")
        assert problem["erased_to"] == 3
    assert [e["data"]["position"] for e in (await ok(bank.lender.get("/partner/events", after=3)))["items"]] == [4]
    everything = (await ok(amiens.agent.get("/events", limit=500)))["items"]
    assert [event["kind"] for event in everything].count("handoff.received") == 3, "the log of the CCAS is its history"


async def test_what_still_waits_to_be_sent_keeps_its_event_and_all_that_follow(
    databases: Databases, amiens: Ccas
) -> None:
    bank, _ = await delivered(databases, amiens, 1)
    webhook = (await ok(bank.lender.get("/partner/webhooks")))["items"][0]
    bank.happens(*bank.handoffs * 2)
    clock = Clock()
    assert await worked(bank, clock) == (0, 1), "nobody listens any more"
    aged(databases, bank)
    assert await purged(databases, bank) == (1, 2)
    assert counted(databases, bank) == (2, 2, 1)
    await ok(bank.lender.post(f"/partner/webhooks/{webhook['id']}/disablements"))
    assert await purged(databases, bank) == (0, 0), "it may be enabled again"
    engine = create_engine(databases.admin_url)
    with engine.begin() as admin:
        admin.execute(
            text("update webhook_endpoints set disabled_at = now() - interval '14 months' where id = :id"),
            {"id": webhook["id"]},
        )
    engine.dispose()
    assert await purged(databases, bank) == (2, 1)
    assert counted(databases, bank) == (1, 0, 0)
    path = f"/partner/webhooks/{webhook['id']}"
    problem = await refused(bank.lender.post(f"{path}/enablements"), 409, "webhook_disabled_too_long")
    assert problem["months"] == 13
    assert (await ok(bank.lender.get(path)))["disabled_because"] == "asked", "what waited is gone, and it says so"


async def test_an_endpoint_is_told_of_what_it_was_not_told_before_that_is_erased(
    databases: Databases, amiens: Ccas
) -> None:
    bank, _ = await delivered(databases, amiens, 1)
    bank.happens(*bank.handoffs * 3)
    aged(databases, bank)
    assert await purged(databases, bank) == (1, 2), "no worker ran since"
    assert [
        event["data"]["position"] for event in (await ok(bank.lender.get("/partner/events", after=2)))["items"]
    ] == [*(3, 4, 5)]


async def test_a_delivery_that_was_tried_again_since_is_kept_whole(databases: Databases, amiens: Ccas) -> None:
    bank = await bank_of(databases, amiens)
    async with listening() as taking:
        webhook = await bank.webhook(taking)
        bank.happens(*bank.handoffs)
        await worked(bank)
        aged(databases, bank)
        (delivery,) = await bank.deliveries(webhook)
        await ok(bank.lender.post(f"/partner/webhooks/{webhook['id']}/deliveries/{delivery['id']}/replays"))
        await worked(bank)
    assert await purged(databases, bank) == (0, 1)
    assert counted(databases, bank) == (1, 1, 2)


async def test_a_transaction_erases_so_many_at_most_and_the_next_goes_on(databases: Databases, amiens: Ccas) -> None:
    bank, _ = await delivered(databases, amiens, 5)
    aged(databases, bank)
    before, steps = datetime.now(UTC) - timedelta(days=397), []
    for erase in (event_purges.erase_deliveries, event_purges.erase_events):
        for _ in range(4):
            async with speaking_for(databases, bank) as session:
                steps.append(await erase(session, bank.id, before=before, at_once=2))
    assert steps == [2, 2, 1, 0, 2, 2, 1, 0]
    assert counted(databases, bank) == (1, 0, 0)


async def test_a_handoff_that_somebody_works_on_is_left_for_the_next_night(databases: Databases, amiens: Ccas) -> None:
    bank, _ = await delivered(databases, amiens, 2)
    aged(databases, bank)
    async with speaking_for(databases, bank) as session:
        await session.execute(text("select from handoff_routes for update"))
        assert await purged(databases, bank) == (2, 0)
    assert await purged(databases, bank) == (0, 2)


@pytest.mark.parametrize("table", TABLES)
async def test_the_database_itself_refuses_to_erase_what_is_younger(
    table: str, databases: Databases, amiens: Ccas
) -> None:
    bank, _ = await delivered(databases, amiens, 1)
    kept = counted(databases, bank)
    with pytest.raises(DBAPIError, match="kept for 13 months|foreign key"):  # noqa: RUF043
        async with speaking_for(databases, bank) as session:
            await session.execute(text(f"delete from {table}"))  # noqa: S608
    assert counted(databases, bank) == kept


@pytest.mark.parametrize(
    ("table", "refusal"), [("partner_events", "only ever added to"), ("webhook_attempts", "permission denied")]
)
async def test_what_happened_is_still_never_changed(
    table: str, refusal: str, databases: Databases, amiens: Ccas
) -> None:
    bank, _ = await delivered(databases, amiens, 1)
    aged(databases, bank)
    with pytest.raises(DBAPIError, match=refusal):
        async with speaking_for(databases, bank) as session:
            await session.execute(text(f"update {table} set partner_id = partner_id"))  # noqa: S608
    engine = databases.owner()
    with engine.connect() as owner:
        owner.execute(text("select set_config('app.partner_id', :id, true)"), {"id": str(bank.id)})
        with pytest.raises(DBAPIError, match="only ever added to"):
            owner.execute(text(f"update {table} set partner_id = partner_id"))  # noqa: S608
    engine.dispose()


@pytest.mark.parametrize("command", ["purge", "nightly"])
async def test_the_report_tells_what_was_erased_of_each_partner(
    command: str,
    databases: Databases,
    amiens: Ccas,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bank, _ = await delivered(databases, amiens, 2)
    aged(databases, bank)
    monkeypatch.setenv("DATABASE_URL", databases.app_url)
    assert await to_thread.run_sync(main, [command, "--tenant", amiens.slug]) == 0
    assert f"{amiens.lender} : 2 événement(s) et 2 envoi(s) effacé(s)\n" in capsys.readouterr().out
    assert await to_thread.run_sync(main, [command, "--tenant", amiens.slug]) == 0
    assert amiens.lender not in capsys.readouterr().out


async def test_a_partner_that_cannot_be_gone_through_is_told_and_the_others_are(
    databases: Databases,
    amiens: Ccas,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bank, _ = await delivered(databases, amiens, 2)
    aged(databases, bank)
    erase = event_purges.erase_deliveries

    async def failing_for_another(session: AsyncSession, partner_id: UUID, *, before: datetime) -> int:
        if partner_id != bank.id:
            raise LookupError
        return await erase(session, partner_id, before=before)

    monkeypatch.setattr(event_purges, "erase_deliveries", failing_for_another)
    monkeypatch.setenv("DATABASE_URL", databases.app_url)
    assert await to_thread.run_sync(main, ["purge", "--tenant", amiens.slug]) == 1
    told = capsys.readouterr().out
    assert f"{amiens.lender} : 2 événement(s) et 2 envoi(s) effacé(s)\n" in told
    assert " (LookupError)\n" in told

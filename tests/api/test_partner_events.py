"""What a bank reads of its events without any webhook."""

import json

from httpx import AsyncClient

from tests.lenders import accepted_by, lender_of, machine_of, offer, paid_out, sent
from tests.support import Ccas, Databases, ok, refused


async def test_a_bank_reads_what_befell_its_files_and_loans_in_order_and_without_anybodys_name(
    databases: Databases, amiens: Ccas
) -> None:
    bank = lender_of(databases, amiens)
    handoff = await sent(amiens, None, 200_000, 24)
    await accepted_by(bank, handoff)
    await paid_out(amiens, bank, handoff, offer(200_000, 24, "6.20"))
    told = await ok(bank.get("/partner/events"))
    assert [event["type"] for event in told["items"]] == [
        *("handoff.sent", "handoff.in_progress", "handoff.accepted", "loan.offered"),
        *("loan.sign", "loan.sign", "loan.sign", "loan.accepted", "loan.disbursed"),
    ]
    first = told["items"][0]
    assert first == {
        "type": "handoff.sent",
        "timestamp": first["timestamp"],
        "data": {
            "event_id": first["data"]["event_id"],
            "position": 1,
            "tenant": amiens.slug,
            "handoff_id": handoff["id"],
            "status": "sent",
            "sequence": 1,
        },
    }
    for name in ("position", "sequence"):
        assert [event["data"][name] for event in told["items"]] == list(range(1, 10))
    assert told["last_position"] == 9
    assert "exemple" not in json.dumps(told).lower()


async def test_reading_goes_on_after_a_position(databases: Databases, amiens: Ccas) -> None:
    bank = lender_of(databases, amiens)
    await accepted_by(bank, await sent(amiens, None, 200_000, 24))
    whole = (await ok(bank.get("/partner/events")))["items"]
    assert len(whole) == 3
    assert await ok(bank.get("/partner/events", limit=1)) == {"items": whole[:1], "last_position": 1}
    assert (await ok(bank.get("/partner/events", after=1)))["items"] == whole[1:]
    assert await ok(bank.get("/partner/events", after=3)) == {"items": [], "last_position": 3}
    for wrong in ({"after": "-1"}, {"after": "x"}, {"limit": "501"}, {"limit": "0"}):
        await refused(bank.get("/partner/events", **wrong), 422, "invalid")


async def test_another_bank_reads_nothing_of_it(databases: Databases, client: AsyncClient, amiens: Ccas) -> None:
    await sent(amiens, None, 200_000, 24)
    rival = machine_of(databases, client, f"rival_{amiens.lender}")
    assert await ok(rival.get("/partner/events")) == {"items": [], "last_position": 0}

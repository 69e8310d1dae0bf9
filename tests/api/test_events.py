"""The log of events: every step, in the order of commits, without gaps and without anybody's name."""

import asyncio
import json
from collections import defaultdict
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import create_engine, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlmodel import col

from app.tables import Event, PartnerEvent
from tests.api.test_communes import CONDE, FRESNES, demand_of, staff_of
from tests.lenders import accepted_by, lender_of, offer, paid_out, sent
from tests.support import APPROVAL, Ccas, Databases, Json, Staff, demand, ok, refused, submitted


async def events_of(staff: Staff, **query: int) -> list[Json]:
    """The events that a member of staff sees."""
    return list((await ok(staff.get("/events", **query)))["items"])


async def test_a_partner_loan_is_told_from_its_file_to_its_payment(databases: Databases, amiens: Ccas) -> None:
    bank = lender_of(databases, amiens)
    handoff = await sent(amiens, None, 200_000, 24)
    await accepted_by(bank, handoff)
    loan_id = await paid_out(amiens, bank, handoff, offer(200_000, 24, "6.20"))
    told = await events_of(amiens.agent)
    assert [event["kind"] for event in told] == [
        *("request.assessment", "request.submitted", "request.endorsed"),
        *("handoff.sent", "request.sent_to_lender", "handoff.in_progress"),
        *("handoff.accepted", "request.lender_accepted", "loan.offered"),
        *("loan.sign", "loan.sign", "loan.sign", "loan.accepted", "request.contracted", "loan.disbursed"),
    ]
    assert [event["position"] for event in told] == list(range(1, len(told) + 1))
    sequences = defaultdict(list)
    for event in told:
        sequences[event["subject_id"]].append(event["sequence"])
    assert set(sequences) == {handoff["request_id"], handoff["id"], loan_id}
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in sequences.values())
    assert {event["partner"] for event in told if event["subject"] != "request"} == {amiens.lender}
    assert all("camille" not in json.dumps(event).lower() for event in told)


async def test_reading_goes_on_after_a_position(besancon: Ccas) -> None:
    await submitted(besancon)
    whole = await events_of(besancon.agent)
    first = await ok(besancon.agent.get("/events", limit=1))
    assert (first["items"], first["last_position"]) == (whole[:1], 1)
    assert await events_of(besancon.agent, after=1) == whole[1:]
    nothing = await ok(besancon.agent.get("/events", after=len(whole)))
    assert nothing == {"items": [], "last_position": len(whole)}
    for after in ("-1", "x", str(2**53)):
        await refused(besancon.agent.get("/events", after=after), 422, "invalid")


async def test_what_is_refused_leaves_no_event(besancon: Ccas) -> None:
    path = f"/requests/{(await ok(besancon.agent.post('/requests', demand(besancon))))['id']}"
    await refused(besancon.decider.post(f"{path}/decisions", APPROVAL), 409, "illegal_transition")
    assert await events_of(besancon.agent) == []


async def test_who_works_for_one_commune_sees_the_events_of_it_alone(databases: Databases, fresnes: Ccas) -> None:
    for commune in (CONDE, FRESNES):
        request = await ok(fresnes.agent.post("/requests", demand_of(fresnes, commune)))
        await ok(fresnes.agent.post(f"/requests/{request['id']}/assess"))
    assert [event["position"] for event in await events_of(fresnes.agent)] == [1, 2]
    (own,) = await events_of(staff_of(databases, fresnes, CONDE))
    assert own["position"] == 1


async def test_steps_taken_at_once_are_numbered_without_gaps(besancon: Ccas) -> None:
    paths = [f"/requests/{(await ok(besancon.agent.post('/requests', demand(besancon))))['id']}" for _ in range(8)]
    await asyncio.gather(*(ok(besancon.agent.post(f"{path}/assess")) for path in paths))
    assert [event["position"] for event in await events_of(besancon.agent)] == list(range(1, 9))


async def test_an_event_is_numbered_once_and_never_changes(databases: Databases, besancon: Ccas) -> None:
    await submitted(besancon)
    engine = create_engine(databases.app_url)
    for column, value in (("position", 99), ("kind", "request.approved"), ("position", None)):
        change = update(Event).values({column: value})
        with engine.begin() as connection:
            connection.execute(text("select set_config('app.tenant_id', :id, true)"), {"id": str(besancon.id)})
            with pytest.raises(DBAPIError, match="never changes"):
                connection.execute(change)
    engine.dispose()


async def test_the_outbox_of_a_partner_has_what_concerns_it_and_nothing_else(
    databases: Databases, client: AsyncClient, amiens: Ccas
) -> None:
    bank = lender_of(databases, amiens)
    handoff = await sent(amiens, None, 200_000, 24)
    await accepted_by(bank, handoff)
    engine = create_engine(databases.app_url)
    with engine.begin() as connection:
        whose = "select set_config('app.partner_id', (select id::text from partners where code = :code), true)"
        connection.execute(text(whose), {"code": amiens.lender})
        columns = [getattr(PartnerEvent, name) for name in ("kind", "status", "position", "sequence")]
        whole = select(*columns, col(PartnerEvent.handoff_id), col(PartnerEvent.tenant_id))
        rows = connection.execute(whole.order_by(col(PartnerEvent.position))).all()
    engine.dispose()
    here = (UUID(handoff["id"]), amiens.id)
    assert [tuple(row) for row in rows] == [
        ("handoff.sent", "sent", 1, 1, *here),
        ("handoff.in_progress", "in_progress", 2, 2, *here),
        ("handoff.accepted", "accepted", 3, 3, *here),
    ]

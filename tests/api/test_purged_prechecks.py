"""Once the conclusion of a precheck is erased, nothing that is read nor kept tells which way it went."""

import json
import re
from collections.abc import Awaitable, Callable
from datetime import date

import pytest
from httpx import AsyncClient
from sqlalchemy import create_engine, text

from app.commands import purge
from app.domain.ficp import CheckEffect, CheckGate
from tests.api.test_check_gates import under
from tests.lenders import OTHER_ANSWER, Lender, check, handed_over, lender_of, sent, submitted_of, taken_in
from tests.support import Ccas, Databases, Json, ok, run_sql

PUSH = "/partner/ficp-checks"
WAYS = ("favorable", "unfavorable", "to_clear", "unavailable")
AFTER = date(2018, 6, 1)
CLOSED: Json = {
    "outcome": "closed_without_action",
    "reason_code": "missed_appointments",
    "other_answer": OTHER_ANSWER,
    "closed_on": "2018-03-20",
}
DECLINED: Json = {
    "outcome": "decline",
    "reason_code": "fragile_finances",
    "reason": "Le projet n’est pas prêt",
    "other_answer": OTHER_ANSWER,
    "decided_on": "2018-03-12",
    "signatory": "La responsable du dispositif",
}
# What is read of a handoff: by the staff, then by its lender.
OF_STAFF = (
    *("/handoffs", "/handoffs/{handoff}", "/requests/{request}", "/requests/{request}/timeline", "/worklist"),
    *("/requests/{request}/ficp-checks", "/requests/{request}/actions", "/events?after=0", "/decisions"),
)
OF_LENDER = ("/partner/handoffs", "/partner/handoffs/{handoff}", "/partner/events?after=0")
# What differs between any two files: identifiers, hashes, instants of entry, and what names the tests' own CCAS.
OWN = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{64}|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\.\d+(\+00:00|Z)")


async def answered(ccas: Ccas, lender: Lender, way: str, request: Json) -> Json:
    """A precheck of which the lender told one thing on 5 March 2018, and took the file."""
    handoff = await handed_over(ccas, request["id"], "precheck", "2018-03-02")
    await ok(lender.post(f"/partner/handoffs/{handoff['id']}/acknowledgements"))
    await ok(lender.post(PUSH, check(handoff, way, ref="C-1", evidence_sha256="e" * 64)))
    await ok(lender.post(f"/partner/handoffs/{handoff['id']}/acknowledgements"))
    return handoff


async def closed(ccas: Ccas, lender: Lender, way: str) -> Json:
    """A request that was closed after its precheck."""
    handoff = await answered(ccas, lender, way, await taken_in(ccas))
    await ok(ccas.agent.post(f"/requests/{handoff['request_id']}/close", CLOSED))
    return handoff


async def declined(ccas: Ccas, lender: Lender, way: str) -> Json:
    """A request that went to the commission whatever its precheck, and was declined."""
    request = await taken_in(ccas)
    handoff = await answered(ccas, lender, way, request)
    path = await submitted_of(ccas, request)
    await ok(ccas.decider.post(f"{path}/decisions", DECLINED))
    return handoff


def plain(told: object, ccas: Ccas) -> str:
    """The same for any two files that went the same way."""
    words = json.dumps(told, ensure_ascii=False, indent=1, default=str)
    return OWN.sub("-", words.replace(ccas.slug.rpartition("-")[2], "-"))


async def read(ccas: Ccas, lender: Lender, handoff: Json) -> dict[str, str]:
    """All that the staff and the lender read of a handoff and its request."""
    names = {"handoff": handoff["id"], "request": handoff["request_id"]}
    paths = [(ccas.manager if path == "/events?after=0" else ccas.agent, path) for path in OF_STAFF]
    paths += [(lender, path) for path in OF_LENDER]
    return {path: plain(await ok(staff.get(path.format(**names))), ccas) for staff, path in paths}


def held(databases: Databases, ccas: Ccas) -> dict[str, list[str]]:
    """All that the tables hold of a CCAS and of its lender, but the answers kept for repeated requests."""
    engine = create_engine(databases.admin_url)
    with engine.connect() as connection:
        tables = connection.scalars(
            text(
                "select c.table_name from information_schema.columns c join information_schema.tables t"
                " using (table_schema, table_name) where c.column_name = 'tenant_id' and c.table_schema = 'public'"
                " and c.table_name <> 'idempotency_records' and t.table_type = 'BASE TABLE'"
            )
        ).all()
        of_ccas = "select to_jsonb(t) from {} t where tenant_id = :id"
        rows = {table: connection.scalars(text(of_ccas.format(table)), {"id": ccas.id}).all() for table in tables}
    engine.dispose()
    return {table: sorted(plain(row, ccas) for row in found) for table, found in rows.items()}


def answers_kept(databases: Databases, handoff: Json) -> list[str]:
    """The answers that are kept for whoever repeats what was asked, where they tell of a precheck and its way."""
    engine = create_engine(databases.admin_url)
    kept = (
        "select path from {} where path like '%/handoffs/' || :handoff || '/%'"
        " or convert_from(body, 'utf8') like '%' || :request || '%standing%'"
    )
    names = {"handoff": handoff["id"], "request": handoff["request_id"]}
    with engine.connect() as connection:
        paths = [
            path
            for table in ("idempotency_records", "partner_idempotency_records")
            for path in connection.scalars(text(kept.format(table)), names)
        ]
    engine.dispose()
    return paths


async def purged(databases: Databases, ccas: Ccas, on: date = AFTER) -> int:
    """How many checks of a CCAS lose their conclusion on a day."""
    found = (await purge.run(databases.app_url, on, slug=ccas.slug))[ccas.slug]
    assert found.failures == {}
    return found.checks


@pytest.mark.parametrize("ends", [closed, declined])
async def test_files_that_differ_by_their_conclusion_alone_are_the_same_once_it_is_erased(
    databases: Databases, client: AsyncClient, ends: Callable[[Ccas, Lender, str], Awaitable[Json]]
) -> None:
    of_kept, of_read, of_held = [], [], []
    for way in WAYS:
        ccas = under(databases, client, precheck=CheckGate(effect=CheckEffect.INFORM))
        lender = lender_of(databases, ccas)
        handoff = await ends(ccas, lender, way)
        of_kept.append(await read(ccas, lender, handoff))
        assert answers_kept(databases, handoff)
        assert await purged(databases, ccas) == 1
        of_read.append(await read(ccas, lender, handoff))
        of_held.append(held(databases, ccas))
        assert answers_kept(databases, handoff) == []
    assert of_kept[0] != of_kept[1] != of_kept[2], "each way reads otherwise until then"
    assert all(one == of_read[0] for one in of_read)
    assert all(one == of_held[0] for one in of_held)


async def test_what_is_left_of_a_precheck_is_that_it_was_answered(databases: Databases, toulouse: Ccas) -> None:
    lender = lender_of(databases, toulouse)
    handoff = await closed(toulouse, lender, "unfavorable")
    path = f"/handoffs/{handoff['id']}"
    standing = f"/requests/{handoff['request_id']}/ficp-checks"
    (shown,) = (await ok(toulouse.agent.get(standing)))["items"]
    assert shown["standing"] == "unfavourable", "until nobody may appeal"
    events = (await ok(lender.get("/partner/events?after=0")))["items"]
    await purged(databases, toulouse)
    for told in (await ok(toulouse.agent.get(path)), await ok(lender.get(f"/partner{path}"))):
        assert told["status"] == "withdrawn"
        assert [(step["action"], step["status"]) for step in told["steps"]] == [
            ("send", "sent"),
            ("acknowledge", "received"),
            ("conclude", "concluded"),
            ("withdraw", "withdrawn"),
        ]
    later = (await ok(lender.get("/partner/events?after=0")))["items"]
    assert [event["type"] for event in later] == [
        *("handoff.sent", "handoff.received", "handoff.concluded", "handoff.withdrawn"),
    ]
    assert [(event["timestamp"], event["data"]["sequence"]) for event in later] == [
        (event["timestamp"], event["data"]["sequence"]) for event in events
    ]
    timeline = (await ok(toulouse.agent.get(f"/requests/{handoff['request_id']}/timeline")))["items"]
    assert "répondue, conclusion effacée" in str([event["title"] for event in timeline])


async def test_a_precheck_of_which_nothing_was_told_keeps_its_steps(databases: Databases, toulouse: Ccas) -> None:
    lender = lender_of(databases, toulouse)
    request = await taken_in(toulouse)
    handoff = await handed_over(toulouse, request["id"], "precheck", "2018-03-02")
    await ok(lender.post(f"/partner/handoffs/{handoff['id']}/acknowledgements"))
    await ok(toulouse.agent.post(f"/requests/{request['id']}/close", CLOSED))
    before = await ok(toulouse.agent.get(f"/handoffs/{handoff['id']}"))
    assert await purged(databases, toulouse) == 0
    assert await ok(toulouse.agent.get(f"/handoffs/{handoff['id']}")) == before


async def test_who_comes_back_is_checked_anew_and_that_is_erased_in_its_turn(
    databases: Databases, toulouse: Ccas
) -> None:
    lender = lender_of(databases, toulouse)
    handoff = await closed(toulouse, lender, "unfavorable")
    await purged(databases, toulouse)
    path = f"/requests/{handoff['request_id']}"
    await ok(toulouse.agent.post(f"{path}/reopen", {"reopened_on": "2018-06-01", "reason": "La personne revient"}))
    again = await handed_over(toulouse, handoff["request_id"], "precheck", "2018-06-02")
    await ok(lender.post(PUSH, check(again, "favorable", "C-2", consulted_at="2018-06-03T08:00:00Z")))
    await ok(toulouse.agent.post(f"{path}/assess", {"assessed_on": "2018-06-04"}))
    await ok(toulouse.agent.post(f"{path}/close", {**CLOSED, "closed_on": "2018-06-05"}))
    assert await purged(databases, toulouse, date(2018, 8, 5)) == 0
    assert await purged(databases, toulouse, date(2018, 8, 6)) == 1
    for one in (handoff, again):
        steps = (await ok(toulouse.agent.get(f"/handoffs/{one['id']}")))["steps"]
        assert [step["status"] for step in steps][-2:] == ["concluded", "withdrawn"]


# What the purge alone may do, and once.
TOLD = (
    (
        "update handoff_transitions set action = without_conclusion(action),"
        " from_status = without_conclusion(from_status), to_status = without_conclusion(to_status)"
    ),
    "update events set kind = without_conclusion(kind), status = without_conclusion(status)",
)
CHANGES = (
    "update handoff_transitions set to_status = 'accepted' where to_status in ('refused', 'concluded')",
    "update handoff_transitions set note = 'x'",
    "update events set status = 'accepted' where status in ('refused', 'concluded')",
    "update events set entered_at = now()",
)


async def test_nothing_else_of_a_step_ever_changes_nor_before_the_conclusion_is_erased(
    databases: Databases, client: AsyncClient
) -> None:
    ccas = under(databases, client)
    await closed(ccas, lender_of(databases, ccas), "unfavorable")
    for change in (*TOLD, *CHANGES):
        with pytest.raises(Exception, match=r"only ever added to|never changes"):
            run_sql(databases, ccas, change)
    await purged(databases, ccas)
    for change in CHANGES:
        with pytest.raises(Exception, match=r"only ever added to|never changes"):
            run_sql(databases, ccas, change)


async def test_a_loan_files_steps_are_the_lenders_own_answers_and_stay(databases: Databases, toulouse: Ccas) -> None:
    ccas = toulouse
    lender = lender_of(databases, ccas)
    handoff = await sent(ccas, lender, 300_000, 36)
    await ok(lender.post(PUSH, check(handoff, "unfavorable", "G-1", consulted_at="2018-03-15T10:00:00Z")))
    refusal = {"decision": "refused", "decided_on": "2018-03-16"}
    await ok(lender.post(f"/partner/handoffs/{handoff['id']}/answers", refusal))
    path = f"/requests/{handoff['request_id']}/close"
    await ok(ccas.agent.post(path, {**CLOSED, "outcome": "lender_refused", "reason_code": "lender_declined"}))
    assert await purged(databases, ccas) == 2
    told = await ok(lender.get(f"/partner/handoffs/{handoff['id']}"))
    assert [step["status"] for step in told["steps"]] == ["sent", "in_progress", "refused"]

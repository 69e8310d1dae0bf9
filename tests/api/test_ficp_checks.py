"""The lenders' checks of the FICP: a conclusion and its date, told in any order, and what they open."""

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from httpx import AsyncClient
from sqlalchemy import create_engine, text

from tests.lenders import (
    OTHER_ANSWER,
    Lender,
    check,
    handed_over,
    lender_of,
    machine_of,
    neighbours,
    open_under,
    prechecked,
    sent,
    taken_in,
)
from tests.support import Ccas, Databases, Json, Staff, ok, refused, run_sql

PUSH = "/partner/ficp-checks"
ACCEPTED: Json = {"decision": "accepted", "decided_on": "2018-03-16"}
REFUSED: Json = {"decision": "refused", "decided_on": "2018-03-16"}
SEVERAL = range(4)


async def precheck(ccas: Ccas) -> Json:
    """The handoff of a precheck, sent on 2 March 2018."""
    return await handed_over(ccas, (await taken_in(ccas))["id"], "precheck", "2018-03-02")


async def pushed(lender: Lender, *checks: Json) -> list[Json]:
    """The answers to a batch."""
    items: list[Json] = (await ok(lender.post(PUSH, {"items": list(checks)})))["items"]
    return items


def kept(databases: Databases, ccas: Ccas) -> list[Any]:
    """The checks that the CCAS's database holds, oldest first."""
    return run_sql(databases, ccas, "select consultation_ref, outcome from ficp_checks order by id")


async def standing(ccas: Ccas, request_id: str) -> dict[str, str]:
    """What staff are shown of a request, by stage."""
    items = (await ok(ccas.agent.get(f"/requests/{request_id}/ficp-checks")))["items"]
    return {item["stage"]: item["standing"] for item in items}


async def where(ccas: Ccas, handoff: Json) -> tuple[str, str]:
    """Where the handoff and its request stand."""
    read = await ok(ccas.agent.get(f"/handoffs/{handoff['id']}"))
    return read["status"], (await ok(ccas.agent.get(f"/requests/{handoff['request_id']}")))["status"]


# The schema is closed.


async def test_what_is_kept_of_a_check_is_a_closed_set_of_columns(databases: Databases, besancon: Ccas) -> None:
    statement = "select column_name from information_schema.columns where table_name = 'ficp_checks'"
    assert {row["column_name"] for row in run_sql(databases, besancon, statement)} == {
        "tenant_id",
        "id",
        "request_id",
        "handoff_id",
        "partner_id",
        "partner_client_id",
        "telling_id",
        "stage",
        "outcome",
        "consulted_at",
        "consultation_ref",
        "evidence_sha256",
        "purged_at",
        "entered_at",
    }


LEAKS: Json = {
    "incident_count": 2,
    "amount_cents": 150_000,
    "creditor": "Banque Exemple",
    "declarants": 1,
    "measure": "plan",
    "over_indebtedness": False,
    "radiation_on": "2020-01-01",
    "bdf_key": "020388EXEMP",
    "comment": "Deux incidents",
    "reason": None,
    "expires_at": "2018-04-04T09:30:00Z",
    "request_id": str(uuid4()),
    "partner": "credit_municipal",
    "id": str(uuid4()),
}


async def test_whatever_else_a_lender_tells_is_refused_and_nothing_of_it_is_kept(
    databases: Databases, toulouse: Ccas
) -> None:
    lender = lender_of(databases, toulouse)
    handoff = await precheck(toulouse)
    for name, value in LEAKS.items():
        told = {**check(handoff), name: value}
        problem = await refused(lender.post(PUSH, told), 422, "invalid")
        assert [(fault["pointer"], fault["code"]) for fault in problem["errors"]] == [
            (f"/body/{name}", "unknown_field")
        ]
        (item,) = await pushed(lender, told)
        assert (item["status"], item["id"], item["error"]["errors"][0]["pointer"]) == (
            "refused",
            None,
            f"/body/items/0/{name}",
        )
        assert not any(isinstance(value, str) and value in text for text in (json.dumps(problem), json.dumps(item)))
    assert kept(databases, toulouse) == []
    assert await where(toulouse, handoff) == ("sent", "intake")


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("consultation_ref", ["", "C 1", "Deux incidents chez Banque Exemple", "C-1\n", "-C", "é", "C" * 65, 7, None]),
        ("outcome", ["FAVORABLE", "favourable", "defavorable", "listed", "", True, None]),
        ("stage", ["PRECHECK", "loan_file", "", None]),
        ("consulted_at", ["2018-03-05", "2018-03-05T09:30:00", "05/03/2018 09:30", 1_520_242_200, None,
                          "2018-02-30T09:30:00Z", "2018-03-05T24:30:00Z", "0001-01-01T00:00:00+23:59",
                          "9999-12-31T23:59:59Z"]),
        ("handoff_id", ["", "1", "{handoff}", 1, None]),
        ("evidence_sha256", ["", "F" * 64, "f" * 63, "Deux incidents", 1]),
    ],
)  # fmt: skip
async def test_each_field_takes_its_form_alone(
    databases: Databases, toulouse: Ccas, field: str, values: list[Any]
) -> None:
    lender = lender_of(databases, toulouse)
    handoff = await precheck(toulouse)
    whole = check(handoff)
    for value in values:
        problem = await refused(lender.post(PUSH, {**whole, field: value}), 422, "invalid")
        assert [fault["pointer"] for fault in problem["errors"]] == [f"/body/{field}"]
    without = {name: value for name, value in whole.items() if name != field}
    if field == "evidence_sha256":
        assert (await ok(lender.post(PUSH, {**without, field: None})))["status"] == "recorded"
    else:
        problem = await refused(lender.post(PUSH, without), 422, "invalid")
        assert [(one["pointer"], one["code"]) for one in problem["errors"]] == [(f"/body/{field}", "missing")]
        assert kept(databases, toulouse) == []


async def test_a_push_is_one_check_or_a_list_of_1_to_500(databases: Databases, toulouse: Ccas) -> None:
    lender = lender_of(databases, toulouse)
    whole = check(await precheck(toulouse))
    for body, pointer, code in (
        ([whole], "/body", "not_an_object"),
        ("favorable", "/body", "not_an_object"),
        ({"items": []}, "/body/items", "too_short"),
        ({"items": [whole] * 501}, "/body/items", "too_long"),
        ({"items": whole}, "/body/items", "not_a_list"),
        ({"items": None}, "/body/items", "not_a_list"),
        ({**whole, "items": [whole]}, "/body/handoff_id", "unknown_field"),
    ):
        problem = await refused(lender.post(PUSH, body), 422, "invalid")
        assert (problem["errors"][0]["pointer"], problem["errors"][0]["code"]) == (pointer, code)
    without_key = await lender.client.post(f"/v1{PUSH}", json=whole, headers=lender.headers)
    assert (without_key.status_code, without_key.json()["code"]) == (400, "header_missing")
    for staff in (toulouse.agent, toulouse.decider, toulouse.manager):
        await refused(staff.post(PUSH, whole), 403, "forbidden")
    assert kept(databases, toulouse) == []


# Once.


async def test_a_consultation_told_again_is_known_and_one_that_changed_is_refused(
    databases: Databases, toulouse: Ccas
) -> None:
    lender = lender_of(databases, toulouse)
    handoff, other = await precheck(toulouse), await precheck(toulouse)
    told = check(handoff, evidence_sha256="a" * 64)
    first = await ok(lender.post(PUSH, told))
    assert first == {"id": first["id"], "handoff_id": handoff["id"], "stage": "precheck", "status": "recorded"}
    for again in (told, {**told, "consulted_at": "2018-03-05T10:30:00.000+01:00"}):
        response = await lender.post(PUSH, again)
        assert (response.status_code, response.json()) == (201, {**first, "status": "known"})
    for change in (
        {"outcome": "unfavorable"},
        {"consulted_at": "2018-03-05T09:30:01Z"},
        {"evidence_sha256": "b" * 64},
        {"evidence_sha256": None},
        {"handoff_id": other["id"]},
        {"stage": "grant_decision"},
    ):
        await refused(lender.post(PUSH, {**told, **change}), 409, "consultation_ref_reused")
    assert kept(databases, toulouse) == [{"consultation_ref": "C-1", "outcome": "favorable"}]
    assert len((await ok(toulouse.agent.get(f"/handoffs/{handoff['id']}")))["steps"]) == 2
    assert (await where(toulouse, other))[0] == "sent"


async def test_a_reference_belongs_to_the_lender_who_gave_it(databases: Databases, client: AsyncClient) -> None:
    ccas = open_under(databases, client, "amiens", banque_postale={"planned": False})
    code = ccas.lender.replace("credit_mutuel", "banque_postale")
    first, second = lender_of(databases, ccas), machine_of(databases, client, code)
    handoff = await sent(ccas, None, 200_000, 24)
    await ok(first.post(PUSH, check(handoff, ref="SAME")))
    await ok(first.post(f"/partner/handoffs/{handoff['id']}/answers", REFUSED))
    request = await ok(ccas.agent.get(f"/requests/{handoff['request_id']}"))
    authorisation = {"recipient": code, "purposes": ["loan_file"], "given_on": "2018-03-16"}
    await ok(ccas.agent.post(f"/people/{request['applicant_id']}/authorisations", authorisation))
    again = await handed_over(ccas, request["id"], "loan_file", "2018-03-17", partner=code)
    # The first lender's conclusion is not the second's.
    told = await ok(second.post(f"/partner/handoffs/{again['id']}/answers", {**ACCEPTED, "decided_on": "2018-03-18"}))
    assert told["status"] == "awaiting_check"
    assert (await ok(second.post(PUSH, check(again, "to_clear", ref="SAME"))))["status"] == "recorded"
    items = (await ok(ccas.agent.get(f"/requests/{request['id']}/ficp-checks")))["items"]
    assert {item["partner"]: item["consulted_on"] for item in items} == {ccas.lender: "2018-03-05", code: "2018-03-05"}
    assert [item["standing"] for item in items if item["partner"] == code] == ["pending"]


async def test_a_consultation_told_several_times_at_once_is_recorded_once(databases: Databases, toulouse: Ccas) -> None:
    lender = lender_of(databases, toulouse)
    told = check(await precheck(toulouse))
    responses = await asyncio.gather(*(lender.post(PUSH, told) for _ in SEVERAL))
    assert Counter(response.json()["status"] for response in responses) == {"recorded": 1, "known": 3}
    assert len({response.json()["id"] for response in responses}) == 1

    second = check(await precheck(toulouse), ref="C-2")
    outcomes = ("favorable", "unfavorable", "to_clear", "unavailable")
    responses = await asyncio.gather(*(lender.post(PUSH, {**second, "outcome": outcome}) for outcome in outcomes))
    assert sorted(response.status_code for response in responses) == [201, 409, 409, 409]
    assert {one.json()["code"] for one in responses if not one.is_success} == {"consultation_ref_reused"}

    elsewhere = [check(await precheck(toulouse), ref="C-3") for _ in SEVERAL]
    responses = await asyncio.gather(*(lender.post(PUSH, one) for one in elsewhere))
    assert sorted(response.status_code for response in responses) == [201, 409, 409, 409]
    assert Counter(row["consultation_ref"] for row in kept(databases, toulouse)) == {"C-1": 1, "C-2": 1, "C-3": 1}


# What is refused.


async def test_a_check_from_the_future_is_refused_but_for_a_clock_that_runs_ahead(
    databases: Databases, toulouse: Ccas
) -> None:
    lender = lender_of(databases, toulouse)
    handoff = await precheck(toulouse)
    now = datetime.now(UTC)
    ahead, beyond = (
        check(handoff, ref=f"C-{minutes}", consulted_at=(now + timedelta(minutes=minutes)).isoformat())
        for minutes in (4, 6)
    )
    assert (await refused(lender.post(PUSH, beyond), 409, "date_in_future"))["field"] == "consulted_at"
    assert kept(databases, toulouse) == []
    assert (await ok(lender.post(PUSH, ahead)))["status"] == "recorded"


async def test_each_kind_of_handoff_takes_the_check_of_its_stage(databases: Databases, toulouse: Ccas) -> None:
    lender = lender_of(databases, toulouse)
    loan_file = await sent(toulouse, lender, 300_000, 36)
    for handoff, stage, other in (
        (await precheck(toulouse), "precheck", "grant_decision"),
        (loan_file, "grant_decision", "precheck"),
    ):
        told = check(handoff, stage=other, ref=f"C-{stage}")
        assert (await refused(lender.post(PUSH, told), 409, "stage_does_not_fit"))["stage"] == stage
        assert (await ok(lender.post(PUSH, {**told, "stage": stage})))["status"] == "recorded"


async def test_what_is_over_takes_no_new_check_and_still_knows_the_old_ones(
    databases: Databases, toulouse: Ccas, amiens: Ccas
) -> None:
    lender, bank = lender_of(databases, toulouse), lender_of(databases, amiens)
    refused_one = await sent(amiens, None, 200_000, 24)
    withdrawn, closed = await precheck(toulouse), await precheck(toulouse)
    ends = ((bank, refused_one, "favorable"), (lender, withdrawn, "favorable"), (lender, closed, "unfavorable"))
    for machine, handoff, outcome in ends:
        await ok(machine.post(PUSH, check(handoff, outcome, ref=handoff["id"])))
    await ok(bank.post(f"/partner/handoffs/{refused_one['id']}/answers", REFUSED))
    withdrawal = {"withdrawn_on": "2018-03-06", "reason": "Erreur"}
    await ok(toulouse.agent.post(f"/handoffs/{withdrawn['id']}/withdrawals", withdrawal))
    closing = {"outcome": "closed_without_action", "reason_code": "lender_declined", "other_answer": OTHER_ANSWER}
    await ok(toulouse.agent.post(f"/requests/{closed['request_id']}/close", {**closing, "closed_on": "2018-03-20"}))
    for machine, handoff, outcome in ends:
        await refused(machine.post(PUSH, check(handoff, ref="NEW")), 409, "handoff_closed")
        assert (await ok(machine.post(PUSH, check(handoff, outcome, ref=handoff["id"]))))["status"] == "known"
    assert await where(toulouse, closed) == ("withdrawn", "closed_without_action")
    assert len(kept(databases, toulouse)) == 2


async def test_what_a_lender_told_is_never_changed_nor_erased_by_the_service(
    databases: Databases, toulouse: Ccas
) -> None:
    await ok(lender_of(databases, toulouse).post(PUSH, check(await precheck(toulouse))))
    for statement in ("delete from ficp_checks", "truncate ficp_checks"):
        with pytest.raises(Exception, match="permission denied"):
            run_sql(databases, toulouse, statement)
    with pytest.raises(Exception, match="only ever added to"):
        run_sql(databases, toulouse, "update ficp_checks set outcome = 'favorable'")


# Any order.

# The latest conclusion holds; of two at once the more cautious; a file that did not answer replaces nothing.
ENDING_WELL = (
    ("unfavorable", "2018-03-16T09:00:00Z"),
    ("to_clear", "2018-03-17T09:00:00Z"),
    ("unfavorable", "2018-03-18T09:00:00Z"),
    ("favorable", "2018-03-18T10:30:00+01:00"),
    ("unavailable", "2018-03-19T09:00:00Z"),
)
ENDING_BADLY = (*ENDING_WELL[:3], ("favorable", "2018-03-18T10:00:00+01:00"), ENDING_WELL[4])


def copied(
    databases: Databases, ccas: Ccas, lender: Lender, handoff: Json, times: int, *, start: int = 0
) -> list[Json]:
    """Twins of a handoff, each with a request of its own: what came before is the same for all, and takes long.

    The references of their requests go on from `start`.
    """
    made = [{**handoff, "id": str(uuid4()), "request_id": str(uuid4())} for _ in range(times)]
    given = {"old": handoff["id"], "old_request": handoff["request_id"]}
    copy = "insert into {0} select (jsonb_populate_record(t, cast(:changes as jsonb))).* from {0} t where {1}"
    engine = create_engine(databases.app_url)
    with engine.begin() as connection:
        bind = text("select set_config('app.tenant_id', :tenant, true), set_config('app.partner_id', :partner, true)")
        (partner_id,) = connection.execute(
            text("select id from partners where code = :code"), {"code": ccas.lender}
        ).one()
        connection.execute(bind, {"tenant": str(ccas.id), "partner": str(partner_id)})
        for number, twin in enumerate(made, start):
            own = {"request_id": twin["request_id"], "handoff_id": twin["id"]}
            for table, which, changes in (
                ("requests", "id = :old_request", {"id": twin["request_id"], "reference": f"T-{number}"}),
                ("handoffs", "id = :old", {"id": twin["id"], **own}),
                ("handoff_payloads", "handoff_id = :old", {"id": str(uuid4()), **own}),
                ("handoff_routes", "handoff_id = :old", own),
            ):
                values = {**given, "changes": json.dumps(changes)}
                connection.execute(text(copy.format(table, which)), values)
    engine.dispose()
    return made


async def all_of(staff: Staff, path: str) -> dict[str, str]:
    """The states of everything in a list."""
    found: dict[str, str] = {}
    query = {"limit": "100"}
    while query:
        page = await ok(staff.get(path, **query))
        found |= {item["id"]: item["status"] for item in page["items"]}
        query = {**query, "cursor": page["next_cursor"]} if page["next_cursor"] else {}
    return found


@pytest.mark.parametrize(
    ("kind", "checks", "end"),
    [
        ("precheck", ENDING_BADLY, ("refused", "intake", "unfavourable")),
        ("loan_file", ENDING_WELL, ("accepted", "lender_accepted", "favourable")),
    ],
)
async def test_five_pushes_in_all_120_orders_converge(
    databases: Databases, client: AsyncClient, kind: str, checks: Any, end: tuple[str, str, str]
) -> None:
    """The loan file was accepted by its lender, and goes to and fro between parked and accepted."""
    # A long validity, so that what is shown today is what was so then.
    rules = {"credit_municipal_toulouse": {"check_valid_days": 36_500}}
    ccas = open_under(databases, client, "toulouse", **rules)
    lender = lender_of(databases, ccas)
    if kind == "precheck":
        handoff = await precheck(ccas)
    else:
        handoff = await sent(ccas, lender, 300_000, 36)
        told = await ok(lender.post(f"/partner/handoffs/{handoff['id']}/answers", ACCEPTED))
        assert told["status"] == "awaiting_check"
    orders = list(permutations(enumerate(checks)))
    twins = copied(databases, ccas, lender, handoff, len(orders))
    for arrival in range(len(checks)):
        batch = []
        for twin, order in zip(twins, orders, strict=True):
            number, (outcome, consulted_at) = order[arrival]
            batch.append(check(twin, outcome, f"{twin['id'][:8]}-{number}", consulted_at=consulted_at))
        assert {item["status"] for item in await pushed(lender, *batch)} == {"recorded"}
    stage = check(handoff)["stage"]
    handoffs, requests = await all_of(ccas.agent, "/handoffs"), await all_of(ccas.agent, "/requests")
    ends = Counter[tuple[str, ...]]()
    for twin in twins:
        shown = (await standing(ccas, twin["request_id"]))[stage]
        ends[handoffs[twin["id"]], requests[twin["request_id"]], shown] += 1
    assert ends == {end: 120}


# A batch.


async def test_each_item_of_a_batch_is_answered_for_itself_in_its_place(
    databases: Databases, client: AsyncClient, amiens: Ccas
) -> None:
    """Of two CCAS, one partner: what is refused leaves nothing behind, what is not stands."""
    one, two = neighbours(databases, client, "toulouse")
    lender = lender_of(databases, one)
    handoffs = [await precheck(ccas) for ccas in (one, two, one)]
    foreign = await sent(amiens, None, 200_000, 24)
    first = check(handoffs[0], ref="A")
    told = [
        check(handoffs[2], ref="C"),
        {**first, "outcome": "Deux incidents"},
        check(foreign, ref="F"),
        first,
        {**check(handoffs[1], ref="B"), "stage": "grant_decision"},
        check(handoffs[1], "unfavorable", ref="B"),
        check({"id": str(uuid4()), "kind": "precheck"}, ref="N"),
        first,
        {**first, "outcome": "unfavorable"},
        check(handoffs[0], ref="A-2", consulted_at="2199-01-01T00:00:00Z"),
        {"comment": "x"},
        "favorable",
        None,
    ]
    response = await lender.post(PUSH, {"items": told})
    assert response.status_code == 200
    items = response.json()["items"]
    assert [item["index"] for item in items] == list(range(len(told)))
    assert [item["error"]["code"] if item["error"] else item["status"] for item in items] == [
        "recorded",
        "invalid",
        "not_found",
        "recorded",
        "stage_does_not_fit",
        "recorded",
        "not_found",
        "known",
        "consultation_ref_reused",
        "date_in_future",
        "invalid",
        "invalid",
        "invalid",
    ]
    assert items[2]["error"] == items[6]["error"]
    assert items[7]["id"] == items[3]["id"]
    assert all((item["id"] is None) == (item["status"] == "refused") == (item["error"] is not None) for item in items)
    pointers = [[(fault["pointer"], fault["code"]) for fault in items[n]["error"]["errors"]] for n in (1, 11, 12, 2)]
    assert pointers == [
        [("/body/items/1/outcome", "not_one_of")],
        [("/body/items/11", "not_an_object")],
        [("/body/items/12", "not_an_object")],
        [],
    ]
    assert {fault["pointer"] for fault in items[10]["error"]["errors"]} == {
        f"/body/items/10/{name}" for name in (*(first.keys()), "comment")
    }
    assert {row["consultation_ref"] for row in kept(databases, one)} == {"A", "C"}
    assert kept(databases, two) == [{"consultation_ref": "B", "outcome": "unfavorable"}]
    assert kept(databases, amiens) == []
    assert [await where(ccas, handoff) for ccas, handoff in zip((one, two, one), handoffs, strict=True)] == [
        ("accepted", "intake"),
        ("refused", "intake"),
        ("accepted", "intake"),
    ]


async def test_a_batch_is_answered_in_the_language_asked_for(databases: Databases, toulouse: Ccas) -> None:
    lender = lender_of(databases, toulouse)
    body = {
        "items": [{**check(await precheck(toulouse)), "outcome": "x"}, check({"id": str(uuid4()), "kind": "precheck"})]
    }
    told = []
    for language in ("fr", "en"):
        headers = {**lender.headers, "Idempotency-Key": str(uuid4()), "Accept-Language": language}
        items = (await ok(lender.client.post(f"/v1{PUSH}", json=body, headers=headers)))["items"]
        told.append(
            [items[0]["error"]["detail"], items[0]["error"]["errors"][0]["message"], items[1]["error"]["detail"]]
        )
    french, english = told
    assert (french[2], english[2]) == ("Il n’y a rien ici sous ce nom.", "There is nothing here under that name.")
    assert english[0] == "Some fields are not acceptable."
    assert all(one and one != other for one, other in zip(french, english, strict=True))


async def test_a_batch_told_again_under_its_key_has_its_effect_once(databases: Databases, toulouse: Ccas) -> None:
    lender = lender_of(databases, toulouse)
    body = {"items": [check(await precheck(toulouse), ref="A"), check({"id": str(uuid4()), "kind": "precheck"})]}
    key = str(uuid4())
    first, second = [await lender.post(PUSH, body, key=key) for _ in range(2)]
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert second.headers["idempotency-replayed"] == "true"
    assert first.json()["items"][0]["status"] == "recorded"
    under_another = await pushed(lender, *body["items"])
    assert [item["status"] for item in under_another] == ["known", "refused"]
    await refused(lender.post(PUSH, {"items": body["items"][:1]}, key=key), 422, "idempotency_key_reused")
    assert len(kept(databases, toulouse)) == 1


async def test_batches_that_overlap_at_once_record_each_check_once(databases: Databases, toulouse: Ccas) -> None:
    lender = lender_of(databases, toulouse)
    checks = [check(await precheck(toulouse), ref=f"C-{number}") for number in range(6)]
    answers = await asyncio.gather(pushed(lender, *checks), pushed(lender, *reversed(checks)), pushed(lender, *checks))
    statuses = Counter(item["status"] for items in answers for item in items)
    assert statuses == {"recorded": 6, "known": 12}
    assert len(kept(databases, toulouse)) == 6


async def test_500_checks_of_the_greatest_length_fit_in_one_push(databases: Databases, toulouse: Ccas) -> None:
    lender = lender_of(databases, toulouse)
    twins = copied(databases, toulouse, lender, await precheck(toulouse), 100)
    evidence = {"evidence_sha256": "f" * 64, "consulted_at": "2018-03-05T09:30:00.123456+01:00"}
    checks = [
        check(twin, "unavailable", ref=f"{number}-".ljust(64, "x"), **evidence) for number, twin in enumerate(twins * 5)
    ]
    assert {item["status"] for item in await pushed(lender, *checks)} == {"recorded"}
    assert len(kept(databases, toulouse)) == 500


# What a precheck opens at Toulouse.


async def test_at_toulouse_nobody_is_received_before_a_favourable_precheck(
    databases: Databases, toulouse: Ccas
) -> None:
    lender = lender_of(databases, toulouse)
    request = await taken_in(toulouse)
    path = f"/requests/{request['id']}/assess"

    async def shut(standing: str, **body: str) -> None:
        problem = await refused(toulouse.agent.post(path, body or None), 409, "check_not_favourable")
        assert (problem["stage"], problem["standing"]) == ("precheck", standing)

    await shut("pending")
    handoff = await handed_over(toulouse, request["id"], "precheck", "2018-03-02")
    await shut("pending")
    for outcome, day, told, status in (
        ("unavailable", "04", "pending", "in_progress"),
        ("unfavorable", "05", "unfavourable", "refused"),
        ("to_clear", "06", "pending", "in_progress"),
        ("unfavorable", "07", "unfavourable", "refused"),
    ):
        stated = check(handoff, outcome, ref=f"C-{day}", consulted_at=f"2018-03-{day}T09:00:00Z")
        await ok(lender.post(PUSH, stated))
        assert await standing(toulouse, request["id"]) == {"precheck": told}
        assert await where(toulouse, handoff) == (status, "intake")
        await shut(told)
        await shut(told, assessed_on="2018-03-08")
    # The lender corrects itself.
    await ok(lender.post(PUSH, check(handoff, ref="C-08", consulted_at="2018-03-08T09:00:00Z")))
    assert await where(toulouse, handoff) == ("accepted", "intake")
    await shut("pending", assessed_on="2018-03-07")
    assert (await ok(toulouse.agent.post(path, {"assessed_on": "2018-03-08"})))["status"] == "assessment"
    # What is told later changes the precheck, not what was done.
    await ok(lender.post(PUSH, check(handoff, "unfavorable", ref="C-09", consulted_at="2018-03-09T09:00:00Z")))
    assert await where(toulouse, handoff) == ("refused", "assessment")


async def test_a_precheck_opens_the_first_appointment_for_good_and_only_while_it_is_not_taken_back(
    databases: Databases, toulouse: Ccas
) -> None:
    lender = lender_of(databases, toulouse)
    request = await taken_in(toulouse)
    handoff = await prechecked(toulouse, lender, request)
    path = f"/requests/{request['id']}"
    (shown,) = (await ok(toulouse.agent.get(f"{path}/ficp-checks")))["items"]
    assert (shown["standing"], shown["valid_until"]) == ("favourable", None)
    await ok(
        toulouse.agent.post(f"/handoffs/{handoff['id']}/withdrawals", {"withdrawn_on": "2018-03-06", "reason": "x"})
    )
    assert await standing(toulouse, request["id"]) == {}
    problem = await refused(toulouse.agent.post(f"{path}/assess"), 409, "check_not_favourable")
    assert problem["standing"] == "pending"
    await handed_over(toulouse, request["id"], "precheck", "2018-03-07")
    # The lender's conclusion is that of the request, and years later it still opens.
    assert await standing(toulouse, request["id"]) == {"precheck": "favourable"}
    assert (await ok(toulouse.agent.post(f"{path}/assess")))["status"] == "assessment"


# What staff are shown.


async def test_staff_are_shown_what_a_check_is_worth_and_when_to_renew_it(databases: Databases, toulouse: Ccas) -> None:
    lender = lender_of(databases, toulouse)
    handoff = await sent(toulouse, lender, 300_000, 36)
    path = f"/requests/{handoff['request_id']}/ficp-checks"
    at = datetime.now(ZoneInfo("Europe/Paris")).replace(hour=12, microsecond=0)
    today = at.date()
    for days, outcome, told in (
        (40, "favorable", "to_renew"),
        (31, "unfavorable", "to_renew"),
        (30, "favorable", "favourable"),
        (29, "unfavorable", "unfavourable"),
        (28, "to_clear", "pending"),
    ):
        instant = at - timedelta(days=days)
        ref = f"{days}-{outcome}"
        await ok(lender.post(PUSH, check(handoff, outcome, ref=ref, consulted_at=instant.isoformat())))
        items = (await ok(toulouse.agent.get(path)))["items"]
        of_decision = next(item for item in items if item["stage"] == "grant_decision")
        assert of_decision == {
            "partner": toulouse.lender,
            "stage": "grant_decision",
            "standing": told,
            "effect": "block",
            "told_by": None,
            "consulted_on": (today - timedelta(days=days)).isoformat(),
            "valid_until": (today - timedelta(days=days - 30)).isoformat(),
            "check_wanted": False,
        }, ref
    for staff in (toulouse.agent, toulouse.decider, toulouse.manager):
        told_to_all = await ok(staff.get(path))
        assert {item["stage"] for item in told_to_all["items"]} == {"precheck", "grant_decision"}
        assert told_to_all["next_cursor"] is None
    await refused(lender.get(path), 403, "forbidden")


async def test_a_request_that_no_lender_has_shows_nothing_and_that_of_another_ccas_is_nowhere(
    toulouse: Ccas, amiens: Ccas
) -> None:
    request = await taken_in(toulouse)
    assert await standing(toulouse, request["id"]) == {}
    for request_id in (request["id"], uuid4()):
        await refused(amiens.agent.get(f"/requests/{request_id}/ficp-checks"), 404, "not_found")


async def test_neither_the_file_nor_the_outcome_is_written_on_the_request_or_on_what_was_handed_over(
    databases: Databases, toulouse: Ccas
) -> None:
    lender = lender_of(databases, toulouse)
    handoff = await sent(toulouse, lender, 300_000, 36)
    told = check(handoff, "unfavorable", ref="REF-1", evidence_sha256="e" * 64)
    await ok(lender.post(PUSH, told))
    await ok(lender.post(f"/partner/handoffs/{handoff['id']}/answers", REFUSED))
    closing = {"outcome": "lender_refused", "reason_code": "lender_declined", "other_answer": OTHER_ANSWER}
    request_path = f"/requests/{handoff['request_id']}"
    await ok(toulouse.agent.post(f"{request_path}/close", {**closing, "closed_on": "2018-03-20"}))
    request = await ok(toulouse.agent.get(request_path))
    read = [
        request,
        await ok(toulouse.agent.get("/requests")),
        await ok(toulouse.agent.get(f"{request_path}/actions")),
        await ok(toulouse.agent.get("/decisions", request_id=request["id"])),
        await ok(toulouse.agent.get("/handoffs")),
        await ok(toulouse.agent.get(f"/handoffs/{handoff['id']}")),
        await ok(toulouse.agent.get(f"{request_path}/ficp-checks")),
        await ok(toulouse.agent.get(f"/people/{request['applicant_id']}")),
        await ok(lender.get(f"/partner/handoffs/{handoff['id']}")),
    ]
    assert read[-1].pop("ficp_query_keys") is None
    for answer in read:
        words = json.dumps(answer, ensure_ascii=False).lower()
        for word in ("ficp", "unfavorable", "incident", "ref-1", "e" * 64, "t09:30:00"):
            assert word not in words, (word, answer)

"""Minutes: frozen and numbered when who chairs closes the session; votes as the rules ask."""

import json
from hashlib import sha256

import pytest
from fastapi import FastAPI
from sqlalchemy.exc import DBAPIError

from app.domain.permissions import Role
from tests.api.test_agenda_items import ADJOURNMENT
from tests.api.test_communes import CONDE, FRESNES, demand_of, staff_of
from tests.api.test_timelines import statements_of
from tests.committees import Sitting, committee_of, session_of, settled, with_rule
from tests.support import APPROVAL, Ccas, Databases, Json, ok, refused, run_sql, submitted


async def with_one_file(ccas: Ccas) -> tuple[Sitting, str, Json]:
    """A session that is open, the file on its agenda, and the item."""
    request_id = await submitted(ccas)
    sitting = await session_of(ccas)
    item = await sitting.act("agenda", {"request_id": request_id})
    return await sitting.opened(), request_id, item


async def test_minutes_tell_who_sat_who_left_and_how_each_file_ended(besancon: Ccas, app: FastAPI) -> None:
    requests = [await submitted(besancon) for _ in range(3)]
    sitting = await session_of(besancon)
    items = (await sitting.act("agenda/build"))["items"]
    await sitting.opened()
    recusal = {"member_id": sitting.voter, "reason": "Un parent"}
    await sitting.act(f"agenda/{items[0]['id']}/recusals", recusal)
    await settled(sitting, requests[0], APPROVAL)
    await settled(sitting, requests[1], {**ADJOURNMENT, "missing": ["Devis"]})
    left = await refused(besancon.decider.post(f"{sitting.path}/close"), 409, "items_left")
    assert left["positions"] == [3]
    await refused(besancon.agent.get(f"{sitting.path}/minutes"), 404, "not_found")
    await sitting.act(f"agenda/{items[2]['id']}/withdraw", {"reason": "Devis à revoir"})
    closed = await sitting.act("close", by=besancon.decider)
    assert await ok(besancon.agent.get(f"{sitting.path}/minutes")) == closed
    assert (closed["reference"], closed["number"], closed["year"], closed["whole"]) == ("1/2011", 1, 2011, True)
    content = closed["content"]
    assert content["session"]["chaired_by"] == "La présidente"
    assert [(member["name"], member["status"]) for member in content["members"]] == [
        ("La présidente", "present"),
        ("Un élu", "present"),
        ("Une associée", "present"),
    ]
    assert content["quorum"] == {"in_office": 2, "present": 2, "needed": None}
    approved, adjourned, withdrawn = content["items"]
    assert approved["decision"] == {
        "outcome": "approve",
        "loan_amount_cents": 200_000,
        "duration_months": 24,
        "instalment_cents": 8_500,
        "grant_cents": 0,
        "reason_code": None,
        "missing": [],
        "missing_papers": [],
        "next_on": None,
        "conditions": [],
    }
    assert (approved["purpose"], approved["requested_amount_cents"]) == ("vehicle_purchase", 200_000)
    assert approved["recusals"] == [{"name": "Un élu", "reason": "Un parent"}]
    assert (adjourned["decision"]["outcome"], adjourned["decision"]["reason_code"]) == ("adjourn", "missing_papers")
    assert adjourned["decision"]["missing"] == ["Devis"]
    assert (withdrawn["outcome"], withdrawn["withdrawn_reason"]) == (None, "Devis à revoir")
    assert "Exemple" not in json.dumps(content), "files by their reference, without a name"


async def test_the_hash_is_that_of_the_exact_text(besancon: Ccas, databases: Databases) -> None:
    sitting = await (await session_of(besancon)).opened()
    closed = await sitting.act("close", by=besancon.decider)
    (row,) = run_sql(databases, besancon, "select content, sha256 from minutes")
    assert row["sha256"] == closed["sha256"] == sha256(row["content"].encode()).hexdigest()
    assert json.loads(row["content"]) == closed["content"]
    assert row["content"] == json.dumps(closed["content"], sort_keys=True, separators=(",", ":"), ensure_ascii=False), (
        "keys in order, no spaces (RFC 8785)"
    )


async def test_minutes_are_numbered_by_committee_and_year(besancon: Ccas) -> None:
    first, second = await committee_of(besancon), await committee_of(besancon)
    told = []
    for committee, held_on in (
        (first, "2011-01-20"),
        (first, "2011-02-20"),
        (second, "2011-01-20"),
        (first, "2012-01-20"),
    ):
        sitting = await (await session_of(besancon, held_on=held_on, committee=committee)).opened()
        told.append((await sitting.act("close", by=besancon.decider))["reference"])
    assert told == ["1/2011", "2/2011", "1/2011", "1/2012"]


async def test_who_chairs_alone_closes_and_once(besancon: Ccas, databases: Databases) -> None:
    sitting = await session_of(besancon)
    await refused(besancon.decider.post(f"{sitting.path}/close"), 409, "illegal_transition")
    await sitting.opened()
    await refused(besancon.agent.post(f"{sitting.path}/close"), 403, "forbidden")
    someone = staff_of(databases, besancon, besancon.insee_code, roles=(Role.DECIDER,))
    await refused(someone.post(f"{sitting.path}/close"), 403, "not_the_chair")
    await sitting.act("close", by=besancon.decider)
    await refused(besancon.decider.post(f"{sitting.path}/close"), 409, "illegal_transition")


async def test_nothing_of_a_closed_session_can_be_added_to(besancon: Ccas, app: FastAPI) -> None:
    sitting, request_id, item = await with_one_file(besancon)
    await settled(sitting, request_id, APPROVAL)
    await sitting.act("close", by=besancon.decider)
    member = {"member_id": sitting.voter}
    attempts: dict[str, Json] = {
        "attendances": {"members": [{**member, "status": "absent"}]},
        "agenda": {"request_id": await submitted(besancon)},
        f"agenda/{item['id']}/withdraw": {"reason": "x"},
        f"agenda/{item['id']}/recusals": {**member, "reason": "x"},
        f"agenda/{item['id']}/votes": {"in_favour": 1, "against": 0, "abstentions": 0},
        f"agenda/{item['id']}/review": {"outcome": "agreed", "reason": "x"},
        "agenda/build": {},
    }
    for path, body in attempts.items():
        posted = besancon.agent.post(f"{sitting.path}/{path}", body or None)
        assert (await refused(posted, 409, "session_over"))["state"] == "closed"


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("update minutes set number = 2", "permission denied|minutes never change"),
        ("delete from minutes", "permission denied|minutes never change"),
        ("update committee_sessions set status = 'open'", "a session that is over never changes"),
        (
            (
                "insert into session_attendances (tenant_id, id, session_id, member_id, status, account_id, entered_at)"
                " select tenant_id, gen_random_uuid(), session_id, member_id, 'absent', account_id, now()"
                " from session_attendances limit 1"
            ),
            "nothing is added to a session that is over",
        ),
        (
            (
                "insert into agenda_items"
                " (tenant_id, id, session_id, position, kind, request_id, account_id, entered_at)"
                " select tenant_id, gen_random_uuid(), session_id, 9, kind, request_id, account_id, now()"
                " from agenda_items"
            ),
            "nothing is added to a session that is over",
        ),
    ],
)
async def test_the_database_too_holds_minutes_and_closed_sessions(
    besancon: Ccas, app: FastAPI, databases: Databases, statement: str, constraint: str
) -> None:
    sitting, request_id, _ = await with_one_file(besancon)
    await settled(sitting, request_id, APPROVAL)
    await sitting.act("close", by=besancon.decider)
    for as_owner in (False, True):
        with pytest.raises(DBAPIError, match=constraint):
            run_sql(databases, besancon, statement, as_owner=as_owner)


async def test_a_commune_reads_of_the_minutes_what_is_of_its_files(fresnes: Ccas, databases: Databases) -> None:
    conde = staff_of(databases, fresnes, CONDE)
    made = {code: await ok(fresnes.agent.post("/requests", demand_of(fresnes, code))) for code in (FRESNES, CONDE)}
    run_sql(databases, fresnes, "update requests set status = 'submitted'")
    sitting = await session_of(fresnes, held_on="2018-03-20")
    for item in (await sitting.act("agenda/build"))["items"]:
        await sitting.act(f"agenda/{item['id']}/withdraw", {"reason": "Reporté"})
    await sitting.opened()
    whole = await sitting.act("close", by=fresnes.decider)
    part = await ok(conde.get(f"{sitting.path}/minutes"))
    assert [item["request_id"] for item in part["content"]["items"]] == [made[CONDE]["id"]]
    assert (part["whole"], part["sha256"]) == (False, whole["sha256"])
    assert len(whole["content"]["items"]) == 2


async def test_twelve_files_are_closed_with_as_many_statements_as_one(besancon: Ccas, app: FastAPI) -> None:
    asked = []
    for number in (1, 12):
        for _ in range(number):
            await submitted(besancon)
        sitting = await session_of(besancon)
        for item in (await sitting.act("agenda/build"))["items"]:
            await sitting.act(f"agenda/{item['id']}/withdraw", {"reason": "Reporté"})
        await sitting.opened()
        with statements_of(app) as statements:
            closed = await sitting.act("close", by=besancon.decider)
            await ok(besancon.agent.get(f"{sitting.path}/minutes"))
        assert len(closed["content"]["items"]) >= number
        asked.append(len(statements))
    assert asked[0] == asked[1] <= 40


# Votes.


async def test_votes_are_not_kept_unless_the_rules_ask(besancon: Ccas, databases: Databases) -> None:
    sitting, _, item = await with_one_file(besancon)
    votes = besancon.agent.post(f"{sitting.path}/agenda/{item['id']}/votes", COUNTED)
    await refused(votes, 409, "votes_not_kept")
    with_rule(databases, besancon, votes="none")
    votes = besancon.agent.post(f"{sitting.path}/agenda/{item['id']}/votes", COUNTED)
    await refused(votes, 409, "votes_not_kept")


COUNTED: Json = {"in_favour": 1, "against": 0, "abstentions": 1}


async def test_votes_in_figures_stay_within_the_members_who_may_vote(
    besancon: Ccas, app: FastAPI, databases: Databases
) -> None:
    with_rule(databases, besancon, votes="counted")
    sitting, request_id, item = await with_one_file(besancon)
    path = f"{sitting.path}/agenda/{item['id']}/votes"
    problem = await refused(besancon.agent.post(path, {**COUNTED, "against": 1}), 409, "votes_beyond_members")
    assert (problem["cast"], problem["may_vote"]) == (3, 2)
    by_name = {"ballots": [{"member_id": sitting.chair, "vote": "in_favour"}]}
    assert (await refused(besancon.agent.post(path, by_name), 409, "votes_kept_otherwise"))["votes"] == "counted"
    await ok(besancon.agent.post(path, {**COUNTED, "in_favour": 0}))
    kept = await ok(besancon.agent.post(path, COUNTED))
    assert (await ok(besancon.agent.get(path.removesuffix("/votes"))))["votes"] == kept
    recusal = besancon.agent.post(path.replace("votes", "recusals"), {"member_id": sitting.voter, "reason": "x"})
    await refused(recusal, 409, "votes_recorded")
    await settled(sitting, request_id, APPROVAL)
    (told,) = (await sitting.act("close", by=besancon.decider))["content"]["items"]
    assert told["votes"] == {**COUNTED, "ballots": None}


async def test_a_vote_by_name_has_one_line_for_each_who_may_vote(
    besancon: Ccas, app: FastAPI, databases: Databases
) -> None:
    with_rule(databases, besancon, votes="by_name")
    sitting, request_id, item = await with_one_file(besancon)
    path = f"{sitting.path}/agenda/{item['id']}/votes"
    await refused(besancon.agent.post(path, COUNTED), 409, "votes_kept_otherwise")
    chair, voter, voice = (
        {"member_id": member_id, "vote": vote}
        for member_id, vote in ((sitting.chair, "in_favour"), (sitting.voter, "against"), (sitting.voice, "against"))
    )
    for ballots in ([chair], [chair, voter, voice], [chair, chair], [chair, voice]):
        problem = await refused(besancon.agent.post(path, {"ballots": ballots}), 409, "ballots_differ")
        assert set(problem["member_ids"]) == {sitting.chair, sitting.voter}
    assert run_sql(databases, besancon, "select * from votes") == []
    kept = await ok(besancon.agent.post(path, {"ballots": [chair, voter]}))
    assert (kept["in_favour"], kept["against"], kept["abstentions"]) == (1, 1, 0)
    await settled(sitting, request_id, APPROVAL)
    (told,) = (await sitting.act("close", by=besancon.decider))["content"]["items"]
    assert told["votes"]["ballots"] == [
        {"name": "La présidente", "vote": "in_favour"},
        {"name": "Un élu", "vote": "against"},
    ]

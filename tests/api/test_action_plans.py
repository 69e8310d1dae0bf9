"""The action plan: where the rules ask for one, the commission validates it before anything in it starts."""

from typing import Any

import pytest

from tests.lenders import endorsement
from tests.support import (
    ACTION_PLAN,
    ATTESTED,
    BUDGET,
    WHOLE_LOAN,
    Ccas,
    Json,
    attestation,
    demand,
    etag_of,
    ok,
    refused,
)

SIGNED: Json = {
    "objectives": ["Tenir son budget", "Garder son emploi"],
    "actions": [
        {
            "kind": "individual",
            "label": "Accompagnement individuel",
            "starts_on": "2018-03-15",
            "ends_on": "2018-09-15",
        },
        {"kind": "group", "label": "Modules collectifs", "starts_on": None, "ends_on": None},
    ],
    "signed_on": "2018-03-09",
}


def starting(on: str) -> Json:
    return {"objectives": ["Tenir son budget"], "actions": [{"kind": "group", "label": "Module", "starts_on": on}]}


async def assessed(ccas: Ccas) -> str:
    """The path of a request assessed on 8 March 2018, with a budget and a financing plan."""
    request = await ok(ccas.agent.post("/requests", demand(ccas, received_on="2018-03-01")))
    path = f"/requests/{request['id']}"
    for fact in ATTESTED:
        await ok(ccas.agent.post(f"{path}/attestations", attestation(fact, attested_on="2018-03-01")))
    await ok(ccas.agent.post(f"{path}/assess", {"assessed_on": "2018-03-08"}))
    await ok(ccas.agent.put(f"{path}/budget", BUDGET, etag='"2"'))
    await ok(ccas.agent.put(f"{path}/financing-plan", WHOLE_LOAN, etag='"3"'))
    return path


async def put(ccas: Ccas, path: str, body: Json) -> Any:
    return await ccas.agent.put(f"{path}/action-plan", body, etag=await etag_of(ccas.agent, path))


async def test_a_plan_is_read_back_and_its_revisions_counted(amiens: Ccas) -> None:
    path = await assessed(amiens)
    await refused(amiens.agent.get(f"{path}/action-plan"), 404, "not_found")
    assert (await ok(put(amiens, path, ACTION_PLAN)))["revision"] == 1
    plan = await ok(put(amiens, path, SIGNED))
    assert {name: plan[name] for name in SIGNED} == SIGNED
    assert plan["revision"] == 2
    assert await ok(amiens.decider.get(f"{path}/action-plan")) == plan
    assert await etag_of(amiens.agent, path) == await etag_of(amiens.agent, f"{path}/action-plan")


async def test_amiens_sends_no_file_without_a_plan_to_its_commission(amiens: Ccas) -> None:
    path = await assessed(amiens)
    await refused(amiens.agent.post(f"{path}/submit"), 409, "action_plan_missing")
    assert (await ok(amiens.agent.get(path)))["status"] == "assessment"
    items = (await ok(amiens.agent.get(f"{path}/actions")))["items"]
    assert [item["reasons"] for item in items if item["action"] == "submit"] == [["action_plan_missing"]]
    await ok(put(amiens, path, ACTION_PLAN))
    await ok(amiens.agent.post(f"{path}/submit", {"submitted_on": "2018-03-10"}))
    await refused(put(amiens, path, ACTION_PLAN), 409, "request_locked")


async def test_the_others_ask_for_none(besancon: Ccas) -> None:
    path = await assessed(besancon)
    await ok(put(besancon, path, starting("2018-03-02")))
    await ok(besancon.agent.post(f"{path}/submit", {"submitted_on": "2018-03-10"}))


async def test_nothing_starts_before_what_already_happened(amiens: Ccas) -> None:
    path = await assessed(amiens)
    problem = await refused(put(amiens, path, starting("2018-03-07")), 409, "action_begun_before_validation")
    assert (problem["label"], problem["starts_on"]) == ("Module", "2018-03-07")
    await refused(amiens.agent.get(f"{path}/action-plan"), 404, "not_found")
    await ok(put(amiens, path, starting("2018-03-08")))


async def test_nothing_starts_before_the_submission_nor_before_the_decision(amiens: Ccas) -> None:
    path = await assessed(amiens)
    await ok(put(amiens, path, starting("2018-03-11")))
    late = {"submitted_on": "2018-03-12"}
    await refused(amiens.agent.post(f"{path}/submit", late), 409, "action_begun_before_validation")
    await ok(amiens.agent.post(f"{path}/submit", {"submitted_on": "2018-03-10"}))
    decided = amiens.decider.post(f"{path}/decisions", endorsement(200_000, 24))
    await refused(decided, 409, "action_begun_before_validation")
    in_time = endorsement(200_000, 24, decided_on="2018-03-11")
    await ok(amiens.decider.post(f"{path}/decisions", in_time))


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"signed_on": "2199-01-01"}, 409, "date_in_future"),
        ({"signed_on": "2018-02-28"}, 409, "date_out_of_order"),
        ({"actions": [{**SIGNED["actions"][0], "ends_on": "2018-03-14"}]}, 409, "date_out_of_order"),
        ({"actions": [{"kind": "both", "label": "Module"}]}, 422, "invalid"),
        ({"objectives": []}, 422, "invalid"),
    ],
)
async def test_what_cannot_be_is_refused_and_leaves_nothing(amiens: Ccas, change: Json, status: int, code: str) -> None:
    path = await assessed(amiens)
    etag = await etag_of(amiens.agent, path)
    await refused(put(amiens, path, {**SIGNED, **change}), status, code)
    await refused(amiens.agent.get(f"{path}/action-plan"), 404, "not_found")
    assert await etag_of(amiens.agent, path) == etag

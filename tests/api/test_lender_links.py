"""The links by which officers of lenders answer: signed, good once, and the same rules as for a machine."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient, Response

from app.security import LinkPurpose, sign_link_token
from tests.lenders import (
    OTHER_ANSWER,
    check,
    handed_over,
    lender_of,
    neighbours,
    offer,
    sent,
    taken_in,
)
from tests.support import TOKEN_SECRET, Ccas, Databases, Json, ok, refused, run_sql

OFFICER = "Dominique Modèle"
ACCEPTED: Json = {"answer": {"decision": "accepted", "decided_on": "2018-03-16"}}
REFUSED: Json = {"answer": {"decision": "refused", "decided_on": "2018-03-16"}}


def checked(handoff: Json, outcome: str = "favorable", **changes: Any) -> Json:
    """What an officer answers of a check consulted on 15 March 2018."""
    told = check(handoff, outcome, **{"consulted_at": "2018-03-15T10:00:00Z", **changes})
    return {"ficp_check": {name: value for name, value in told.items() if name != "handoff_id"}}


async def link_of(ccas: Ccas, handoff: Json, **body: Any) -> str:
    """The address of a new link for a handoff."""
    made = await ok(ccas.agent.post(f"/handoffs/{handoff['id']}/links", {"officer": OFFICER, **body}))
    return str(made["path"])


async def precheck(ccas: Ccas) -> Json:
    return await handed_over(ccas, (await taken_in(ccas))["id"], "precheck", "2018-03-02")


async def status_of(ccas: Ccas, handoff: Json) -> str:
    return str((await ok(ccas.agent.get(f"/handoffs/{handoff['id']}")))["status"])


async def answer(client: AsyncClient, path: str, *told: Json) -> Response:
    """An answer by the link, from somebody without any credential."""
    return await client.post(path, json={name: value for one in told for name, value in one.items()})


async def test_a_link_shows_the_officer_what_the_lenders_machine_would_read(
    databases: Databases, toulouse: Ccas, client: AsyncClient
) -> None:
    handoff = await precheck(toulouse)
    by_machine = await ok(lender_of(databases, toulouse).get(f"/partner/handoffs/{handoff['id']}"))
    made = await ok(toulouse.agent.post(f"/handoffs/{handoff['id']}/links", {"officer": OFFICER}))
    assert made["path"] == f"/v1/lender-answers/{made['token']}"
    asked = await client.get(made["path"])
    read = asked.json()
    assert asked.status_code == 200, asked.text
    assert asked.headers["cache-control"] == "no-store"
    names = ("kind", "status", "sent_at", "support_person", "payload", "payload_sha256", "ficp_query_keys", "steps")
    assert {name: read[name] for name in names} == {name: by_machine[name] for name in names}
    assert (read["officer"], read["stage"], read["expires_at"]) == (OFFICER, "precheck", made["expires_at"])
    assert read["payload"]["applicant"]["birth_name"]
    days = datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=30) <= days <= timedelta(days=31)


async def test_a_precheck_is_answered_by_its_check(toulouse: Ccas, client: AsyncClient, databases: Databases) -> None:
    handoff = await precheck(toulouse)
    told = await ok(answer(client, await link_of(toulouse, handoff), checked(handoff)))
    assert {name: told[name] for name in ("kind", "status", "answered_on", "offer")} == {
        "kind": "precheck",
        "status": "accepted",
        "answered_on": None,
        "offer": None,
    }
    assert told["ficp_check"]["status"] == "recorded"
    step = (await ok(toulouse.agent.get(f"/handoffs/{handoff['id']}")))["steps"][-1]
    assert (step["action"], step["by"], step["source"]) == ("accept", "partner", "officer_link")
    (telling,) = run_sql(databases, toulouse, "select channel, officer, account_id, reference from tellings")
    assert tuple(telling.values()) == ("link", OFFICER, None, None)


async def test_one_link_takes_the_check_the_answer_and_the_offer_of_a_loan_file(
    amiens: Ccas, client: AsyncClient
) -> None:
    handoff = await sent(amiens, None, 200_000, 24)
    body = {"offer": offer(200_000, 24, "6.20")}
    told = await ok(answer(client, await link_of(amiens, handoff), checked(handoff), ACCEPTED, body))
    assert (told["status"], told["answered_on"], told["offer"]["stage"]) == ("accepted", "2018-03-16", "offered")
    timeline = (await ok(amiens.agent.get(f"/requests/{handoff['request_id']}/timeline")))["items"]
    by_lender = [item for item in timeline if item["partner"]]
    assert {(item["author"], item["partner"], item["source"]) for item in by_lender} == {
        (None, amiens.lender, "officer_link")
    }


async def test_all_of_an_answer_is_recorded_or_nothing_and_then_the_link_still_serves(
    amiens: Ccas, client: AsyncClient, databases: Databases
) -> None:
    handoff = await sent(amiens, None, 200_000, 24)
    path = await link_of(amiens, handoff)
    too_soon = {"answer": {**ACCEPTED["answer"], "decided_on": "2018-03-12"}}
    await refused(answer(client, path, checked(handoff), too_soon), 409, "date_out_of_order")
    assert run_sql(databases, amiens, "select id from ficp_checks union all select id from tellings") == []
    assert await status_of(amiens, handoff) == "sent"
    assert (await ok(answer(client, path, checked(handoff), ACCEPTED)))["status"] == "accepted"


async def test_the_rules_of_a_machine_hold(toulouse: Ccas, client: AsyncClient) -> None:
    handoff = await precheck(toulouse)
    path = await link_of(toulouse, handoff)
    await refused(answer(client, path, ACCEPTED), 409, "answered_by_check")
    await refused(answer(client, path, checked(handoff, stage="grant_decision")), 409, "stage_does_not_fit")
    await refused(answer(client, path, checked(handoff, consulted_at="2190-01-01T10:00:00Z")), 409, "date_in_future")
    for body in ({}, checked(handoff, incidents=2), {**checked(handoff), "source": "partner"}, {"letter": {}}):
        await refused(client.post(path, json=body), 422, "invalid")
    assert await status_of(toulouse, handoff) == "sent"


async def test_a_link_is_good_once(amiens: Ccas, client: AsyncClient) -> None:
    handoff = await sent(amiens, None, 200_000, 24)
    path = await link_of(amiens, handoff)
    await ok(answer(client, path, ACCEPTED))
    await refused(answer(client, path, REFUSED), 409, "link_used")
    await refused(client.get(path), 409, "link_used")
    assert await status_of(amiens, handoff) == "awaiting_check"
    # Another link takes what is still awaited.
    await ok(answer(client, await link_of(amiens, handoff), checked(handoff)))
    assert await status_of(amiens, handoff) == "accepted"


async def test_of_answers_at_the_same_instant_one_wins(amiens: Ccas, client: AsyncClient, databases: Databases) -> None:
    handoff = await sent(amiens, None, 200_000, 24)
    path = await link_of(amiens, handoff)
    responses = await asyncio.gather(*(answer(client, path, told) for told in (ACCEPTED, REFUSED) * 2))
    assert Counter(response.status_code for response in responses) == {201: 1, 409: 3}
    assert {response.json()["code"] for response in responses if response.status_code == 409} == {"link_used"}
    (won,) = [response.json()["status"] for response in responses if response.is_success]
    assert await status_of(amiens, handoff) == won
    assert len(run_sql(databases, amiens, "select id from tellings")) == 1


async def test_a_new_link_ends_the_one_before(amiens: Ccas, client: AsyncClient) -> None:
    handoff = await sent(amiens, None, 200_000, 24)
    first, second = [await link_of(amiens, handoff) for _ in range(2)]
    await refused(client.get(first), 409, "link_revoked")
    await refused(answer(client, first, ACCEPTED), 409, "link_revoked")
    assert (await client.get(second)).status_code == 200
    paths = await asyncio.gather(*(link_of(amiens, handoff) for _ in range(3)))
    assert Counter([(await client.get(path)).status_code for path in paths]) == {200: 1, 409: 2}


async def test_a_link_is_good_until_the_end_of_its_last_day_which_lies_within_a_year(
    amiens: Ccas, client: AsyncClient, databases: Databases
) -> None:
    handoff = await sent(amiens, None, 200_000, 24)
    links = f"/handoffs/{handoff['id']}/links"
    for last_day, code in (("2011-06-30", "date_in_past"), ("2199-01-01", "link_too_long")):
        await refused(amiens.agent.post(links, {"officer": OFFICER, "expires_on": last_day}), 409, code)
    await refused(amiens.agent.post(links, {"officer": " "}), 422, "invalid")
    await refused(amiens.agent.post(links, {}), 422, "invalid")
    path = await link_of(amiens, handoff)
    run_sql(databases, amiens, "update lender_links set expires_at = '2018-06-30T22:00:00Z'")
    for ask in (client.get(path), answer(client, path, ACCEPTED)):
        told = await refused(ask, 409, "link_expired")
        assert told["expired_on"] == "2018-06-30"


async def test_a_link_ends_with_its_handoff_and_with_its_request(toulouse: Ccas, client: AsyncClient) -> None:
    handoffs = [await precheck(toulouse) for _ in range(2)]
    paths = [await link_of(toulouse, handoff) for handoff in handoffs]
    withdrawal = {"withdrawn_on": "2018-03-20", "reason": "Le projet a changé"}
    await ok(toulouse.agent.post(f"/handoffs/{handoffs[0]['id']}/withdrawals", withdrawal))
    closing = {"outcome": "withdrawn", "reason_code": "other", "closed_on": "2018-03-20", "other_answer": OTHER_ANSWER}
    await ok(toulouse.agent.post(f"/requests/{handoffs[1]['request_id']}/close", closing))
    for handoff, path in zip(handoffs, paths, strict=True):
        await refused(client.get(path), 409, "link_revoked")
        await refused(answer(client, path, checked(handoff)), 409, "link_revoked")
        await refused(
            toulouse.agent.post(f"/handoffs/{handoff['id']}/links", {"officer": OFFICER}), 409, "handoff_closed"
        )


async def test_a_link_to_a_precheck_that_was_answered_stays_ended_once_the_request_is_reopened(
    databases: Databases, toulouse: Ccas, client: AsyncClient
) -> None:
    handoff, lender = await precheck(toulouse), lender_of(databases, toulouse)
    await ok(lender.post("/partner/ficp-checks", check(handoff, "unfavorable")))
    link, path = await link_of(toulouse, handoff), f"/requests/{handoff['request_id']}"
    closing = {"outcome": "withdrawn", "reason_code": "other", "closed_on": "2018-03-20", "other_answer": OTHER_ANSWER}
    await ok(toulouse.agent.post(f"{path}/close", closing))
    await ok(toulouse.agent.post(f"{path}/reopen", {"reopened_on": "2018-06-01", "reason": "La personne revient"}))
    await refused(client.get(link), 409, "link_revoked")
    assert (await ok(lender.get(f"/partner/handoffs/{handoff['id']}")))["status"] == "withdrawn"


async def test_a_link_ends_with_the_persons_authorisation(toulouse: Ccas, client: AsyncClient) -> None:
    handoff = await precheck(toulouse)
    link = await link_of(toulouse, handoff)
    request = await ok(toulouse.agent.get(f"/requests/{handoff['request_id']}"))
    person = f"/people/{request['applicant_id']}/authorisations"
    given = (await ok(toulouse.agent.get(person)))["items"][0]
    await ok(toulouse.agent.post(f"{person}/{given['id']}/withdrawal", {"withdrawn_on": "2018-03-21"}))
    await refused(client.get(link), 409, "link_revoked")
    await refused(answer(client, link, checked(handoff)), 409, "link_revoked")
    assert await status_of(toulouse, handoff) == "sent"


async def test_no_link_leaves_without_the_persons_authorisation(toulouse: Ccas) -> None:
    handoff = await precheck(toulouse)
    request = await ok(toulouse.agent.get(f"/requests/{handoff['request_id']}"))
    person = f"/people/{request['applicant_id']}/authorisations"
    given = (await ok(toulouse.agent.get(person)))["items"][0]
    await ok(toulouse.agent.post(f"{person}/{given['id']}/withdrawal", {"withdrawn_on": "2018-03-21"}))
    body = {"officer": OFFICER}
    await refused(toulouse.agent.post(f"/handoffs/{handoff['id']}/links", body), 409, "authorisation_missing")


async def test_what_is_no_link_of_ours_looks_the_same_whatever_it_is(databases: Databases, client: AsyncClient) -> None:
    one, two = neighbours(databases, client, "amiens")
    handoff = await sent(one, None, 200_000, 24)
    good = (await link_of(one, handoff)).rpartition("/")[2]
    header, claims, signature = good.split(".")
    referral = sign_link_token(one.id, LinkPurpose.REFERRAL_ANSWER, secret=TOKEN_SECRET)
    tokens = {
        "altered": ".".join((header, claims, signature[::-1])),
        "signed by us, never given": sign_link_token(one.id, LinkPurpose.LENDER_ANSWER, secret=TOKEN_SECRET),
        "of another CCAS": sign_link_token(two.id, LinkPurpose.LENDER_ANSWER, secret=TOKEN_SECRET),
        "of no CCAS": sign_link_token(uuid4(), LinkPurpose.LENDER_ANSWER, secret=TOKEN_SECRET),
        "of a referral": referral,
        "a credential": one.agent.headers["Authorization"].removeprefix("Bearer "),
        "nothing": "x",
    }
    for name, token in tokens.items():
        for ask in (client.get(f"/v1/lender-answers/{token}"), answer(client, f"/v1/lender-answers/{token}", ACCEPTED)):
            problem = await refused(ask, 404, "not_found")
            assert set(problem) == {"type", "title", "detail", "status", "code"}, name
    await refused(client.get(f"/v1/referral-answers/{good}"), 404, "not_found")
    await refused(two.agent.post(f"/handoffs/{handoff['id']}/links", {"officer": OFFICER}), 404, "not_found")
    assert (await client.get(f"/v1/lender-answers/{good}")).status_code == 200


async def test_the_token_is_kept_nowhere(amiens: Ccas, client: AsyncClient, databases: Databases) -> None:
    handoff = await sent(amiens, None, 200_000, 24)
    key = str(uuid4())
    links = [
        await ok(amiens.agent.post(f"/handoffs/{handoff['id']}/links", {"officer": OFFICER}, key=key)) for _ in range(2)
    ]
    assert links[0]["token"] != links[1]["token"]
    await ok(answer(client, links[1]["path"], ACCEPTED))
    kept = run_sql(databases, amiens, "select l::text from lender_links l union all select convert_from(body, 'UTF8')"
                                      " from idempotency_records")  # fmt: skip
    assert [row for row in kept if any(link["token"] in str(row) for link in links)] == []


@pytest.mark.parametrize("staff", ["decider", "manager"])
async def test_agents_make_links_and_nobody_else(staff: str, amiens: Ccas) -> None:
    handoff = await sent(amiens, None, 200_000, 24)
    path = f"/handoffs/{handoff['id']}/links"
    await refused(getattr(amiens, staff).post(path, {"officer": OFFICER}), 403, "forbidden")

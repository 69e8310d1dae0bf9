"""A partner's inbox across the CCAS that hand files over to it, and its answers."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient

from tests.lenders import (
    OTHER_ANSWER,
    Lender,
    accepted_by,
    check,
    handed_over,
    lender_of,
    machine_of,
    neighbours,
    offer,
    open_under,
    sent,
    taken_in,
)
from tests.support import Ccas, Databases, Json, etag_of, ok, open_ccas, refused

ACCEPTED: Json = {"decision": "accepted", "decided_on": "2018-03-16"}
REFUSED: Json = {"decision": "refused", "decided_on": "2018-03-16"}
ASKED: Json = {"decision": "more_information", "decided_on": "2018-03-14", "asked": "Le devis du garage"}


def answer_path(handoff: Json) -> str:
    return f"/partner/handoffs/{handoff['id']}/answers"


async def precheck(ccas: Ccas) -> Json:
    return await handed_over(ccas, (await taken_in(ccas))["id"], "precheck", "2018-03-02")


async def inbox(lender: Lender, **query: Any) -> list[Json]:
    items: list[Json] = (await ok(lender.get("/partner/handoffs", **query)))["items"]
    return items


async def statuses(ccas: Ccas, handoff: Json) -> tuple[str, str]:
    """Where the handoff and its request stand, as the CCAS reads them."""
    read = await ok(ccas.agent.get(f"/handoffs/{handoff['id']}"))
    return read["status"], (await ok(ccas.agent.get(f"/requests/{handoff['request_id']}")))["status"]


# Across tenants.


async def test_one_partner_reads_what_two_ccas_sent_it_newest_first_and_page_by_page(
    databases: Databases, client: AsyncClient, toulouse: Ccas
) -> None:
    one, two = neighbours(databases, client, "toulouse")
    lender = lender_of(databases, one)
    handoffs = [await precheck(ccas) for ccas in (one, two, two, one, two)]
    await precheck(toulouse)  # to another partner
    whole = await inbox(lender)
    assert [item["id"] for item in whole] == [handoff["id"] for handoff in reversed(handoffs)]
    assert [item["tenant"] for item in whole] == [ccas.slug for ccas in (two, one, two, two, one)]
    sizes, listed, query = [], [], {"limit": "2"}
    while query:
        response = await lender.get("/partner/handoffs", **query)
        page = response.json()
        sizes.append(len(page["items"]))
        listed += page["items"]
        query = {"limit": "2", "cursor": page["next_cursor"]} if page["next_cursor"] else {}
        assert ("link" in response.headers) == bool(query)
    assert (sizes, listed) == ([2, 2, 1], whole)
    for item, handoff in zip(whole, reversed(handoffs), strict=True):
        read = await ok(lender.get(f"/partner/handoffs/{item['id']}"))
        assert (read["tenant"], read["payload"]) == (item["tenant"], handoff["payload"])


async def test_the_inbox_shows_no_personal_data_and_no_name_but_that_of_the_ccas(
    databases: Databases, toulouse: Ccas
) -> None:
    handoff = await precheck(toulouse)
    response = await lender_of(databases, toulouse).get("/partner/handoffs")
    (item,) = response.json()["items"]
    assert item == {
        "id": handoff["id"],
        "tenant": toulouse.slug,
        "kind": "precheck",
        "status": "sent",
        "payload_sha256": handoff["payload_sha256"],
        "check_wanted": False,
        "sent_at": item["sent_at"],
    }
    assert response.headers["cache-control"] == "no-store"


async def test_the_inbox_is_filtered_by_where_the_handoffs_stand(databases: Databases, toulouse: Ccas) -> None:
    lender = lender_of(databases, toulouse)
    waiting, received, favourable = [await precheck(toulouse) for _ in range(3)]
    await ok(lender.post(f"/partner/handoffs/{received['id']}/acknowledgements"))
    await ok(lender.post("/partner/ficp-checks", check(favourable)))
    for status, handoffs in (
        ("sent", [waiting]),
        ("received", [received]),
        ("accepted", [favourable]),
        ("refused", []),
    ):
        assert [item["id"] for item in await inbox(lender, status=status)] == [handoff["id"] for handoff in handoffs]
    await refused(lender.get("/partner/handoffs", status="lost"), 422, "invalid")
    await refused(lender.get("/partner/handoffs", tenant=toulouse.slug), 422, "invalid")


async def test_the_cursor_of_another_partner_or_of_a_ccas_is_refused(
    databases: Databases, toulouse: Ccas, amiens: Ccas
) -> None:
    for _ in range(2):
        await precheck(toulouse)
    (own, foreign) = (lender_of(databases, ccas) for ccas in (toulouse, amiens))
    cursor = (await ok(own.get("/partner/handoffs", limit=1)))["next_cursor"]
    assert len(await inbox(own, cursor=cursor)) == 1
    await refused(foreign.get("/partner/handoffs", cursor=cursor), 400, "cursor_not_ours")
    await refused(toulouse.agent.get("/handoffs", cursor=cursor), 400, "cursor_not_ours")
    of_staff = (await ok(toulouse.agent.get("/handoffs", limit=1)))["next_cursor"]
    await refused(own.get("/partner/handoffs", cursor=of_staff), 400, "cursor_not_ours")


async def test_two_machines_of_one_partner_read_the_same_inbox(databases: Databases, toulouse: Ccas) -> None:
    await precheck(toulouse)
    one, another = (lender_of(databases, toulouse) for _ in range(2))
    assert await inbox(one) == await inbox(another) != []


async def test_another_partners_handoff_and_one_that_is_nowhere_look_the_same(
    databases: Databases, client: AsyncClient
) -> None:
    """Even within one CCAS that has agreements with both."""
    ccas = open_under(databases, client, "amiens", banque_postale={"planned": False})
    handoff = await sent(ccas, None, 200_000, 24)
    foreign = lender_of(databases, ccas)
    stranger_code = ccas.lender.replace("credit_mutuel", "banque_postale")
    stranger = machine_of(databases, client, stranger_code)
    before = await ok(foreign.get(f"/partner/handoffs/{handoff['id']}"))
    answers = []
    for handoff_id in (handoff["id"], str(uuid4())):
        path = f"/partner/handoffs/{handoff_id}"
        answers += [
            await stranger.get(path),
            await stranger.post(f"{path}/acknowledgements"),
            await stranger.post(f"{path}/answers", ACCEPTED),
            await stranger.post(f"{path}/offers", offer(200_000, 24, "6.20")),
            await stranger.post(
                f"{path}/disbursements",
                {"amount_cents": 1, "disbursed_on": "2018-04-05", "reference": "V", "payee": {"kind": "supplier"}},
            ),
            await stranger.post("/partner/ficp-checks", check({"id": handoff_id, "kind": "loan_file"})),
        ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    names = [{name: value for name, value in one.headers.items() if name != "x-request-id"} for one in answers]
    assert all(headers == names[0] for headers in names)
    assert await inbox(stranger) == []
    assert await ok(foreign.get(f"/partner/handoffs/{handoff['id']}")) == before


async def test_staff_have_no_inbox_and_do_not_answer_for_the_lender(toulouse: Ccas) -> None:
    handoff = await precheck(toulouse)
    for staff in (toulouse.agent, toulouse.decider, toulouse.manager):
        for answer in (
            staff.get("/partner/handoffs"),
            staff.get(f"/partner/handoffs/{handoff['id']}"),
            staff.post(f"/partner/handoffs/{handoff['id']}/acknowledgements"),
            staff.post(answer_path(handoff), ACCEPTED),
        ):
            await refused(answer, 403, "forbidden")


# Acknowledgements and answers.


async def test_a_file_is_acknowledged_once_under_the_partners_own_reference(
    databases: Databases, toulouse: Ccas
) -> None:
    lender = lender_of(databases, toulouse)
    handoff = await precheck(toulouse)
    path = f"/partner/handoffs/{handoff['id']}"
    before = await etag_of(lender, path)
    for bad in ({"reference": "with a space"}, {"reference": ""}, {"note": "x"}):
        await refused(lender.post(f"{path}/acknowledgements", bad), 422, "invalid")
    told = await ok(lender.post(f"{path}/acknowledgements", {"reference": "CMT/2018-77"}))
    assert (told["status"], told["partner_reference"]) == ("received", "CMT/2018-77")
    assert await etag_of(lender, path) != before
    problem = await refused(lender.post(f"{path}/acknowledgements", {"reference": "X"}), 409, "illegal_transition")
    assert (problem["action"], problem["state"]) == ("acknowledge", "received")
    read = await ok(toulouse.agent.get(f"/handoffs/{handoff['id']}"))
    assert (read["status"], read["partner_reference"]) == ("received", "CMT/2018-77")
    whole = await ok(lender.get(path))
    assert told.pop("known") is False
    assert {name: whole[name] for name in told} == told
    content = {"payload", "payload_withheld", "ficp_query_keys"}
    assert set(whole) - set(told) == content | {"support_person", "steps"}


async def test_what_was_taken_back_is_no_longer_shown_to_the_lender(databases: Databases, toulouse: Ccas) -> None:
    lender = lender_of(databases, toulouse)
    handoff = await precheck(toulouse)
    withdrawal = {"withdrawn_on": "2018-03-17", "reason": "Envoyé par erreur"}
    await ok(toulouse.agent.post(f"/handoffs/{handoff['id']}/withdrawals", withdrawal))
    whole = await ok(lender.get(f"/partner/handoffs/{handoff['id']}"))
    assert (whole["status"], whole["payload"]) == ("withdrawn", None)
    assert (await ok(toulouse.agent.get(f"/handoffs/{handoff['id']}")))["payload"] == handoff["payload"]


async def test_an_answer_told_again_under_its_key_is_not_given_twice(databases: Databases, amiens: Ccas) -> None:
    lender = lender_of(databases, amiens)
    handoff = await sent(amiens, None, 200_000, 24)
    key = str(uuid4())
    first, second = [await lender.post(answer_path(handoff), REFUSED, key=key) for _ in range(2)]
    assert (first.status_code, first.content, first.headers["etag"]) == (201, second.content, second.headers["etag"])
    assert second.headers["idempotency-replayed"] == "true"
    await refused(lender.post(answer_path(handoff), ACCEPTED, key=key), 422, "idempotency_key_reused")
    assert (await ok(lender.post(answer_path(handoff), REFUSED)))["known"]
    headers = lender.headers
    without = await lender.client.post(f"/v1{answer_path(handoff)}", json=REFUSED, headers=headers)
    assert (without.status_code, without.json()["code"]) == (400, "header_missing")


async def test_a_precheck_is_answered_by_its_check_alone(databases: Databases, toulouse: Ccas) -> None:
    lender = lender_of(databases, toulouse)
    handoff = await precheck(toulouse)
    for answer in (ACCEPTED, REFUSED, ASKED):
        await refused(lender.post(answer_path(handoff), answer), 409, "answered_by_check")
    assert (await statuses(toulouse, handoff))[0] == "sent"


async def test_an_answer_is_one_of_three_of_which_one_asks(databases: Databases, amiens: Ccas) -> None:
    lender = lender_of(databases, amiens)
    handoff = await sent(amiens, None, 200_000, 24)
    for answer, code in (
        ({**ACCEPTED, "asked": "x"}, "asked_with_more_information_only"),
        ({**REFUSED, "asked": "x"}, "asked_with_more_information_only"),
        ({**ASKED, "asked": None}, "asked_with_more_information_only"),
        ({**ASKED, "asked": " "}, "blank"),
        ({**ACCEPTED, "decision": "favorable"}, "not_one_of"),
        ({**REFUSED, "reason": "Incidents de paiement"}, "unknown_field"),
        ({**ACCEPTED, "decided_on": None}, "not_a_day"),
    ):
        problem = await refused(lender.post(answer_path(handoff), answer), 422, "invalid")
        assert [fault["code"] for fault in problem["errors"]] == [code]
    await refused(lender.post(answer_path(handoff), {**ACCEPTED, "decided_on": "2018-03-12"}), 409, "date_out_of_order")
    await refused(lender.post(answer_path(handoff), {**ACCEPTED, "decided_on": "2199-01-01"}), 409, "date_in_future")
    assert await statuses(amiens, handoff) == ("sent", "sent_to_lender")


async def test_who_asked_who_answered_and_who_accepted_is_kept_and_read_alike_on_both_sides(
    databases: Databases, amiens: Ccas
) -> None:
    lender = lender_of(databases, amiens)
    handoff = await sent(amiens, None, 200_000, 24)
    path = f"/handoffs/{handoff['id']}"
    early = amiens.agent.post(f"{path}/completions", {"note": "x"})
    await refused(early, 409, "illegal_transition")
    await ok(lender.post(f"/partner{path}/acknowledgements", {"reference": "CM-1"}))
    await ok(lender.post(f"/partner{path}/answers", ASKED))
    await refused(lender.post(f"/partner{path}/answers", {**ASKED, "asked": "Encore"}), 409, "illegal_transition")
    await refused(amiens.agent.post(f"{path}/completions", {}), 422, "invalid")
    await refused(amiens.decider.post(f"{path}/completions", {"note": "x"}), 403, "forbidden")
    await ok(amiens.agent.post(f"{path}/completions", {"note": "Devis joint :\n2 000 €"}))
    backwards = lender.post(f"/partner{path}/answers", {**ACCEPTED, "decided_on": "2018-03-13"})
    assert (await refused(backwards, 409, "date_out_of_order"))["not_before"] == "2018-03-14"
    await accepted_by(lender, handoff)
    told = await ok(lender.get(f"/partner{path}"))
    assert [(step["by"], step["action"], step["status"], step["effect_on"], step["note"]) for step in told["steps"]
            if step["action"] not in ("acknowledge", "complete")] == [
        ("ccas", "send", "sent", "2018-03-13", None),
        ("partner", "ask", "more_information", "2018-03-14", "Le devis du garage"),
        ("partner", "accept", "accepted", "2018-03-16", None),
    ]  # fmt: skip
    (received,) = [step for step in told["steps"] if step["action"] == "acknowledge"]
    (completed,) = [step for step in told["steps"] if step["action"] == "complete"]
    assert (received["by"], received["status"]) == ("partner", "received")
    assert (completed["by"], completed["status"], completed["note"]) == (
        "ccas",
        "in_progress",
        "Devis joint :\n2 000 €",
    )
    assert (told["answered_on"], told["partner_reference"]) == ("2018-03-16", "CM-1")
    read = await ok(amiens.agent.get(path))
    assert read["steps"] == told["steps"]
    assert await statuses(amiens, handoff) == ("accepted", "lender_accepted")
    assert [item["status"] for item in await inbox(lender)] == ["accepted"]


async def test_a_file_may_be_accepted_or_refused_while_something_is_still_asked(
    databases: Databases, amiens: Ccas
) -> None:
    lender = lender_of(databases, amiens)
    for answer, ends in ((ACCEPTED, ("awaiting_check", "sent_to_lender")), (REFUSED, ("refused", "sent_to_lender"))):
        handoff = await sent(amiens, None, 200_000, 24)
        await ok(lender.post(answer_path(handoff), ASKED))
        await ok(lender.post(answer_path(handoff), answer))
        assert await statuses(amiens, handoff) == ends


async def test_an_acceptance_is_given_once_and_a_parked_one_may_become_a_refusal(
    databases: Databases, amiens: Ccas
) -> None:
    lender = lender_of(databases, amiens)
    accepted, parked = [await sent(amiens, None, 200_000, 24) for _ in range(2)]
    await accepted_by(lender, accepted)
    assert (await ok(lender.post(answer_path(parked), ACCEPTED)))["status"] == "awaiting_check"
    for handoff in (accepted, parked):
        other = lender.post(answer_path(handoff), {**ACCEPTED, "decided_on": "2018-03-17"})
        assert (await refused(other, 409, "answer_differs"))["decided_on"] == "2018-03-16"
        await refused(
            lender.post(answer_path(handoff), ASKED | {"decided_on": "2018-03-16"}), 409, "illegal_transition"
        )
    await refused(lender.post(answer_path(accepted), REFUSED), 409, "illegal_transition")
    told = await ok(lender.post(answer_path(parked), {**REFUSED, "decided_on": "2018-03-18"}))
    assert (told["status"], told["answered_on"]) == ("refused", "2018-03-18")
    closing = {"outcome": "lender_refused", "reason_code": "lender_declined", "other_answer": OTHER_ANSWER}
    await ok(amiens.agent.post(f"/requests/{parked['request_id']}/close", closing))


SEEDS = [("toulouse", 300_000, 36, "3.04"), ("amiens", 200_000, 24, "6.20"), ("fresnes", 100_000, 24, "4.00")]


@pytest.mark.parametrize(("seed", "amount_cents", "months", "rate_percent"), SEEDS)
async def test_at_all_three_a_favourable_check_gates_the_acceptance_until_the_offer_is_made(
    databases: Databases, client: AsyncClient, seed: str, amount_cents: int, months: int, rate_percent: str
) -> None:
    ccas = open_ccas(databases, client, seed)
    lender = lender_of(databases, ccas)
    handoff = await sent(ccas, lender if seed == "toulouse" else None, amount_cents, months)
    parked, opened = ("awaiting_check", "sent_to_lender"), ("accepted", "lender_accepted")
    told = await ok(lender.post(answer_path(handoff), ACCEPTED))
    assert (told["status"], told["answered_on"]) == ("awaiting_check", "2018-03-16")
    assert await statuses(ccas, handoff) == parked
    offers = f"/partner/handoffs/{handoff['id']}/offers"
    body = offer(amount_cents, months, rate_percent, offered_on="2018-03-22")
    if seed == "fresnes":
        rows = [{**row, "borrower_cents": row["total_cents"]} for row in body["rows"]]
        body |= {"rate_percent": rate_percent, "signed_by": ["borrower", "ccas", "lender"], "rows": rows}
    await refused(lender.post(offers, body), 409, "illegal_transition")
    for outcome, day, end in (
        ("unavailable", "17", parked),
        ("to_clear", "18", parked),
        ("favorable", "19", opened),
        ("unfavorable", "20", parked),
        ("unavailable", "21", parked),
        ("favorable", "22", opened),
    ):
        pushed = check(handoff, outcome, ref=f"G-{day}", consulted_at=f"2018-03-{day}T10:00:00Z")
        await ok(lender.post("/partner/ficp-checks", pushed))
        assert await statuses(ccas, handoff) == end
        assert (await inbox(lender))[0]["status"] == end[0]
    await ok(lender.post(offers, body))
    late = check(handoff, "unfavorable", ref="G-23", consulted_at="2018-03-23T10:00:00Z")
    assert (await ok(lender.post("/partner/ficp-checks", late)))["status"] == "recorded"
    assert await statuses(ccas, handoff) == opened


async def test_an_acceptance_on_a_check_that_has_expired_waits_for_a_new_one(
    databases: Databases, amiens: Ccas
) -> None:
    lender = lender_of(databases, amiens)
    handoff = await sent(amiens, None, 200_000, 24)
    await ok(lender.post("/partner/ficp-checks", check(handoff, ref="OLD", consulted_at="2018-03-15T10:00:00Z")))
    await ok(lender.post(answer_path(handoff), {**ACCEPTED, "decided_on": "2018-04-15"}))
    assert await statuses(amiens, handoff) == ("awaiting_check", "sent_to_lender")
    await ok(lender.post("/partner/ficp-checks", check(handoff, ref="NEW", consulted_at="2018-04-16T10:00:00Z")))
    assert await statuses(amiens, handoff) == ("accepted", "lender_accepted")


@pytest.mark.parametrize("check_first", [True, False])
async def test_an_acceptance_holds_from_the_consultation_that_allows_it_whichever_is_told_first(
    databases: Databases,
    amiens: Ccas,
    check_first: bool,  # noqa: FBT001 - a parameter
) -> None:
    """The check comes before the lender agrees to lend: what follows cannot be dated before it either."""
    lender = lender_of(databases, amiens)
    handoff = await sent(amiens, None, 200_000, 24)
    told = check(handoff, consulted_at="2018-03-19T09:00:00Z")
    acts = [("/partner/ficp-checks", told), (answer_path(handoff), ACCEPTED)]
    for path, body in acts if check_first else reversed(acts):
        await ok(lender.post(path, body))
    read = await ok(lender.get(f"/partner/handoffs/{handoff['id']}"))
    assert (read["status"], read["answered_on"]) == ("accepted", "2018-03-16")
    assert (read["steps"][-1]["action"], read["steps"][-1]["effect_on"]) == ("accept", "2018-03-19")
    offers = f"/partner/handoffs/{handoff['id']}/offers"
    early = lender.post(offers, offer(200_000, 24, "6.20", offered_on="2018-03-18"))
    assert (await refused(early, 409, "date_out_of_order"))["not_before"] == "2018-03-19"
    await ok(lender.post(offers, offer(200_000, 24, "6.20", offered_on="2018-03-19")))


async def test_of_several_answers_at_once_one_is_given(databases: Databases, amiens: Ccas) -> None:
    lender = lender_of(databases, amiens)
    handoff = await sent(amiens, None, 200_000, 24)
    responses = await asyncio.gather(
        *(lender.post(answer_path(handoff), answer) for answer in (ACCEPTED, REFUSED, ACCEPTED, REFUSED))
    )
    assert {response.status_code for response in responses} <= {201, 409}
    won = [response for response in responses if response.is_success and not response.json()["known"]]
    # A parked acceptance may still become a refusal, a refusal stands.
    end = (await statuses(amiens, handoff))[0]
    assert end in {response.json()["status"] for response in won}
    assert [response.json()["status"] for response in won].count("refused") == 1
    assert end == "refused"


@pytest.mark.parametrize("outcome", ["favorable", "unfavorable"])
async def test_of_an_acceptance_and_a_check_at_once_the_handoff_and_the_request_agree(
    databases: Databases, amiens: Ccas, outcome: str
) -> None:
    lender = lender_of(databases, amiens)
    ends = {"favorable": ("accepted", "lender_accepted"), "unfavorable": ("awaiting_check", "sent_to_lender")}
    for _ in range(3):
        handoff = await sent(amiens, None, 200_000, 24)
        told = check(handoff, outcome, ref=f"G-{handoff['id'][-12:]}", consulted_at="2018-03-15T10:00:00Z")
        acts = [lender.post(answer_path(handoff), ACCEPTED), lender.post("/partner/ficp-checks", told)]
        assert [response.status_code for response in await asyncio.gather(*acts)] == [201, 201]
        assert await statuses(amiens, handoff) == ends[outcome]
        assert (await inbox(lender))[0]["status"] == ends[outcome][0]


async def test_the_payload_travels_to_its_own_partner_and_is_not_in_the_list(
    databases: Databases, toulouse: Ccas
) -> None:
    lender = lender_of(databases, toulouse)
    handoff = await precheck(toulouse)
    text = json.dumps(await inbox(lender), ensure_ascii=False)
    assert not any(value in text for value in ("Exemple", "Camille", "1988", handoff["payload"]["request_reference"]))
    read = await lender.get(f"/partner/handoffs/{handoff['id']}")
    assert read.headers["cache-control"] == "no-store"
    assert read.json()["payload"]["applicant"]["birth_name"] == "Exemple"


async def test_the_lender_no_longer_reads_a_file_whose_request_has_ended(databases: Databases, toulouse: Ccas) -> None:
    lender = lender_of(databases, toulouse)
    handoff = await precheck(toulouse)
    await ok(lender.post("/partner/ficp-checks", check(handoff, "unfavorable", "P-ended")))
    path = f"/partner/handoffs/{handoff['id']}"
    assert (await ok(lender.get(path)))["payload"] == handoff["payload"]
    closing = {
        "outcome": "closed_without_action",
        "reason_code": "lender_declined",
        "other_answer": {"kind": "budget_advice", "given_on": "2018-03-20"},
        "closed_on": "2018-03-20",
    }
    await ok(toulouse.agent.post(f"/requests/{handoff['request_id']}/close", closing))
    assert (await ok(lender.get(path)))["payload"] is None

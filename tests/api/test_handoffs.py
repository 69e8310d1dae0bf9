"""Handing files over to partners that lend: what may leave, what exactly leaves, and who did what with it since."""

import asyncio
import json
from collections.abc import Iterator
from datetime import date, timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy.exc import ProgrammingError

from tests.lenders import (
    OTHER_ANSWER,
    SUPPORT_PERSON,
    accepted_by,
    authorised,
    before_commission,
    check,
    endorsed,
    endorsement,
    handed_over,
    lender_of,
    machine_of,
    offer,
    offered_by,
    open_under,
    prechecked,
    sent,
    taken_in,
)
from tests.support import Ccas, Databases, Json, Staff, demand, etag_of, ok, refused, run_sql

NOT_YET = (date.today() + timedelta(days=2)).isoformat()  # noqa: DTZ011 - well after today anywhere
SECOND = {"first_names": "Sacha", "birth_name": "Second", "birth_on": "1985-07-01"}
REFUSED: Json = {"decision": "refused", "decided_on": "2018-03-16"}
WITHDRAWAL: Json = {"withdrawn_on": "2018-03-17", "reason": "Le projet a changé"}
LENDER_REFUSED: Json = {
    "outcome": "lender_refused",
    "reason_code": "lender_declined",
    "closed_on": "2018-03-20",
    "other_answer": OTHER_ANSWER,
}


def body(kind: str, **changes: Any) -> Json:
    return {"kind": kind, "support_person": SUPPORT_PERSON, **changes}


async def status_of(ccas: Ccas, request_id: str) -> str:
    return str((await ok(ccas.agent.get(f"/requests/{request_id}")))["status"])


async def answered(lender: Staff, handoff: Json, answer: Json) -> Json:
    return await ok(lender.post(f"/partner/handoffs/{handoff['id']}/answers", answer))


def story(handoff: Json) -> list[tuple[str, str, str, str | None]]:
    """Who did what with a handoff, which made it what, and what was said."""
    return [(step["by"], step["action"], step["status"], step["note"]) for step in handoff["steps"]]


# What leaves.


async def test_an_endorsed_file_leaves_no_earlier_than_its_last_condition_is_met(
    databases: Databases, amiens: Ccas
) -> None:
    path = await before_commission(amiens, None, 200_000)
    body = endorsement(200_000, 24, conditions=["Permis de conduire obtenu", "Contrat de travail signé"])
    decision = await ok(amiens.decider.post(f"{path}/decisions", body))
    sending = {"kind": "loan_file", "support_person": SUPPORT_PERSON, "sent_on": "2018-03-19"}
    for number, met_on in ((1, "2018-03-20"), (2, "2018-03-15")):
        await refused(amiens.agent.post(f"{path}/handoffs", sending), 409, "conditions_not_met")
        await ok(amiens.agent.post(f"/decisions/{decision['id']}/conditions/{number}/met", {"met_on": met_on}))
    problem = await refused(amiens.agent.post(f"{path}/handoffs", sending), 409, "date_out_of_order")
    assert (problem["field"], problem["not_before"]) == ("sent_on", "2018-03-20")
    await ok(amiens.agent.post(f"{path}/handoffs", {**sending, "sent_on": "2018-03-20"}))


async def test_a_handoff_is_sent_in_one_act_and_read_by_all_staff(toulouse: Ccas) -> None:
    request = await taken_in(toulouse)
    handoff = await handed_over(toulouse, request["id"], "precheck", "2018-03-02")
    assert {
        name: handoff[name]
        for name in handoff.keys() - {"id", "entered_at", "payload", "payload_sha256", "payloads", "steps"}
    } == {
        "check_wanted": False,
        "payload_withheld": None,
        "version": 2,
        "request_id": request["id"],
        "guarantee_claim_id": None,
        "borne_interest_statement_id": None,
        "partner": toulouse.lender,
        "choice_reason": None,
        "channel": "api",
        "kind": "precheck",
        "status": "sent",
        "support_person": SUPPORT_PERSON,
        "answered_on": None,
        "partner_reference": None,
    }
    assert story(handoff) == [("ccas", "send", "sent", None)]
    assert handoff["steps"][0]["effect_on"] == "2018-03-02"
    path = f"/handoffs/{handoff['id']}"
    for staff in (toulouse.agent, toulouse.decider, toulouse.manager):
        assert await ok(staff.get(path)) == handoff
    before = await etag_of(toulouse.agent, path)
    await ok(toulouse.agent.post(f"{path}/withdrawals", WITHDRAWAL))
    assert await etag_of(toulouse.agent, path) != before
    assert await status_of(toulouse, request["id"]) == "intake"


async def test_the_list_of_handoffs_is_filtered_and_tells_no_content(databases: Databases, toulouse: Ccas) -> None:
    lender = lender_of(databases, toulouse)
    loan_file = await sent(toulouse, lender, 300_000, 36)
    precheck = await handed_over(toulouse, (await taken_in(toulouse))["id"], "precheck", "2018-03-02")
    own = (await ok(toulouse.agent.get("/handoffs", request_id=loan_file["request_id"])))["items"]
    assert [(item["kind"], item["status"]) for item in own] == [("loan_file", "sent"), ("precheck", "accepted")]
    subject = {"request_id", "guarantee_claim_id", "borne_interest_statement_id"}
    assert own[0].keys() == {"id", "partner", "channel", "kind", "status", "answered_on", "entered_at"} | subject
    listed = [
        [item["id"] for item in (await ok(toulouse.agent.get("/handoffs", **query)))["items"]]
        for query in ({"kind": "loan_file"}, {"status": "sent"}, {"kind": "precheck", "status": "sent"})
    ]
    assert listed == [[loan_file["id"]], [precheck["id"], loan_file["id"]], [precheck["id"]]]
    first = await ok(toulouse.agent.get("/handoffs", limit=2))
    second = await ok(toulouse.agent.get("/handoffs", limit=2, cursor=first["next_cursor"]))
    assert [item["id"] for item in first["items"] + second["items"]] == [precheck["id"], *(item["id"] for item in own)]


PERSON = ("birth_name", "birth_on", "birth_place", "first_names")
CONTACT = ("commune_insee_code", "email", "phone", "usage_name")
COMMON = {"/kind", "/request_reference"}
LOAN_FILE = {
    "/support_person",
    *(f"/project/{name}" for name in ("project_cost_cents", "purpose")),
    *(f"/household/{name}" for name in ("adults", "minor_children")),
    *(f"/budget/{n}/{name}" for n in (0, 1) for name in ("amount_cents", "kind", "side")),
    *(f"/financing_plan/0/{name}" for name in ("amount_cents", "kind")),
    *(f"/endorsement/{name}" for name in ("amount_cents", "decided_on", "duration_months")),
}  # fmt: skip


def people(*who: str, names: tuple[str, ...]) -> set[str]:
    return {f"/{one}/{name}" for one in who for name in names}


def pointers(value: Any, at: str = "") -> Iterator[str]:
    """Every leaf of a JSON value, by RFC 6901 pointer."""
    if isinstance(value, dict | list) and value:
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from pointers(inner, f"{at}/{key}")
    else:
        yield at


@pytest.mark.parametrize("with_second", [False, True])
async def test_a_handoff_carries_what_its_kind_needs_and_nothing_more(
    databases: Databases,
    toulouse: Ccas,
    with_second: bool,  # noqa: FBT001 - a parameter
) -> None:
    """No prescriber, channel, note or reason of a decision; before the first appointment, an identity alone."""
    lender = lender_of(databases, toulouse)
    changes: Json = {"prescriber": "Prescripteur à taire", "channel": "prescriber"}
    if with_second:
        person = {**SECOND, "commune_insee_code": toulouse.insee_code, "phone": "05 00 00 00 00"}
        second = await ok(toulouse.agent.post("/people", person))
        await authorised(toulouse, second["id"])
        changes["co_applicant_id"] = second["id"]
    loan_file = await sent(toulouse, lender, 300_000, 36, **changes)
    (_, listed) = (await ok(lender.get("/partner/handoffs")))["items"]
    precheck = await ok(lender.get(f"/partner/handoffs/{listed['id']}"))
    told = await ok(lender.get(f"/partner/handoffs/{loan_file['id']}"))

    both = ("applicant", "co_applicant") if with_second else ("applicant",)
    nobody = set() if with_second else {"/co_applicant"}
    assert set(pointers(precheck["payload"])) == COMMON | people(*both, names=PERSON) | nobody
    assert set(pointers(told["payload"])) == COMMON | people(*both, names=PERSON + CONTACT) | nobody | LOAN_FILE
    for read in (precheck, told):
        keys = read.pop("ficp_query_keys")
        assert (keys["applicant"], keys["co_applicant"] is not None) == ("020388EXEMP", with_second)
    text = json.dumps([precheck, told], ensure_ascii=False)
    assert not any(word in text for word in ("taire", "prescriber", "channel", "signatory", "La responsable", "ficp"))
    assert told["payload"]["endorsement"] == {
        "amount_cents": 300_000,
        "decided_on": "2018-03-12",
        "duration_months": 36,
    }
    assert precheck["payload"]["applicant"] == {
        "first_names": "Camille",
        "birth_name": "Exemple",
        "birth_on": "1988-03-02",
        "birth_place": None,
    }


def canonical_sha256(payload: Json) -> str:
    text = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode("utf-8")).hexdigest()


async def test_what_was_handed_over_is_kept_exactly_whatever_becomes_of_the_person(
    databases: Databases, toulouse: Ccas
) -> None:
    lender = lender_of(databases, toulouse)
    applicant = {
        "first_names": "Zoé Œuvrard",
        "birth_name": 'Exemple "d’Été" \\ / 🚲',
        "birth_on": "1988-03-02",
        "commune_insee_code": toulouse.insee_code,
    }
    request = await taken_in(toulouse, applicant=applicant, project_description="Un vélo\n\tet un antivol\u2028à 50 %")
    handoff = await handed_over(toulouse, request["id"], "precheck", "2018-03-02")
    path = f"/partner/handoffs/{handoff['id']}"
    told = await ok(lender.get(path))
    assert told["payload_sha256"] == canonical_sha256(told["payload"]) == handoff["payload_sha256"]
    (listed,) = (await ok(lender.get("/partner/handoffs")))["items"]
    assert listed["payload_sha256"] == told["payload_sha256"]

    person = f"/people/{request['applicant_id']}"
    await ok(toulouse.agent.patch(person, {"birth_name": "Autre"}, etag=await etag_of(toulouse.agent, person)))
    again = await ok(lender.get(path))
    assert again["payload"] == told["payload"] == handoff["payload"]
    assert again["payload"]["applicant"]["birth_name"] == applicant["birth_name"]
    assert (await ok(toulouse.agent.get(f"/handoffs/{handoff['id']}")))["payload"] == handoff["payload"]
    (row,) = run_sql(
        databases,
        toulouse,
        "select text, h.payload_sha256 from handoff_payloads p join handoffs h on h.id = p.handoff_id",
    )
    assert sha256(row["text"].encode()).hexdigest() == row["payload_sha256"] == told["payload_sha256"]
    with pytest.raises(ProgrammingError, match="permission denied"):
        run_sql(databases, toulouse, "update handoff_payloads set text = 'altered'")


async def test_two_handoffs_of_the_same_content_have_the_same_hash(toulouse: Ccas) -> None:
    request = await taken_in(toulouse)
    first = await handed_over(toulouse, request["id"], "precheck", "2018-03-02")
    await ok(toulouse.agent.post(f"/handoffs/{first['id']}/withdrawals", WITHDRAWAL))
    second = await handed_over(toulouse, request["id"], "precheck", "2018-03-18")
    assert second["payload_sha256"] == first["payload_sha256"]


# What may not leave.


async def test_what_is_not_a_handoff_is_refused(toulouse: Ccas) -> None:
    request = await taken_in(toulouse)
    path = f"/requests/{request['id']}/handoffs"
    good = body("precheck", sent_on="2018-03-02")
    for bad, pointer, code in (
        ({"kind": "everything"}, "/body/kind", "not_one_of"),
        ({"support_person": None}, "/body/support_person", "not_text"),
        ({"support_person": "   "}, "/body/support_person", "blank"),
        ({"partner": "Crédit Municipal"}, "/body/partner", "bad_form"),
        ({"payload": {}}, "/body/payload", "unknown_field"),
    ):
        problem = await refused(toulouse.agent.post(path, {**good, **bad}), 422, "invalid")
        assert [(fault["pointer"], fault["code"]) for fault in problem["errors"]] == [(pointer, code)]
    problem = await refused(toulouse.agent.post(path, {**good, "kind": "everything"}), 422, "invalid")
    assert problem["errors"][0]["message"] == "Une de ces valeurs est attendue : 'precheck' ou 'loan_file'."
    nobody_named = {name: value for name, value in good.items() if name != "support_person"}
    problem = await refused(toulouse.agent.post(path, nobody_named), 422, "invalid")
    assert problem["errors"][0]["pointer"] == "/body/support_person"
    for staff in (toulouse.decider, toulouse.manager):
        await refused(staff.post(path, good), 403, "forbidden")
    await refused(toulouse.agent.post(path, {**good, "sent_on": "2018-02-28"}), 409, "date_out_of_order")
    await refused(toulouse.agent.post(path, {**good, "sent_on": NOT_YET}), 409, "date_in_future")
    await refused(toulouse.agent.post(f"/requests/{uuid4()}/handoffs", good), 404, "not_found")
    assert (await ok(toulouse.agent.get("/handoffs")))["items"] == []
    assert await status_of(toulouse, request["id"]) == "intake"


async def test_a_precheck_leaves_before_the_first_appointment_and_only_where_the_rules_ask(
    databases: Databases, toulouse: Ccas, amiens: Ccas, fresnes: Ccas
) -> None:
    for ccas in (amiens, fresnes):
        path = f"/requests/{(await taken_in(ccas))['id']}/handoffs"
        await refused(ccas.agent.post(path, body("precheck")), 409, "precheck_not_asked")
    request = await endorsed(toulouse, lender_of(databases, toulouse), 300_000, 36)
    problem = await refused(
        toulouse.agent.post(f"/requests/{request['id']}/handoffs", body("precheck")), 409, "illegal_transition"
    )
    assert (problem["action"], problem["state"]) == ("send_precheck", "endorsed")


async def test_a_loan_file_leaves_once_it_is_endorsed(amiens: Ccas) -> None:
    request = await taken_in(amiens)
    path = f"/requests/{request['id']}/handoffs"
    problem = await refused(amiens.agent.post(path, body("loan_file")), 409, "illegal_transition")
    assert (problem["action"], problem["state"]) == ("send_loan_file", "intake")
    handoff = await sent(amiens, None, 200_000, 24)
    assert await status_of(amiens, handoff["request_id"]) == "sent_to_lender"


async def test_a_file_lies_with_one_lender_at_a_time(databases: Databases, client: AsyncClient, toulouse: Ccas) -> None:
    request = await taken_in(toulouse)
    path = f"/requests/{request['id']}/handoffs"
    both = await asyncio.gather(*(toulouse.agent.post(path, body("precheck", sent_on="2018-03-02")) for _ in range(4)))
    assert sorted(response.status_code for response in both) == [201, 409, 409, 409]
    assert {one.json()["code"] for one in both if not one.is_success} == {"handoff_already_open"}
    lender = lender_of(databases, toulouse)
    (handoff,) = (await ok(toulouse.agent.get("/handoffs")))["items"]
    await ok(lender.post("/partner/ficp-checks", check(handoff, "unfavorable")))
    # Refused, it may still be corrected.
    problem = await refused(toulouse.agent.post(path, body("precheck")), 409, "handoff_already_open")
    assert problem["partner"] == toulouse.lender

    two = open_under(databases, client, "amiens", banque_postale={"planned": False})
    loan_file = await sent(two, None, 200_000, 24)
    other = two.lender.replace("credit_mutuel", "banque_postale")
    to_another = two.agent.post(f"/requests/{loan_file['request_id']}/handoffs", body("loan_file", partner=other))
    await refused(to_another, 409, "handoff_already_open")


# After a refusal or a withdrawal.


async def test_a_file_that_one_lender_refused_goes_to_another(databases: Databases, client: AsyncClient) -> None:
    amiens = open_under(databases, client, "amiens", banque_postale={"planned": False})
    first = lender_of(databases, amiens)
    code = amiens.lender.replace("credit_mutuel", "banque_postale")
    second = machine_of(databases, client, code)
    handoff = await sent(amiens, None, 200_000, 24)
    request_id = handoff["request_id"]
    assert (await answered(first, handoff, REFUSED))["answered_on"] == "2018-03-16"
    assert await status_of(amiens, request_id) == "sent_to_lender"
    request = await ok(amiens.agent.get(f"/requests/{request_id}"))
    path = f"/requests/{request_id}/handoffs"
    to_second = body("loan_file", partner=code, sent_on="2018-03-18", choice_reason="Le Crédit Mutuel a refusé")
    problem = await refused(amiens.agent.post(path, to_second), 409, "authorisation_missing")
    assert problem["recipient"] == code
    authorisation = {"recipient": code, "purposes": ["loan_file"], "given_on": "2018-03-16"}
    await ok(amiens.agent.post(f"/people/{request['applicant_id']}/authorisations", authorisation))
    unexplained = {name: value for name, value in to_second.items() if name != "choice_reason"}
    problem = await refused(amiens.agent.post(path, unexplained), 409, "choice_reason_missing")
    assert (problem["endorsed_to"], problem["partner"]) == ("Crédit Mutuel", code)
    early = amiens.agent.post(path, {**to_second, "sent_on": "2018-03-15"})
    assert (await refused(early, 409, "date_out_of_order"))["not_before"] == "2018-03-16"
    again = await ok(amiens.agent.post(path, to_second))
    assert (again["partner"], again["status"]) == (code, "sent")
    assert again["choice_reason"] == "Le Crédit Mutuel a refusé"
    assert (await accepted_by(second, again, decided_on="2018-03-20"))["status"] == "accepted"
    assert await status_of(amiens, request_id) == "lender_accepted"
    for partner, own in ((first, handoff), (second, again)):
        assert [item["id"] for item in (await ok(partner.get("/partner/handoffs")))["items"]] == [own["id"]]


async def test_a_lenders_refusal_ends_with_another_answer_given(databases: Databases, amiens: Ccas) -> None:
    lender = lender_of(databases, amiens)
    handoff = await sent(amiens, None, 200_000, 24)
    path = f"/requests/{handoff['request_id']}/close"
    await refused(amiens.agent.post(path, LENDER_REFUSED), 409, "lender_has_not_refused")
    await answered(lender, handoff, REFUSED)
    without = {name: value for name, value in LENDER_REFUSED.items() if name != "other_answer"}
    problem = await refused(amiens.agent.post(path, without), 422, "invalid")
    assert problem["errors"][0]["pointer"] == "/body/other_answer"
    closed = await ok(amiens.agent.post(path, LENDER_REFUSED))
    assert (closed["status"], closed["other_answer"]["kind"]) == ("lender_refused", "budget_advice")
    assert (await ok(amiens.agent.get(f"/handoffs/{handoff['id']}")))["status"] == "refused"
    later = amiens.agent.post(f"/requests/{handoff['request_id']}/handoffs", body("loan_file"))
    await refused(later, 409, "illegal_transition")


async def test_nobody_has_refused_what_was_taken_back_since(databases: Databases, amiens: Ccas) -> None:
    handoff = await sent(amiens, None, 200_000, 24)
    await answered(lender_of(databases, amiens), handoff, REFUSED)
    again = await handed_over(amiens, handoff["request_id"], "loan_file", "2018-03-16")
    close = f"/requests/{handoff['request_id']}/close"
    await refused(amiens.agent.post(close, LENDER_REFUSED), 409, "lender_has_not_refused")
    await ok(amiens.agent.post(f"/handoffs/{again['id']}/withdrawals", WITHDRAWAL))
    await refused(amiens.agent.post(close, LENDER_REFUSED), 409, "lender_has_not_refused")


async def test_the_ccas_takes_a_file_back_from_every_state_but_a_loan(databases: Databases, amiens: Ccas) -> None:
    lender = lender_of(databases, amiens)
    handoff = await sent(amiens, None, 200_000, 24)
    await accepted_by(lender, handoff)
    path = f"/handoffs/{handoff['id']}/withdrawals"
    await refused(amiens.agent.post(path, {**WITHDRAWAL, "withdrawn_on": NOT_YET}), 409, "date_in_future")
    await refused(amiens.agent.post(path, {**WITHDRAWAL, "withdrawn_on": "2018-03-15"}), 409, "date_out_of_order")
    await refused(amiens.agent.post(path, {"withdrawn_on": "2018-03-17"}), 422, "invalid")
    await refused(amiens.decider.post(path, WITHDRAWAL), 403, "forbidden")
    loan_id = await offered_by(amiens, lender, handoff, offer(200_000, 24, "6.20"))
    await refused(amiens.agent.post(path, {**WITHDRAWAL, "withdrawn_on": "2018-03-20"}), 409, "loan_in_the_way")
    cancelled = {"cancelled_on": "2018-03-21", "reason": "Offre caduque"}
    await ok(amiens.agent.post(f"/loans/{loan_id}/cancellations", cancelled))
    assert await status_of(amiens, handoff["request_id"]) == "lender_accepted"

    withdrawn = await ok(amiens.agent.post(path, {**WITHDRAWAL, "withdrawn_on": "2018-03-22"}))
    assert (withdrawn["status"], story(withdrawn)[-1]) == (
        "withdrawn",
        ("ccas", "withdraw", "withdrawn", "Le projet a changé"),
    )
    assert await status_of(amiens, handoff["request_id"]) == "sent_to_lender"
    await refused(amiens.agent.post(path, {**WITHDRAWAL, "withdrawn_on": "2018-03-23"}), 409, "illegal_transition")
    anew = offer(200_000, 24, "6.20", number="O-late", offered_on="2018-03-23")
    late = lender.post(f"/partner/handoffs/{handoff['id']}/offers", anew)
    await refused(late, 409, "illegal_transition")
    early = amiens.agent.post(f"/requests/{handoff['request_id']}/handoffs", body("loan_file", sent_on="2018-03-21"))
    await refused(early, 409, "date_out_of_order")
    again = await handed_over(amiens, handoff["request_id"], "loan_file", "2018-03-22")
    assert again["status"] == "sent"


async def test_a_precheck_is_not_taken_back_before_it_was_sent_nor_sent_again_before_it_was_taken_back(
    toulouse: Ccas,
) -> None:
    request = await taken_in(toulouse)
    handoff = await handed_over(toulouse, request["id"], "precheck", "2018-03-05")
    path = f"/handoffs/{handoff['id']}/withdrawals"
    early = toulouse.agent.post(path, {**WITHDRAWAL, "withdrawn_on": "2018-03-04"})
    assert (await refused(early, 409, "date_out_of_order"))["not_before"] == "2018-03-05"
    assert (await ok(toulouse.agent.post(path, {**WITHDRAWAL, "withdrawn_on": "2018-03-06"})))["status"] == "withdrawn"
    again = body("precheck", sent_on="2018-03-05")
    early = toulouse.agent.post(f"/requests/{request['id']}/handoffs", again)
    assert (await refused(early, 409, "date_out_of_order"))["not_before"] == "2018-03-06"
    await handed_over(toulouse, request["id"], "precheck", "2018-03-06")


@pytest.mark.parametrize("outcome", ["withdrawn", "closed_without_action"])
async def test_closing_a_request_takes_back_what_lies_with_a_lender(
    databases: Databases, toulouse: Ccas, outcome: str
) -> None:
    lender = lender_of(databases, toulouse)
    handoff = await sent(toulouse, lender, 300_000, 36)
    await accepted_by(lender, handoff)
    closing = {**LENDER_REFUSED, "outcome": outcome, "reason_code": "withdrawn"}
    assert (await ok(toulouse.agent.post(f"/requests/{handoff['request_id']}/close", closing)))["status"] == outcome
    items = (await ok(toulouse.agent.get("/handoffs", request_id=handoff["request_id"])))["items"]
    assert [(item["kind"], item["status"]) for item in items] == [("loan_file", "withdrawn"), ("precheck", "withdrawn")]
    inbox = (await ok(lender.get("/partner/handoffs", status="withdrawn")))["items"]
    assert {item["id"] for item in inbox} == {item["id"] for item in items}
    told = await ok(lender.get(f"/partner/handoffs/{handoff['id']}"))
    assert (story(told)[-1], told["steps"][-1]["effect_on"]) == (
        ("ccas", "withdraw", "withdrawn", None),
        "2018-03-20",
    )
    answer = lender.post(f"/partner/handoffs/{handoff['id']}/answers", {**REFUSED, "decided_on": "2018-03-20"})
    await refused(answer, 409, "illegal_transition")


async def test_the_handoff_of_another_ccas_and_one_that_is_nowhere_look_the_same(toulouse: Ccas, amiens: Ccas) -> None:
    handoff = await handed_over(toulouse, (await taken_in(toulouse))["id"], "precheck", "2018-03-02")
    problems = []
    for handoff_id in (handoff["id"], uuid4()):
        path = f"/handoffs/{handoff_id}"
        problems += [
            await refused(amiens.agent.get(path), 404, "not_found"),
            await refused(amiens.agent.post(f"{path}/completions", {"note": "x"}), 404, "not_found"),
            await refused(amiens.agent.post(f"{path}/withdrawals", WITHDRAWAL), 404, "not_found"),
        ]
    assert all(problem == problems[0] for problem in problems)
    assert (await ok(amiens.agent.get("/handoffs", request_id=handoff["request_id"])))["items"] == []


async def test_partners_do_not_act_for_the_ccas(databases: Databases, toulouse: Ccas) -> None:
    lender = lender_of(databases, toulouse)
    request = await taken_in(toulouse)
    handoff = await handed_over(toulouse, request["id"], "precheck", "2018-03-02")
    for answer in (
        lender.post(f"/requests/{request['id']}/handoffs", body("precheck")),
        lender.get("/handoffs"),
        lender.get(f"/handoffs/{handoff['id']}"),
        lender.post(f"/handoffs/{handoff['id']}/completions", {"note": "x"}),
        lender.post(f"/handoffs/{handoff['id']}/withdrawals", WITHDRAWAL),
    ):
        await refused(answer, 403, "forbidden")


# What the actions of a request tell.


async def told_and_tried(ccas: Ccas, request_id: str) -> dict[str, list[str]]:
    """The reasons against the acts towards a lender, once each was found to be what happens when it is tried."""
    path = f"/requests/{request_id}"
    listed = {item["action"]: item for item in (await ok(ccas.agent.get(f"{path}/actions")))["items"]}
    tried = {
        "send_precheck": (f"{path}/handoffs", body("precheck")),
        "send_loan_file": (f"{path}/handoffs", body("loan_file")),
        "assess": (f"{path}/assess", None),
    }
    told = {action: listed[action]["reasons"] for action in tried}
    for action, (at, act) in tried.items():
        assert listed[action]["allowed"] == (not told[action])
        if told[action]:
            code = "illegal_transition" if told[action] == ["state"] else told[action][0]
            await refused(ccas.agent.post(at, act), 409, code)
    return told


async def test_the_actions_of_a_request_at_toulouse(databases: Databases, toulouse: Ccas) -> None:
    lender = lender_of(databases, toulouse)
    state, gated, open_ = ["state"], ["check_not_favourable"], ["handoff_already_open"]

    def reasons(precheck: list[str], loan_file: list[str], assess: list[str]) -> dict[str, list[str]]:
        return {"send_precheck": precheck, "send_loan_file": loan_file, "assess": assess}

    request = await taken_in(toulouse)
    assert await told_and_tried(toulouse, request["id"]) == reasons([], state, gated)
    handoff = await handed_over(toulouse, request["id"], "precheck", "2018-03-02")
    assert await told_and_tried(toulouse, request["id"]) == reasons(open_, state, gated)
    for outcome, hour, assess in (("unfavorable", 9, gated), ("to_clear", 10, gated), ("favorable", 11, [])):
        told = check(handoff, outcome, ref=outcome, consulted_at=f"2018-03-05T{hour:02}:00:00Z")
        await ok(lender.post("/partner/ficp-checks", told))
        assert await told_and_tried(toulouse, request["id"]) == reasons(open_, state, assess)
    await ok(toulouse.agent.post(f"/requests/{request['id']}/assess", {"assessed_on": "2018-03-08"}))
    assert await told_and_tried(toulouse, request["id"]) == reasons(state, state, state)

    sent_on = await sent(toulouse, lender, 300_000, 36)
    assert await told_and_tried(toulouse, sent_on["request_id"]) == reasons(state, open_, state)
    await answered(lender, sent_on, REFUSED)
    assert await told_and_tried(toulouse, sent_on["request_id"]) == reasons(state, [], state)


async def test_the_actions_of_a_request_at_amiens_and_where_the_ccas_lends(
    databases: Databases, client: AsyncClient, amiens: Ccas, besancon: Ccas
) -> None:
    def reasons(precheck: list[str], loan_file: list[str], assess: list[str]) -> dict[str, list[str]]:
        return {"send_precheck": precheck, "send_loan_file": loan_file, "assess": assess}

    request = await taken_in(amiens)
    assert await told_and_tried(amiens, request["id"]) == reasons(["precheck_not_asked"], ["state"], [])
    request = await endorsed(amiens, None, 200_000, 24)
    assert await told_and_tried(amiens, request["id"]) == reasons(["precheck_not_asked"], [], ["state"])
    people_of = f"/people/{request['applicant_id']}/authorisations"
    (authorisation,) = (await ok(amiens.agent.get(people_of)))["items"]
    await ok(amiens.agent.post(f"{people_of}/{authorisation['id']}/withdrawal", {"withdrawn_on": "2018-03-13"}))
    unauthorised = reasons(["precheck_not_asked"], ["authorisation_missing"], ["state"])
    assert await told_and_tried(amiens, request["id"]) == unauthorised

    ended = open_under(databases, client, "amiens", credit_mutuel={"valid_to": date(2018, 12, 31)})
    request = await endorsed(ended, None, 200_000, 24)
    without = reasons(["precheck_not_asked"], ["no_agreement"], ["state"])
    assert await told_and_tried(ended, request["id"]) == without

    own = await ok(besancon.agent.post("/requests", demand(besancon)))
    assert await told_and_tried(besancon, own["id"]) == reasons(["no_lender"], ["no_lender"], [])


# Two at the same instant.


async def test_of_an_answer_and_a_withdrawal_at_once_one_wins(databases: Databases, amiens: Ccas) -> None:
    lender = lender_of(databases, amiens)
    handoff = await sent(amiens, None, 200_000, 24)
    answer, withdrawal = await asyncio.gather(
        lender.post(f"/partner/handoffs/{handoff['id']}/answers", REFUSED),
        amiens.agent.post(f"/handoffs/{handoff['id']}/withdrawals", WITHDRAWAL),
    )
    assert sorted([answer.status_code, withdrawal.status_code]) == [201, 409]
    read = await ok(amiens.agent.get(f"/handoffs/{handoff['id']}"))
    assert read["status"] == ("refused" if answer.is_success else "withdrawn")
    assert len(read["steps"]) == 2
    (listed,) = (await ok(lender.get("/partner/handoffs")))["items"]
    assert listed["status"] == read["status"]


async def test_a_handoffs_history_is_only_added_to(databases: Databases, toulouse: Ccas) -> None:
    await handed_over(toulouse, (await taken_in(toulouse))["id"], "precheck", "2018-03-02")
    for statement in (
        "delete from handoff_transitions",
        "delete from handoffs",
        "delete from authorisations",
    ):
        with pytest.raises(Exception, match="permission denied"):
            run_sql(databases, toulouse, statement)
    with pytest.raises(Exception, match="only ever added to"):
        run_sql(databases, toulouse, "update handoff_transitions set note = 'x'")


async def test_an_unfavourable_precheck_ends_with_another_answer(databases: Databases, toulouse: Ccas) -> None:
    lender = lender_of(databases, toulouse)
    request = await taken_in(toulouse)
    handoff = await prechecked(toulouse, lender, request, "unfavorable")
    closing = {**LENDER_REFUSED, "outcome": "closed_without_action", "reason_code": "lender_declined"}
    closed = await ok(toulouse.agent.post(f"/requests/{request['id']}/close", closing))
    assert (closed["status"], closed["other_answer"]["given_on"]) == ("closed_without_action", "2018-03-20")
    read = await ok(toulouse.agent.get(f"/handoffs/{handoff['id']}"))
    assert [step["status"] for step in read["steps"]] == ["sent", "refused", "withdrawn"]


async def test_who_borrows_does_not_change_while_a_precheck_speaks_of_others(
    databases: Databases, toulouse: Ccas
) -> None:
    request = await taken_in(toulouse)
    await prechecked(toulouse, lender_of(databases, toulouse), request)
    other = await ok(toulouse.agent.post("/people", {**demand(toulouse)["applicant"], "first_names": "Sacha"}))
    path = f"/requests/{request['id']}"
    change = {"co_applicant_id": other["id"]}
    patch = toulouse.agent.patch(path, change, etag=await etag_of(toulouse.agent, path))
    await refused(patch, 409, "handoff_already_open")
    (handoff,) = (await ok(toulouse.agent.get("/handoffs", request_id=request["id"])))["items"]
    await ok(toulouse.agent.post(f"/handoffs/{handoff['id']}/withdrawals", WITHDRAWAL))
    await ok(toulouse.agent.patch(path, change, etag=await etag_of(toulouse.agent, path)))


async def test_a_parked_acceptance_is_an_act_before_which_nothing_more_happens(
    databases: Databases, amiens: Ccas
) -> None:
    bank = lender_of(databases, amiens)
    handoff = await sent(amiens, None, 200_000, 24)
    answers = f"/partner/handoffs/{handoff['id']}/answers"
    parked = await ok(bank.post(answers, {"decision": "accepted", "decided_on": "2018-03-19"}))
    assert parked["status"] == "awaiting_check"
    withdrawal = {**WITHDRAWAL, "withdrawn_on": "2018-03-18"}
    for early in (
        amiens.agent.post(f"/handoffs/{handoff['id']}/withdrawals", withdrawal),
        bank.post(answers, {"decision": "refused", "decided_on": "2018-03-18"}),
    ):
        assert (await refused(early, 409, "date_out_of_order"))["not_before"] == "2018-03-19"


async def test_two_batches_of_one_lender_on_the_same_requests_take_turns(databases: Databases, toulouse: Ccas) -> None:
    """Each request has a precheck and a loan file: whatever the order of their handoffs, neither batch fails."""
    bank = lender_of(databases, toulouse)
    one, two = [await sent(toulouse, bank, 300_000, 36) for _ in range(2)]
    prechecks = {
        item["request_id"]: item for item in (await ok(toulouse.agent.get("/handoffs", kind="precheck")))["items"]
    }
    first = [check(prechecks[one["request_id"]], ref="A-1"), check(two, ref="A-2")]
    second = [check(prechecks[two["request_id"]], ref="B-1"), check(one, ref="B-2")]
    answers = await asyncio.gather(
        *(ok(bank.post("/partner/ficp-checks", {"items": items})) for items in (first, second))
    )
    assert [item["status"] for answer in answers for item in answer["items"]] == ["recorded"] * 4


async def test_a_precheck_of_one_borrower_opens_nothing_for_two(databases: Databases, toulouse: Ccas) -> None:
    lender, request = lender_of(databases, toulouse), await taken_in(toulouse)
    path, handoff = f"/requests/{request['id']}", await prechecked(toulouse, lender, request)
    await ok(
        toulouse.agent.post(f"/handoffs/{handoff['id']}/withdrawals", {**WITHDRAWAL, "withdrawn_on": "2018-03-06"})
    )
    other = await ok(toulouse.agent.post("/people", {**demand(toulouse)["applicant"], "first_names": "Sacha"}))
    await authorised(toulouse, other["id"])
    etag = await etag_of(toulouse.agent, path)
    await ok(toulouse.agent.patch(path, {"co_applicant_id": other["id"]}, etag=etag))
    again = await handed_over(toulouse, request["id"], "precheck", "2018-03-07")
    problem = await refused(toulouse.agent.post(f"{path}/assess", {"assessed_on": "2018-03-08"}), 409,
                            "check_not_favourable")  # fmt: skip
    assert problem["standing"] == "pending"
    told = check(again, ref="BOTH", consulted_at="2018-03-07T09:00:00Z")
    await ok(lender.post("/partner/ficp-checks", told))
    assert (await ok(toulouse.agent.get(f"/handoffs/{again['id']}")))["status"] == "accepted"
    await ok(toulouse.agent.post(f"{path}/assess", {"assessed_on": "2018-03-08"}))

"""What lenders tell by letter, entered by the staff: the same rules as for their machines, under the letter's name."""

from collections import Counter
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests.lenders import (
    accepted_by,
    accepted_file,
    check,
    handed_over,
    lender_of,
    letter,
    neighbours,
    offer,
    paid_out,
    repayment_line,
    sent,
    signed,
    taken_in,
)
from tests.support import Ccas, Databases, Json, ok, refused, run_sql

OFFICER = "Dominique Modèle, crédits solidaires"


def told_check(handoff: Json, outcome: str = "favorable", **changes: Any) -> Json:
    """A check as a letter of 20 March 2018 tells it."""
    told = check(handoff, outcome, consulted_at="2018-03-15T10:00:00Z", letter=letter()) | changes
    return {name: value for name, value in told.items() if name != "handoff_id"}


def answer(decision: str = "accepted", **changes: Any) -> Json:
    return {"decision": decision, "decided_on": "2018-03-16", "letter": letter(), **changes}


async def tellings(databases: Databases, ccas: Ccas) -> list[Any]:
    return run_sql(databases, ccas, "select * from tellings order by id")


async def test_a_bank_without_a_machine_lends_by_letters_from_the_check_to_the_statement(
    databases: Databases, amiens: Ccas
) -> None:
    handoff = await sent(amiens, None, 200_000, 24)
    path = f"/handoffs/{handoff['id']}"
    checked = await ok(amiens.agent.post(f"{path}/ficp-checks", told_check(handoff)))
    assert (checked["stage"], checked["status"]) == ("grant_decision", "recorded")
    accepted = await ok(amiens.agent.post(f"{path}/answers", answer(reference="D-77")))
    assert (accepted["status"], accepted["answered_on"], accepted["partner_reference"]) == (
        "accepted",
        "2018-03-16",
        "D-77",
    )
    made = await ok(amiens.agent.post(f"{path}/offers", offer(200_000, 24, "6.20", letter=letter())))
    await signed(amiens, made["loan_id"])
    payment = {"amount_cents": 200_000, "disbursed_on": "2018-04-05", "reference": "V-1", "payee": {"kind": "supplier"}}
    paid = await ok(amiens.agent.post(f"{path}/disbursements", {**payment, "letter": letter("2018-04-06")}))
    assert paid["stage"] == "disbursed"
    line = repayment_line(handoff, 8_882, "2018-05-05", "R-1")
    statement = {"position_on": "2018-05-31", "items": [line]}
    told = await ok(amiens.agent.post("/lender-statements", {**statement, "letter": letter("2018-06-02")}))
    assert [item["status"] for item in told["items"]] == ["recorded"]
    ledger = await ok(amiens.agent.get(f"/loans/{made['loan_id']}/ledger"))
    assert [(entry["kind"], entry["amount_cents"]) for entry in ledger["items"]] == [
        ("disbursement", 200_000),
        ("repayment", 8_882),
    ]
    assert Counter(row["channel"] for row in await tellings(databases, amiens)) == {"letter": 3}


async def test_what_a_letter_told_is_shown_with_its_source_its_lender_and_who_entered_it(amiens: Ccas) -> None:
    handoff = await sent(amiens, None, 200_000, 24)
    path = f"/handoffs/{handoff['id']}"
    await ok(amiens.agent.post(f"{path}/ficp-checks", told_check(handoff)))
    accepted = await ok(amiens.agent.post(f"{path}/answers", answer()))
    assert [(step["action"], step["by"], step["source"]) for step in accepted["steps"]] == [
        ("send", "ccas", None),
        ("progress", "partner", "reported_by_staff"),
        ("accept", "partner", "reported_by_staff"),
    ]
    login = (await ok(amiens.agent.get("/me")))["username"].partition("@")[0]
    timeline = (await ok(amiens.agent.get(f"/requests/{handoff['request_id']}/timeline")))["items"]
    told = [item for item in timeline if item["partner"]]
    assert {(item["author"], item["partner"], item["source"]) for item in told} == {
        (login, amiens.lender, "reported_by_staff")
    }
    assert {"ficp_check", "handoff", "transition"} <= {item["kind"] for item in told}
    assert {item["source"] for item in timeline if not item["partner"]} == {None}


async def test_what_a_machine_told_is_the_partners_own(databases: Databases, amiens: Ccas) -> None:
    handoff = await sent(amiens, None, 200_000, 24)
    await accepted_by(lender_of(databases, amiens), handoff)
    steps = (await ok(amiens.agent.get(f"/handoffs/{handoff['id']}")))["steps"]
    assert [step["source"] for step in steps] == [None, "partner_machine", "partner_machine"]


async def test_a_precheck_by_letter_opens_or_keeps_the_door_as_one_of_a_machine(toulouse: Ccas) -> None:
    request = await taken_in(toulouse)
    handoff = await handed_over(toulouse, request["id"], "precheck", "2018-03-02")
    path = f"/handoffs/{handoff['id']}/ficp-checks"
    unfit = told_check(handoff, "unfavorable", consulted_at="2018-03-05T09:30:00Z", letter=letter("2018-03-05"))
    await ok(toulouse.agent.post(path, unfit))
    assert (await ok(toulouse.agent.get(f"/handoffs/{handoff['id']}")))["status"] == "refused"
    # A letter entered wrongly is corrected by a later consultation, never edited.
    right = {**unfit, "outcome": "favorable", "consultation_ref": "C-2", "consulted_at": "2018-03-05T11:00:00Z"}
    await ok(toulouse.agent.post(path, right))
    assert (await ok(toulouse.agent.get(f"/handoffs/{handoff['id']}")))["status"] == "accepted"
    await refused(toulouse.agent.post(f"/handoffs/{handoff['id']}/answers", answer()), 409, "answered_by_check")


async def test_an_acceptance_by_letter_waits_for_its_check_whichever_way_that_comes(
    databases: Databases, amiens: Ccas
) -> None:
    handoff = await sent(amiens, None, 200_000, 24)
    parked = await ok(amiens.agent.post(f"/handoffs/{handoff['id']}/answers", answer()))
    assert parked["status"] == "awaiting_check"
    told = check(handoff, consulted_at="2018-03-15T10:00:00Z")
    await ok(lender_of(databases, amiens).post("/partner/ficp-checks", told))
    assert (await ok(amiens.agent.get(f"/handoffs/{handoff['id']}")))["status"] == "accepted"


async def test_a_check_by_letter_and_by_the_machine_is_one_consultation(databases: Databases, amiens: Ccas) -> None:
    handoff = await sent(amiens, None, 200_000, 24)
    path = f"/handoffs/{handoff['id']}/ficp-checks"
    first = await ok(amiens.agent.post(path, told_check(handoff)))
    again = await ok(amiens.agent.post(path, told_check(handoff)))
    by_machine = check(handoff, consulted_at="2018-03-15T10:00:00Z")
    third = await ok(lender_of(databases, amiens).post("/partner/ficp-checks", by_machine))
    fourth = await ok(amiens.agent.post(path, told_check(handoff)))
    told = (first, again, third, fourth)
    assert [one["status"] for one in told] == ["recorded", "known", "recorded", "known"], "once by each way"
    assert first["id"] == again["id"] == fourth["id"] != third["id"]
    other = told_check(handoff, "unfavorable")
    await refused(amiens.agent.post(path, other), 409, "consultation_ref_reused")
    assert len(await tellings(databases, amiens)) == 1


async def test_what_a_letter_told_without_a_proof_the_machine_tells_again_with_it(
    databases: Databases, amiens: Ccas
) -> None:
    handoff, lender = await sent(amiens, None, 200_000, 24), lender_of(databases, amiens)
    await ok(amiens.agent.post(f"/handoffs/{handoff['id']}/ficp-checks", told_check(handoff)))
    by_machine = check(handoff, consulted_at="2018-03-15T10:00:00Z", evidence_sha256="e" * 64)
    assert (await ok(lender.post("/partner/ficp-checks", by_machine)))["status"] == "recorded"
    other = {**by_machine, "evidence_sha256": "f" * 64}
    await refused(lender.post("/partner/ficp-checks", other), 409, "consultation_ref_reused")
    proven = {**by_machine, "consultation_ref": "C-2"}
    await ok(lender.post("/partner/ficp-checks", proven))
    other = {**proven, "evidence_sha256": "f" * 64}
    await refused(lender.post("/partner/ficp-checks", other), 409, "consultation_ref_reused")


async def test_an_offer_is_the_same_by_letter_by_another_letter_and_by_the_machine(
    databases: Databases, amiens: Ccas
) -> None:
    lender, handoff = await accepted_file(databases, amiens, 200_000, 24)
    path, body = f"/handoffs/{handoff['id']}/offers", offer(200_000, 24, "6.20")
    first = await ok(amiens.agent.post(path, {**body, "letter": letter()}))
    again = await ok(amiens.agent.post(path, {**body, "letter": letter("2018-03-21", reference="CM/2018/118")}))
    assert again == await ok(lender.post(f"/partner{path}", body)) == {**first, "known": True}


async def test_a_day_to_come_is_refused_by_its_own_name(amiens: Ccas) -> None:
    handoff = await sent(amiens, None, 200_000, 24)
    path = f"/handoffs/{handoff['id']}/answers"
    told = await refused(amiens.agent.post(path, answer(decided_on="2190-01-01")), 409, "date_in_future")
    assert told["field"] == "decided_on"
    told = await refused(amiens.agent.post(path, answer(letter=letter("2018-03-14"))), 409, "date_out_of_order")
    assert told["detail"] == "La date du courrier ne peut pas précéder le 16/03/2018."


async def test_a_letter_is_dated_between_what_it_tells_and_today(databases: Databases, amiens: Ccas) -> None:
    handoff = await sent(amiens, None, 200_000, 24)
    path = f"/handoffs/{handoff['id']}"
    for way, body in (("answers", answer()), ("ficp-checks", told_check(handoff))):
        early = {**body, "letter": letter("2018-03-14")}
        told = await refused(amiens.agent.post(f"{path}/{way}", early), 409, "date_out_of_order")
        assert told["field"] == "letter.dated_on"
        await refused(
            amiens.agent.post(f"{path}/{way}", {**body, "letter": letter("2190-01-01")}), 409, "date_in_future"
        )
    statement = {"partner": amiens.lender, "position_on": "2018-05-31", "items": [], "letter": letter("2018-05-30")}
    await refused(amiens.agent.post("/lender-statements", statement), 409, "date_out_of_order")
    assert await tellings(databases, amiens) == []
    read = await ok(amiens.agent.get(path))
    assert [step["action"] for step in read["steps"]] == ["send"]


async def test_a_letter_has_its_reference_and_nothing_beyond_the_contract(databases: Databases, amiens: Ccas) -> None:
    handoff = await sent(amiens, None, 200_000, 24)
    path = f"/handoffs/{handoff['id']}"
    for body in (
        {name: value for name, value in answer().items() if name != "letter"},
        answer(letter={"dated_on": "2018-03-20"}),
        answer(letter=letter(reference=" ")),
        answer(source="partner"),
        answer(letter=letter(channel="link")),
    ):
        await refused(amiens.agent.post(f"{path}/answers", body), 422, "invalid")
    listed = told_check(handoff, incidents=3)
    await refused(amiens.agent.post(f"{path}/ficp-checks", listed), 422, "invalid")
    assert await tellings(databases, amiens) == []


async def test_what_is_refused_leaves_no_letter_behind(databases: Databases, amiens: Ccas) -> None:
    handoff = await sent(amiens, None, 200_000, 24)
    path = f"/handoffs/{handoff['id']}"
    await refused(
        amiens.agent.post(f"{path}/offers", offer(200_000, 24, "6.20", letter=letter())), 409, "illegal_transition"
    )
    await refused(amiens.agent.post(f"{path}/answers", answer(decided_on="2018-03-12")), 409, "date_out_of_order")
    assert await tellings(databases, amiens) == []


async def test_one_letter_is_entered_once_by_each_who_enters_it(databases: Databases, amiens: Ccas) -> None:
    handoff = await sent(amiens, None, 200_000, 24)
    path, named = f"/handoffs/{handoff['id']}", letter(officer=OFFICER)
    await ok(amiens.agent.post(f"{path}/ficp-checks", told_check(handoff, letter=named)))
    await ok(amiens.agent.post(f"{path}/answers", answer(letter=named)))
    (told,) = await tellings(databases, amiens)
    assert (told["reference"], str(told["dated_on"]), told["officer"], told["account_id"], told["link_id"]) == (
        "CM/2018/117",
        "2018-03-20",
        OFFICER,
        amiens.agent.account_id,
        None,
    )
    authors = "select account_id, partner_client_id, telling_id from handoff_transitions where action <> 'send'"
    rows = [tuple(row.values()) for row in run_sql(databases, amiens, authors)]
    assert rows == [(None, None, told["id"])] * 2
    (checked,) = run_sql(databases, amiens, "select partner_client_id, telling_id from ficp_checks")
    assert tuple(checked.values()) == (None, told["id"])


async def test_a_statement_by_letter_neither_opens_nor_moves_anything_in_another_ccas(
    databases: Databases, client: AsyncClient
) -> None:
    one, two = neighbours(databases, client, "amiens")
    lender = lender_of(databases, one)
    handoffs, loans = [], []
    for ccas in (one, two):
        handoff = await sent(ccas, None, 200_000, 24)
        await accepted_by(lender, handoff)
        loans.append(await paid_out(ccas, lender, handoff, offer(200_000, 24, "6.20")))
        handoffs.append(handoff)
    lines = [repayment_line(handoff, 8_882, "2018-05-05", f"R-{n}") for n, handoff in enumerate(handoffs)]
    statement = {"partner": one.lender, "position_on": "2018-05-31", "items": lines, "letter": letter("2018-06-02")}
    answers = (await ok(one.agent.post("/lender-statements", statement)))["items"]
    assert [item["status"] for item in answers] == ["recorded", "refused"]
    assert answers[1]["error"]["code"] == "not_found"
    stranger = {**statement, "items": [repayment_line({"id": str(uuid4())}, 8_882, "2018-05-05", "R-9")]}
    unknown = (await ok(one.agent.post("/lender-statements", stranger)))["items"][0]
    assert {**unknown, "index": 1} == answers[1]
    assert len(run_sql(databases, two, "select id from statements")) == 0
    assert len(run_sql(databases, one, "select id from statements")) == 2
    ledger = (await ok(two.agent.get(f"/loans/{loans[1]}/ledger")))["items"]
    assert [entry["kind"] for entry in ledger] == ["disbursement"]


async def test_a_lender_that_was_handed_nothing_has_no_statement_here(
    databases: Databases, amiens: Ccas, toulouse: Ccas
) -> None:
    await sent(amiens, None, 200_000, 24)
    statement = {"position_on": "2018-05-31", "items": [], "letter": letter("2018-06-02")}
    for partner, code in ((toulouse.lender, "nothing_handed_over"), ("nobody", "unknown_partner")):
        await refused(amiens.agent.post("/lender-statements", {**statement, "partner": partner}), 409, code)
    await refused(toulouse.agent.post("/lender-statements", statement), 409, "lender_not_named")
    assert await tellings(databases, amiens) == []
    assert (await ok(amiens.agent.post("/lender-statements", statement)))["items"] == []


async def test_another_ccas_handoff_takes_no_letter_and_own_funds_have_none(
    databases: Databases, client: AsyncClient, besancon: Ccas
) -> None:
    one, two = neighbours(databases, client, "amiens")
    handoff = await sent(one, None, 200_000, 24)
    for ccas in (two, besancon):
        for identifier in (handoff["id"], str(uuid4())):
            await refused(ccas.agent.post(f"/handoffs/{identifier}/answers", answer()), 404, "not_found")
            body = told_check(handoff)
            await refused(ccas.agent.post(f"/handoffs/{identifier}/ficp-checks", body), 404, "not_found")
        assert await tellings(databases, ccas) == []


async def test_agents_enter_letters_and_nobody_else(databases: Databases, amiens: Ccas) -> None:
    handoff = await sent(amiens, None, 200_000, 24)
    path = f"/handoffs/{handoff['id']}/answers"
    for other in (amiens.decider, amiens.manager, lender_of(databases, amiens)):
        await refused(other.post(path, answer()), 403, "forbidden")
    bare = await amiens.agent.client.post(f"/v1{path}", json=answer(), headers=amiens.agent.headers)
    assert (bare.status_code, bare.json()["code"]) == (400, "header_missing")


async def test_a_letter_sent_again_under_its_key_has_no_second_effect(databases: Databases, amiens: Ccas) -> None:
    _, handoff = await accepted_file(databases, amiens, 200_000, 24)
    body = offer(200_000, 24, "6.20", letter=letter())
    path, key = f"/handoffs/{handoff['id']}/offers", str(uuid4())
    first, again = [await amiens.agent.post(path, body, key=key) for _ in range(2)]
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
    assert again.headers["idempotency-replayed"] == "true"
    # Told again as it was, under another key, it is the same offer.
    assert await ok(amiens.agent.post(path, body)) == {**first.json(), "known": True}
    assert len(run_sql(databases, amiens, "select id from loans")) == 1


async def test_the_database_keeps_one_author_and_letters_as_they_were_entered(
    databases: Databases, amiens: Ccas
) -> None:
    handoff = await sent(amiens, None, 200_000, 24)
    await ok(amiens.agent.post(f"/handoffs/{handoff['id']}/ficp-checks", told_check(handoff)))
    for statement in ("update tellings set reference = 'x'", "delete from tellings"):
        with pytest.raises(DBAPIError, match="only ever added to"):
            run_sql(databases, amiens, statement, as_owner=True)
    insert = (
        "insert into tellings"
        " (tenant_id, id, partner_id, dated_on, entered_at, channel, reference, officer, account_id)"
        " select tenant_id, gen_random_uuid(), partner_id, dated_on, now(), {0}, {1}, {2}, {3} from tellings"
    )
    for values, broken in (
        (("'api'", "reference", "null", "account_id"), "not_by_machine"),
        (("'letter'", "null", "null", "account_id"), "letter_has_reference"),
        (("'link'", "null", "'x'", "account_id"), "link_is_named"),
        (("'file'", "null", "null", "null"), "one_author"),
    ):
        with pytest.raises(IntegrityError, match=broken):
            run_sql(databases, amiens, insert.format(*values))

"""What a partner reads no more once the person takes the authorisation back, and what it keeps under its contract."""

from typing import Any

import pytest

from app.domain.permissions import Role
from tests.api.test_communes import staff_of
from tests.lenders import (
    OTHER_ANSWER,
    Lender,
    accepted_by,
    accepted_file,
    authorised,
    check,
    handed_over,
    lender_of,
    offer,
    offered_by,
    sent,
    signed,
    taken_in,
)
from tests.support import Ccas, Databases, Json, Staff, etag_of, ok, run_sql

PAYLOAD = ("payload", "payload_withheld", "ficp_query_keys")
HIDDEN = (None, "authorisation_missing", None)


async def take_back(staff: Staff, person_id: str, withdrawn_on: str, purposes: list[str] | None = None) -> None:
    """Withdraws the person's authorisations that are of these purposes alone, all by default."""
    path = f"/people/{person_id}/authorisations"
    for given in (await ok(staff.get(path)))["items"]:
        if purposes in (None, given["purposes"]) and given["withdrawn_on"] is None:
            await ok(staff.post(f"{path}/{given['id']}/withdrawal", {"withdrawn_on": withdrawn_on}))


async def borrower_of(ccas: Ccas, handoff: Json) -> str:
    return str((await ok(ccas.agent.get(f"/requests/{handoff['request_id']}")))["applicant_id"])


async def seen(bank: Lender, handoff: Json) -> tuple[Any, ...]:
    """What the bank reads of the payload, why not, and whether it has a key to ask with."""
    read = await ok(bank.get(f"/partner/handoffs/{handoff['id']}"))
    return tuple(read[name] for name in PAYLOAD)


async def told(reader: Staff, path: str) -> list[tuple[str, str]]:
    """The withdrawals that the events tell of, with where the handoff stands."""
    items = (await ok(reader.get(path, limit=500)))["items"]
    events = [(item.get("type") or item["kind"], item.get("data", item)["status"]) for item in items]
    return [event for event in events if event[0] == "handoff.authorisation_withdrawn"]


async def made(databases: Databases, ccas: Ccas, kind: str) -> tuple[Lender, Json]:
    bank = lender_of(databases, ccas)
    if kind == "loan_file":
        return bank, await sent(ccas, bank, 300_000, 36)
    return bank, await handed_over(ccas, (await taken_in(ccas))["id"], "precheck", "2018-03-02")


@pytest.mark.parametrize("kind", ["precheck", "loan_file"])
async def test_from_the_withdrawal_on_the_bank_sees_that_there_is_a_handoff_and_reads_nothing_of_it(
    databases: Databases, toulouse: Ccas, kind: str
) -> None:
    bank, handoff = await made(databases, toulouse, kind)
    path = f"/partner/handoffs/{handoff['id']}"
    before = await ok(bank.get(path))
    assert (before["payload"], before["payload_withheld"]) == (handoff["payload"], None)
    assert before["ficp_query_keys"]["applicant"]
    of_staff, etag = f"/handoffs/{handoff['id']}", await etag_of(toulouse.agent, f"/handoffs/{handoff['id']}")

    await take_back(toulouse.agent, await borrower_of(toulouse, handoff), "2018-03-14")
    after = await bank.get(path)
    assert after.json() == {**before, **dict(zip(PAYLOAD, HIDDEN, strict=True)), "version": before["version"] + 1}
    assert "Exemple" not in after.text
    (item,) = [item for item in (await ok(bank.get("/partner/handoffs")))["items"] if item["id"] == handoff["id"]]
    assert (item["status"], item["payload_sha256"]) == ("sent", before["payload_sha256"])
    kept = await ok(toulouse.agent.get(of_staff))
    assert (kept["payload"], kept["payload_withheld"]) == (handoff["payload"], "authorisation_missing")
    assert await etag_of(toulouse.agent, of_staff) != etag
    assert ("handoff.authorisation_withdrawn", "sent") in await told(bank, "/partner/events")
    assert ("handoff.authorisation_withdrawn", "sent") in await told(toulouse.agent, "/events")

    await authorised(toulouse, await borrower_of(toulouse, handoff))
    assert await seen(bank, handoff) == tuple(before[name] for name in PAYLOAD)
    assert (await ok(toulouse.agent.get(of_staff)))["payload_withheld"] is None


async def test_the_bank_is_told_once_of_each_handoff_that_it_read_until_then(
    databases: Databases, amiens: Ccas
) -> None:
    bank, handoff = lender_of(databases, amiens), await sent(amiens, None, 200_000, 24)
    borrower = await borrower_of(amiens, handoff)
    for purposes in (["loan_file"], ["precheck"]):
        body = {"recipient": amiens.lender, "purposes": purposes, "given_on": "2018-03-01"}
        await ok(amiens.agent.post(f"/people/{borrower}/authorisations", body))
    await take_back(amiens.agent, borrower, "2018-03-14", ["precheck"])
    await take_back(amiens.agent, borrower, "2018-03-14", ["loan_file", "precheck"])
    assert (await seen(bank, handoff))[:2] == (handoff["payload"], None), "it is authorised once more"
    assert await told(bank, "/partner/events") == []
    await take_back(amiens.agent, borrower, "2018-03-15", ["loan_file"])
    assert await seen(bank, handoff) == HIDDEN
    assert await told(bank, "/partner/events") == [("handoff.authorisation_withdrawn", "sent")]


async def test_what_the_ccas_answered_goes_with_the_payload_and_what_the_bank_told_stays(
    databases: Databases, amiens: Ccas
) -> None:
    bank, handoff = lender_of(databases, amiens), await sent(amiens, None, 200_000, 24)
    asked = {"decision": "more_information", "decided_on": "2018-03-14", "asked": "Le contrat de travail"}
    await ok(bank.post(f"/partner/handoffs/{handoff['id']}/answers", asked))
    answered = {"note": "Mme Exemple est en CDI depuis mars"}
    await ok(amiens.agent.post(f"/handoffs/{handoff['id']}/completions", answered))
    await take_back(amiens.agent, await borrower_of(amiens, handoff), "2018-03-15")
    read = await ok(bank.get(f"/partner/handoffs/{handoff['id']}"))
    assert [step["note"] for step in read["steps"]] == [None, asked["asked"], None]
    whole = await ok(amiens.agent.get(f"/handoffs/{handoff['id']}"))
    assert [step["note"] for step in whole["steps"]] == [None, asked["asked"], answered["note"]]


async def test_one_borrower_of_two_is_enough(databases: Databases, amiens: Ccas) -> None:
    second = {"first_names": "Sacha", "birth_name": "Second", "birth_on": "1985-07-01"}
    person = await ok(amiens.agent.post("/people", {**second, "commune_insee_code": amiens.insee_code}))
    await authorised(amiens, person["id"])
    bank = lender_of(databases, amiens)
    handoff = await sent(amiens, None, 200_000, 24, co_applicant_id=person["id"])
    await take_back(amiens.agent, person["id"], "2018-03-14")
    assert await seen(bank, handoff) == HIDDEN


async def test_a_contract_in_force_is_carried_out_with_what_it_rests_on(databases: Databases, toulouse: Ccas) -> None:
    bank, handoff = await accepted_file(databases, toulouse, 300_000, 36)
    items = (await ok(toulouse.agent.get("/handoffs", request_id=handoff["request_id"])))["items"]
    (precheck,) = [item for item in items if item["kind"] == "precheck"]
    await signed(toulouse, await offered_by(toulouse, bank, handoff, offer(300_000, 36, "3.04")), "2018-03-26")
    await take_back(toulouse.agent, await borrower_of(toulouse, handoff), "2018-03-27")
    payload, withheld, keys = await seen(bank, handoff)
    assert (payload, withheld) == (handoff["payload"], None)
    assert keys["applicant"]
    assert (await ok(toulouse.agent.get(f"/handoffs/{handoff['id']}")))["payload_withheld"] is None
    assert await seen(bank, precheck) == HIDDEN, "no contract rests on it"
    events = (await ok(bank.get("/partner/events", limit=500)))["items"]
    ended = [event["data"]["handoff_id"] for event in events if event["type"].endswith("authorisation_withdrawn")]
    assert ended == [precheck["id"]]


@pytest.mark.parametrize("step", ["accepted", "offered", "signed on the day", "cancelled"])
async def test_without_a_contract_in_force_the_withdrawal_holds(databases: Databases, amiens: Ccas, step: str) -> None:
    bank, handoff = await accepted_file(databases, amiens, 200_000, 24)
    withdrawn_on = "2018-03-20"
    if step != "accepted":
        loan_id = await offered_by(amiens, bank, handoff, offer(200_000, 24, "6.20"))
    if step in ("signed on the day", "cancelled"):
        await signed(amiens, loan_id, "2018-03-26")
        withdrawn_on = "2018-03-26"
    if step == "cancelled":
        cancelled = {"cancelled_on": "2018-03-28", "reason": "Le prêteur renonce"}
        await ok(amiens.agent.post(f"/loans/{loan_id}/cancellations", cancelled))
        withdrawn_on = "2018-03-29"
    assert (await seen(bank, handoff))[1] is None
    await take_back(amiens.agent, await borrower_of(amiens, handoff), withdrawn_on)
    assert await seen(bank, handoff) == HIDDEN


async def test_a_handoff_that_is_over_says_so_whatever_was_authorised(databases: Databases, amiens: Ccas) -> None:
    bank, handoff = lender_of(databases, amiens), await sent(amiens, None, 200_000, 24)
    refusal = {"decision": "refused", "decided_on": "2018-03-16"}
    await ok(bank.post(f"/partner/handoffs/{handoff['id']}/answers", refusal))
    await take_back(amiens.agent, await borrower_of(amiens, handoff), "2018-03-20")
    assert await seen(bank, handoff) == (None, "handoff_closed", None)
    assert (await ok(amiens.agent.get(f"/handoffs/{handoff['id']}")))["payload_withheld"] == "handoff_closed"
    assert await told(bank, "/partner/events") == []


async def test_a_precheck_is_read_under_its_own_authorisation_alone(databases: Databases, toulouse: Ccas) -> None:
    bank, handoff = await made(databases, toulouse, "precheck")
    borrower = await borrower_of(toulouse, handoff)
    await ok(bank.post("/partner/ficp-checks", check(handoff, "unfavorable")))
    assert (await seen(bank, handoff))[0] == handoff["payload"]
    await take_back(toulouse.agent, borrower, "2018-03-22")
    body = {"recipient": toulouse.lender, "purposes": ["loan_file"], "given_on": "2018-03-22"}
    await ok(toulouse.agent.post(f"/people/{borrower}/authorisations", body))
    assert await seen(bank, handoff) == HIDDEN, "another purpose is not this one"


async def test_a_precheck_stays_unread_once_its_request_has_ended_though_it_is_taken_up_again(
    databases: Databases, toulouse: Ccas
) -> None:
    bank, handoff = await made(databases, toulouse, "precheck")
    path = f"/requests/{handoff['request_id']}"
    await ok(bank.post("/partner/ficp-checks", check(handoff, "unfavorable")))
    closing = {"outcome": "withdrawn", "reason_code": "other", "closed_on": "2018-03-20", "other_answer": OTHER_ANSWER}
    await ok(toulouse.agent.post(f"{path}/close", closing))
    assert await seen(bank, handoff) == (None, "handoff_closed", None)
    await ok(toulouse.agent.post(f"{path}/reopen", {"reopened_on": "2018-03-22", "reason": "La personne revient"}))
    assert await seen(bank, handoff) == (None, "handoff_closed", None)


async def test_whoever_works_for_one_commune_takes_back_what_was_handed_over_in_another(
    databases: Databases, fresnes: Ccas
) -> None:
    bank, handoff = lender_of(databases, fresnes), await sent(fresnes, None, 200_000, 24)
    borrower = await borrower_of(fresnes, handoff)
    moved_to = "59153"
    run_sql(databases, fresnes, "update people set commune_insee_code = :code where id = :id", code=moved_to,
            id=borrower)  # fmt: skip
    narrow = staff_of(databases, fresnes, moved_to, roles=(Role.AGENT,))
    assert (await narrow.get(f"/requests/{handoff['request_id']}")).status_code == 404
    await take_back(narrow, borrower, "2018-03-20")
    assert await seen(bank, handoff) == HIDDEN
    assert await told(bank, "/partner/events") == [("handoff.authorisation_withdrawn", "sent")]


async def test_a_loan_is_told_of_and_repaid_after_the_withdrawal(databases: Databases, amiens: Ccas) -> None:
    """What the bank tells of its contract is recorded as before."""
    bank, handoff = lender_of(databases, amiens), await sent(amiens, None, 200_000, 24)
    await accepted_by(bank, handoff)
    loan_id = await offered_by(amiens, bank, handoff, offer(200_000, 24, "6.20"))
    await signed(amiens, loan_id)
    await take_back(amiens.agent, await borrower_of(amiens, handoff), "2018-03-27")
    payment = {"amount_cents": 200_000, "disbursed_on": "2018-04-05", "reference": "V-1",
               "payee": {"kind": "supplier"}}  # fmt: skip
    await ok(bank.post(f"/partner/handoffs/{handoff['id']}/disbursements", payment))
    assert (await seen(bank, handoff))[1] is None

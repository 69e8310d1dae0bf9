"""A check is of the people whom the file was handed over of, and of nobody who joined it since."""

from tests.lenders import (
    SUPPORT_PERSON,
    authorised,
    check,
    endorsement,
    lender_of,
    sent,
)
from tests.support import Ccas, Databases, Json, ok, run_sql

SECOND: Json = {"first_names": "Sacha", "birth_name": "Second", "birth_on": "1985-07-01"}
ADJOURNED: Json = {
    "outcome": "adjourn",
    "reason_code": "missing_papers",
    "reason": "Un co-emprunteur se joint",
    "missing": ["Sa pièce d’identité"],
    "decided_on": "2018-03-19",
    "signatory": "La présidente",
}


async def taken_up_again(databases: Databases, ccas: Ccas, handoff: Json, **changes: object) -> Json:
    """The same file sent once more to its lender, changed since the first refused it."""
    path = f"/requests/{handoff['request_id']}"
    (decision,) = run_sql(databases, ccas, "select id from decisions")
    abrogation = {"kind": "abrogation", "reason": "Nouvelle demande", "rectified_on": "2018-03-19",
                  "signatory": "La présidente"}  # fmt: skip
    await ok(ccas.decider.post(f"/decisions/{decision['id']}/rectifications", abrogation))
    await ok(ccas.decider.post(f"{path}/decisions", ADJOURNED))
    version = (await ok(ccas.agent.get(path)))["version"]
    if changes:
        await ok(ccas.agent.patch(path, changes, etag=f'"{version}"'))
    await ok(ccas.agent.post(f"{path}/submit", {"submitted_on": "2018-03-20"}))
    await ok(ccas.decider.post(f"{path}/decisions", endorsement(200_000, 24, decided_on="2018-03-21")))
    body = {"kind": "loan_file", "support_person": SUPPORT_PERSON, "sent_on": "2018-03-21"}
    return await ok(ccas.agent.post(f"{path}/handoffs", body))


async def test_who_joined_a_file_since_its_check_has_it_checked_again(databases: Databases, amiens: Ccas) -> None:
    bank, handoff = lender_of(databases, amiens), await sent(amiens, None, 200_000, 24)
    await ok(bank.post("/partner/ficp-checks", check(handoff, ref="ONE", consulted_at="2018-03-14T10:00:00Z")))
    refusal = {"decision": "refused", "decided_on": "2018-03-16"}
    await ok(bank.post(f"/partner/handoffs/{handoff['id']}/answers", refusal))
    person = await ok(amiens.agent.post("/people", {**SECOND, "commune_insee_code": amiens.insee_code}))
    await authorised(amiens, person["id"])
    again = await taken_up_again(databases, amiens, handoff, co_applicant_id=person["id"])
    answer = {"decision": "accepted", "decided_on": "2018-03-22"}
    assert (await ok(bank.post(f"/partner/handoffs/{again['id']}/answers", answer)))["status"] == "awaiting_check"
    items = (await ok(amiens.agent.get(f"/requests/{handoff['request_id']}/ficp-checks")))["items"]
    assert [item["standing"] for item in items] == ["pending"]
    of_both = check(again, ref="BOTH", consulted_at="2018-03-23T10:00:00Z")
    await ok(bank.post("/partner/ficp-checks", of_both))
    assert (await ok(amiens.agent.get(f"/handoffs/{again['id']}")))["status"] == "accepted"


async def test_the_check_of_the_same_people_holds_for_their_file_sent_again(databases: Databases, amiens: Ccas) -> None:
    bank, handoff = lender_of(databases, amiens), await sent(amiens, None, 200_000, 24)
    await ok(bank.post("/partner/ficp-checks", check(handoff, ref="ONE", consulted_at="2018-03-14T10:00:00Z")))
    refusal = {"decision": "refused", "decided_on": "2018-03-16"}
    await ok(bank.post(f"/partner/handoffs/{handoff['id']}/answers", refusal))
    again = await taken_up_again(databases, amiens, handoff)
    assert again["payload_sha256"] != handoff["payload_sha256"]
    answer = {"decision": "accepted", "decided_on": "2018-03-22"}
    assert (await ok(bank.post(f"/partner/handoffs/{again['id']}/answers", answer)))["status"] == "accepted"

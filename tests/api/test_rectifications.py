"""Rectifications: the first decision is kept, and what was decided goes back to whoever decides."""

from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from tests.api.test_communes import CONDE, FRESNES, staff_of
from tests.api.test_decisions import ADJOURNMENT, GRANT, GRANT_PLAN, REFUSAL
from tests.lenders import accepted_file, before_commission, endorsement, sent
from tests.support import (
    APPROVAL,
    OTHER_ANSWER,
    Ccas,
    Databases,
    Json,
    accepted,
    approved,
    offered,
    ok,
    refused,
    run_sql,
    submitted,
)

NOBODY = "01900000-0000-7000-8000-000000000000"


def rectification(kind: str, **changes: Any) -> Json:
    corrections = {"corrections": {"signatory": "Mme Exemple"}} if kind == "material_error" else {}
    return {
        "kind": kind,
        "rectified_on": "2011-02-01",
        "reason": "Une autre aide était acquise",
        "signatory": "La présidente du CCAS",
        **corrections,
        **changes,
    }


async def decided(ccas: Ccas, request_id: str) -> str:
    """The identifier of the last decision on a request."""
    return str((await ok(ccas.agent.get("/decisions", request_id=request_id)))["items"][0]["id"])


async def rectify(ccas: Ccas, decision_id: str, kind: str, **changes: Any) -> Json:
    return await ok(ccas.decider.post(f"/decisions/{decision_id}/rectifications", rectification(kind, **changes)))


async def denied(ccas: Ccas, decision_id: str, body: Json, code: str, status: int = 409) -> Json:
    """The problem of a rectification, after which there is none more."""
    path = f"/decisions/{decision_id}"
    before = await ok(ccas.agent.get(path))
    told = await refused(ccas.decider.post(f"{path}/rectifications", body), status, code)
    assert await ok(ccas.agent.get(path)) == before
    return told


async def status_of(ccas: Ccas, request_id: str) -> str:
    return str((await ok(ccas.agent.get(f"/requests/{request_id}")))["status"])


async def test_a_slip_of_the_pen_is_corrected_and_the_decision_stays_as_it_was_written(besancon: Ccas) -> None:
    request_id = await approved(besancon)
    decision_id = await decided(besancon, request_id)
    first = await ok(besancon.agent.get(f"/decisions/{decision_id}"))
    assert first["rectifications"] == []
    corrections = {"signatory": "Mme Exemple", "delegation_reference": "Arrêté 2011-4", "body": "Commission"}
    told = await rectify(besancon, decision_id, "material_error", corrections=corrections, body="Commission")
    assert (told["corrections"], told["other_answer"]) == (corrections, None)
    response = await besancon.agent.get(f"/decisions/{decision_id}")
    after = response.json()
    assert after["notice"]["why_not"] == ["signatory_capacity_missing"]
    assert {**after, "rectifications": [], "version": 1, "notice": first["notice"]} == first
    assert (after["rectifications"], response.headers["etag"]) == ([told], '"2"')
    assert (await ok(besancon.agent.get(f"/decisions/{decision_id}/rectifications")))["items"] == [told]
    assert await status_of(besancon, request_id) == "approved"


@pytest.mark.parametrize(
    "corrections",
    [
        {"loan_amount_cents": 150_000},
        {"duration_months": 12},
        {"instalment_cents": 9_000},
        {"grant_cents": 0},
        {"decided_on": "2011-01-19", "signatory": "Mme Exemple"},
    ],
    ids=lambda corrections: next(iter(corrections)),
)
async def test_what_was_decided_is_withdrawn_and_not_corrected(besancon: Ccas, corrections: Json) -> None:
    decision_id = await decided(besancon, await approved(besancon))
    body = rectification("material_error", corrections=corrections)
    told = await denied(besancon, decision_id, body, "decided_not_written")
    assert told["corrected"] == [next(iter(corrections))]


@pytest.mark.parametrize("kind", ["withdrawal", "abrogation"])
async def test_an_approval_ended_is_decided_anew_and_both_decisions_are_told(besancon: Ccas, kind: str) -> None:
    request_id = await approved(besancon)
    first = await decided(besancon, request_id)
    await rectify(besancon, first, kind)
    assert await status_of(besancon, request_id) == "submitted"
    again = {**REFUSAL, "decided_on": "2011-02-03"}
    again["other_answer"] = {**OTHER_ANSWER, "given_on": "2011-02-04"}
    await ok(besancon.decider.post(f"/requests/{request_id}/decisions", again))
    assert await status_of(besancon, request_id) == "refused"
    numbers = [item["number"] for item in (await ok(besancon.agent.get("/decisions")))["items"]]
    assert numbers == [2, 1]
    for ended in ("material_error", "withdrawal", "abrogation"):
        await denied(besancon, first, rectification(ended, rectified_on="2011-02-05"), "decision_no_longer_stands")


async def test_a_grant_alone_is_withdrawn_and_an_adjournment_too(besancon: Ccas) -> None:
    for decision, plan in ((GRANT, GRANT_PLAN), (ADJOURNMENT, None)):
        request_id = await submitted(besancon, plan)
        taken = await ok(besancon.decider.post(f"/requests/{request_id}/decisions", decision))
        await rectify(besancon, taken["id"], "withdrawal")
        assert await status_of(besancon, request_id) == "submitted"


async def test_a_refusal_withdrawn_gives_back_the_file_and_keeps_the_other_answer_as_history(besancon: Ccas) -> None:
    request_id = await submitted(besancon)
    taken = await ok(besancon.decider.post(f"/requests/{request_id}/decisions", REFUSAL))
    told = await rectify(besancon, taken["id"], "withdrawal")
    assert told["other_answer"] == {**OTHER_ANSWER, "organisation_id": None, "attempts_on": []}
    request = await ok(besancon.agent.get(f"/requests/{request_id}"))
    assert (request["status"], request["other_answer"]) == ("submitted", None)
    await ok(besancon.decider.post(f"/requests/{request_id}/decisions", {**APPROVAL, "decided_on": "2011-02-01"}))


async def test_only_what_gives_is_abrogated(besancon: Ccas) -> None:
    request_id = await submitted(besancon)
    taken = await ok(besancon.decider.post(f"/requests/{request_id}/decisions", REFUSAL))
    told = await denied(besancon, taken["id"], rectification("abrogation"), "illegal_transition")
    assert told["state"] == "refused"


@pytest.mark.parametrize("kind", ["withdrawal", "abrogation"])
async def test_a_contract_keeps_its_decision(besancon: Ccas, kind: str) -> None:
    loan_id = await accepted(besancon)
    decision_id = (await ok(besancon.agent.get(f"/loans/{loan_id}")))["decision_id"]
    told = await denied(besancon, decision_id, rectification(kind), "illegal_transition")
    assert told["state"] == "contracted"
    await rectify(besancon, decision_id, "material_error")


async def test_a_loan_that_is_offered_is_cancelled_first(besancon: Ccas) -> None:
    loan_id = await offered(besancon)
    decision_id = (await ok(besancon.agent.get(f"/loans/{loan_id}")))["decision_id"]
    await denied(besancon, decision_id, rectification("withdrawal"), "loan_in_the_way")
    cancellation = {"cancelled_on": "2011-02-02", "reason": "Décision à retirer"}
    await ok(besancon.agent.post(f"/loans/{loan_id}/cancellations", cancellation))
    await denied(besancon, decision_id, rectification("withdrawal"), "date_out_of_order")
    await rectify(besancon, decision_id, "withdrawal", rectified_on="2011-02-02")


async def test_a_decision_that_another_followed_is_corrected_and_not_withdrawn(besancon: Ccas) -> None:
    request_id = await submitted(besancon)
    first = await ok(besancon.decider.post(f"/requests/{request_id}/decisions", ADJOURNMENT))
    await ok(besancon.agent.post(f"/requests/{request_id}/submit", {"submitted_on": "2011-01-21"}))
    await ok(besancon.decider.post(f"/requests/{request_id}/decisions", {**APPROVAL, "decided_on": "2011-01-22"}))
    await denied(besancon, first["id"], rectification("withdrawal"), "later_decision")
    await rectify(besancon, first["id"], "material_error")


async def test_a_file_that_has_gone_on_is_not_called_back(besancon: Ccas) -> None:
    request_id = await submitted(besancon)
    taken = await ok(besancon.decider.post(f"/requests/{request_id}/decisions", ADJOURNMENT))
    await ok(besancon.agent.post(f"/requests/{request_id}/assess"))
    told = await denied(besancon, taken["id"], rectification("withdrawal"), "illegal_transition")
    assert told["state"] == "assessment"


async def test_a_decision_ended_frees_the_envelope(besancon: Ccas) -> None:
    envelope = {"year": 2011, "kind": "loans", "amount_cents": 200_000, "voted_on": "2010-12-14", "reference": "D-1"}
    await ok(besancon.manager.post("/envelopes", envelope))
    decision_id = await decided(besancon, await approved(besancon))
    assert (await ok(besancon.agent.get("/envelopes", year=2011)))["items"][0]["left_cents"] == 0
    await rectify(besancon, decision_id, "abrogation")
    assert (await ok(besancon.agent.get("/envelopes", year=2011)))["items"][0]["left_cents"] == 200_000


async def test_an_endorsement_withdrawn_takes_the_file_back_from_the_lender(amiens: Ccas) -> None:
    handoff = await sent(amiens, None, 200_000, 24)
    decision_id = await decided(amiens, handoff["request_id"])
    await denied(amiens, decision_id, rectification("withdrawal", rectified_on="2018-03-12"), "date_out_of_order")
    await rectify(amiens, decision_id, "withdrawal", rectified_on="2018-03-14")
    assert await status_of(amiens, handoff["request_id"]) == "submitted"
    assert (await ok(amiens.agent.get(f"/handoffs/{handoff['id']}")))["status"] == "withdrawn"
    again = endorsement(200_000, 24, decided_on="2018-03-20")
    await ok(amiens.decider.post(f"/requests/{handoff['request_id']}/decisions", again))


async def test_an_endorsement_is_abrogated_once_the_lender_has_accepted_too(amiens: Ccas, databases: Databases) -> None:
    _, handoff = await accepted_file(databases, amiens, 200_000, 24)
    await rectify(amiens, await decided(amiens, handoff["request_id"]), "abrogation", rectified_on="2018-03-17")
    assert await status_of(amiens, handoff["request_id"]) == "submitted"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (rectification("material_error", corrections={}), "corrections_with_material_error_only"),
        (rectification("withdrawal", corrections={"body": "CA"}), "corrections_with_material_error_only"),
        (rectification("material_error", corrections={"reason_code": "missing_papers"}), "reason_does_not_fit"),
    ],
    ids=["nothing corrected", "corrected and withdrawn", "reason of another outcome"],
)
async def test_a_rectification_that_contradicts_itself_is_ill_formed(besancon: Ccas, body: Json, code: str) -> None:
    request_id = await submitted(besancon)
    taken = await ok(besancon.decider.post(f"/requests/{request_id}/decisions", REFUSAL))
    if code == "reason_does_not_fit":
        taken = await ok(besancon.agent.get(f"/decisions/{await decided(besancon, await approved(besancon))}"))
    told = await denied(besancon, taken["id"], body, "invalid", 422)
    assert [error["code"] for error in told["errors"]] == [code]


@pytest.mark.parametrize(
    ("rectified_on", "code"), [("2011-01-19", "date_out_of_order"), ("2199-12-31", "date_in_future")]
)
async def test_a_rectification_lies_between_the_decision_and_today(
    besancon: Ccas, rectified_on: str, code: str
) -> None:
    decision_id = await decided(besancon, await approved(besancon))
    for kind in ("material_error", "withdrawal"):
        await denied(besancon, decision_id, rectification(kind, rectified_on=rectified_on), code)


async def test_who_decides_rectifies_in_their_own_ccas(besancon: Ccas, toulouse: Ccas) -> None:
    decision_id = await decided(besancon, await approved(besancon))
    path = f"/decisions/{decision_id}/rectifications"
    for staff in (besancon.agent, besancon.manager):
        await refused(staff.post(path, rectification("withdrawal")), 403, "forbidden")
    for unknown in (path, f"/decisions/{NOBODY}/rectifications"):
        await refused(toulouse.decider.post(unknown, rectification("withdrawal")), 404, "not_found")
        await refused(toulouse.agent.get(unknown), 404, "not_found")


async def test_a_rectification_is_of_the_commune_of_its_file_and_is_history(
    fresnes: Ccas, databases: Databases
) -> None:
    path = await before_commission(fresnes, None, 50_000, commune_insee_code=FRESNES)
    taken = await ok(fresnes.decider.post(f"{path}/decisions", endorsement(50_000, 12)))
    await rectify(fresnes, taken["id"], "material_error", rectified_on="2018-03-13")
    other = staff_of(databases, fresnes, CONDE)
    await refused(other.get(f"/decisions/{taken['id']}/rectifications"), 404, "not_found")
    for statement in ("update rectifications set reason = 'x'", "delete from rectifications"):
        with pytest.raises(DBAPIError, match="permission denied"):
            run_sql(databases, fresnes, statement)


async def test_the_timeline_tells_of_a_rectification(besancon: Ccas) -> None:
    request_id = await approved(besancon)
    await rectify(besancon, await decided(besancon, request_id), "withdrawal")
    items = (await ok(besancon.agent.get(f"/requests/{request_id}/timeline")))["items"]
    (told,) = [item for item in items if item["kind"] == "rectification"]
    assert (told["on"], told["title"]) == ("2011-02-01", "Rectification de la décision : retrait")

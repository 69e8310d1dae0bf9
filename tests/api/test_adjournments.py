"""Adjournments say what is missing and when the file comes back; notes stay inside, conditions hold the contract."""

import pytest
from sqlalchemy.exc import IntegrityError

from tests.api.test_decisions import ADJOURNMENT, REFUSAL
from tests.support import APPROVAL, Ccas, Databases, Json, approved, ok, refused, run_sql, submitted

OFFER: Json = {"offered_on": "2011-02-01", "first_due_on": "2011-03-05"}


async def test_it_tells_what_is_missing_in_words_and_by_codes_and_when_the_file_comes_back(besancon: Ccas) -> None:
    body = {**ADJOURNMENT, "missing": ["Devis du garage"], "missing_papers": ["quote"], "next_on": "2011-02-17"}
    decision = await ok(besancon.decider.post(f"/requests/{await submitted(besancon)}/decisions", body))
    told = (decision["missing"], decision["missing_papers"], decision["next_on"])
    assert told == (["Devis du garage"], ["quote"], "2011-02-17")
    assert await ok(besancon.agent.get(f"/decisions/{decision['id']}")) == decision


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"missing": [" "]}, 422, "blank"),
        ({"missing_papers": ["licorne"]}, 422, "unknown_code"),
        ({"conditions": ["Assurer la voiture"]}, 422, "conditions_with_aid_only"),
        ({"next_on": "2011-01-19"}, 409, "date_out_of_order"),
    ],
)
async def test_one_that_says_too_little_or_too_much_is_refused(
    besancon: Ccas, changes: Json, status: int, code: str
) -> None:
    request_id = await submitted(besancon)
    response = await besancon.decider.post(f"/requests/{request_id}/decisions", {**ADJOURNMENT, **changes})
    problem = response.json()
    found = problem["errors"][0]["code"] if status == 422 else problem["code"]
    assert (response.status_code, found) == (status, code)
    assert (await ok(besancon.agent.get(f"/requests/{request_id}")))["status"] == "submitted"


async def test_the_database_refuses_an_approval_of_which_something_is_missing(
    besancon: Ccas, databases: Databases
) -> None:
    await approved(besancon)
    with pytest.raises(IntegrityError, match="missing_when_adjourned"):
        run_sql(databases, besancon, "update decisions set missing = '{Devis}'", as_owner=True)


async def test_the_internal_note_is_kept_apart_from_the_reason(besancon: Ccas) -> None:
    body = {**REFUSAL, "internal_note": "Revoir avec la référente avant l’été"}
    decision = await ok(besancon.decider.post(f"/requests/{await submitted(besancon)}/decisions", body))
    assert (decision["reason"], decision["internal_note"]) == (REFUSAL["reason"], body["internal_note"])


async def test_no_contract_is_offered_until_each_condition_is_recorded_as_met(besancon: Ccas) -> None:
    request_id = await submitted(besancon)
    body = {**APPROVAL, "conditions": ["Permis obtenu", "Voiture assurée"]}
    decision = await ok(besancon.decider.post(f"/requests/{request_id}/decisions", body))
    assert [(one["number"], one["text"], one["met_on"]) for one in decision["conditions"]] == [
        (1, "Permis obtenu", None),
        (2, "Voiture assurée", None),
    ]
    path, loans = f"/decisions/{decision['id']}", f"/requests/{request_id}/loans"
    await refused(besancon.agent.post(f"{path}/conditions/3/met", {"met_on": "2011-01-25"}), 409, "no_such_condition")
    await refused(besancon.agent.post(f"{path}/conditions/1/met", {"met_on": "2011-01-19"}), 409, "date_out_of_order")
    await ok(besancon.agent.post(f"{path}/conditions/1/met", {"met_on": "2011-01-25"}))
    problem = await refused(besancon.agent.post(loans, OFFER), 409, "conditions_not_met")
    assert problem["conditions"] == [2]
    actions = (await ok(besancon.agent.get(f"/requests/{request_id}/actions")))["items"]
    assert {one["action"]: one["reasons"] for one in actions}["offer_loan"] == ["conditions_not_met"]
    await ok(besancon.agent.post(f"{path}/conditions/2/met", {"met_on": "2011-01-28"}))
    again = {"met_on": "2011-01-29"}
    await refused(besancon.agent.post(f"{path}/conditions/2/met", again), 409, "condition_already_met")
    too_soon = await refused(
        besancon.agent.post(loans, {**OFFER, "offered_on": "2011-01-27"}), 409, "date_out_of_order"
    )
    assert too_soon["not_before"] == "2011-01-28"
    await ok(besancon.agent.post(loans, OFFER))
    told = await ok(besancon.agent.get(path))
    assert [one["met_on"] for one in told["conditions"]] == ["2011-01-25", "2011-01-28"]

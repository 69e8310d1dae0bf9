"""The page of one file for the members of a committee."""

from tests.committees import Sitting, session_of, with_rule
from tests.support import (
    ATTESTED,
    BUDGET,
    WHOLE_LOAN,
    Ccas,
    Databases,
    Json,
    attestation,
    demand,
    disbursed,
    etag_of,
    ok,
    refused,
    run_sql,
    submitted,
)

ASSESSMENT: Json = {
    "needs": "Aller travailler",
    "viability": "Une promesse d’embauche",
    "diagnosis": "Un budget tenu",
    "expected_improvement": "Un emploi durable",
    "opinion": "Favorable",
    "proposal": {"loan_cents": 200_000, "instalment_cents": 8_500, "grant_cents": 0},
}


async def assessed(ccas: Ccas, **changes: object) -> str:
    """The identifier of a request that lies before the commission, with its assessment."""
    request = await ok(ccas.agent.post("/requests", demand(ccas, **changes)))
    path = f"/requests/{request['id']}"
    for fact in ATTESTED:
        await ok(ccas.agent.post(f"{path}/attestations", attestation(fact, attested_on=request["received_on"])))
    await ok(ccas.agent.post(f"{path}/assess"))
    for part, body in (("budget", BUDGET), ("financing-plan", WHOLE_LOAN), ("assessment", ASSESSMENT)):
        await ok(ccas.agent.put(f"{path}/{part}", body, etag=await etag_of(ccas.agent, path)))
    await ok(ccas.agent.post(f"{path}/notes", {"text": "Une note confidentielle", "visibility": "shared"}))
    await ok(ccas.agent.post(f"{path}/submit"))
    return str(request["id"])


async def page_of(sitting: Sitting, body: Json) -> Json:
    """The page of what is put on the agenda."""
    item = await sitting.act("agenda", body)
    return await ok(sitting.ccas.decider.get(f"{sitting.path}/agenda/{item['id']}/page"))


async def test_a_page_tells_what_members_need_to_decide(besancon: Ccas) -> None:
    sitting = await session_of(besancon)
    page = await page_of(sitting, {"request_id": await assessed(besancon)})
    assert page["people"] == [{"role": "applicant", "name": "Camille Exemple", "age": 22, "capacity": None}]
    assert (page["project"]["requested_amount_cents"], page["project"]["purpose"]) == (200_000, "vehicle_purchase")
    assert page["assessment"]["opinion"] == "Favorable"
    assert page["assessment"]["proposal"]["loan_cents"] == 200_000
    assert page["budget"] == {
        "resources_cents": 45_000,
        "debt_instalments_cents": 0,
        "instalment_cents": 8_500,
        "left_to_live_before_cents": 25_000,
        "left_to_live_after_cents": 16_500,
        "debt_ratio_before_percent": "0.00",
        "debt_ratio_after_percent": "18.89",
    }
    assert page["financing_plan"] == [{"kind": "loan", "status": "expected", "amount_cents": 200_000}]
    assert (page["earlier"], page["loan"], page["money_left"]) == ([], None, None)


async def test_a_page_never_tells_contact_data_notes_or_checks(besancon: Ccas, databases: Databases) -> None:
    person = {**demand(besancon)["applicant"], "phone": "03 81 00 00 00", "email": "camille@example.org"}
    sitting = await session_of(besancon)
    request_id = await assessed(besancon, applicant=person)
    fact = attestation("ficp_listed", holds=False)
    await ok(besancon.agent.post(f"/requests/{request_id}/attestations", fact))
    named = await page_of(sitting, {"request_id": request_id})
    with_rule(databases, besancon, pages_anonymised=True)
    (item,) = await sitting.agenda()
    nameless = await ok(besancon.decider.get(f"{sitting.path}/agenda/{item['id']}/page"))
    assert nameless["anonymised"] is True
    assert nameless["people"][0] == {**named["people"][0], "name": None}
    for page in (named, nameless):
        for told in ("03 81", "example.org", "1988", "confidentielle", "ficp", "FICP"):
            assert told not in str(page), told
    assert "Exemple" not in str(nameless)


async def test_a_page_tells_the_earlier_aids_and_loans_of_the_household(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    loan = await ok(besancon.agent.get(f"/loans/{loan_id}"))
    known = await ok(besancon.agent.get(f"/requests/{loan['request_id']}"))
    other = {**demand(besancon)["applicant"], "first_names": "Dominique", "birth_on": "1990-01-01"}
    request_id = await submitted(besancon, applicant=other, received_on="2011-02-01")
    request = await ok(besancon.agent.get(f"/requests/{request_id}"))
    sitting = await session_of(besancon, held_on="2011-03-10")
    item = await sitting.act("agenda", {"request_id": request_id})
    path = f"{sitting.path}/agenda/{item['id']}/page"
    assert (await ok(besancon.decider.get(path)))["earlier"] == []
    relation = {"kind": "partner", "other_person_id": known["applicant_id"]}
    await ok(besancon.agent.post(f"/people/{request['applicant_id']}/relations", relation))
    assert (await ok(besancon.decider.get(path)))["earlier"] == [
        {
            "whose": "household",
            "outcome": "approve",
            "decided_on": "2011-01-20",
            "loan_cents": 200_000,
            "grant_cents": 0,
            "loan": {
                "status": "overdue",
                "closing_reasons": [],
                "principal_cents": 200_000,
                "outstanding_cents": 200_000,
                "overdue_cents": 13_000,
            },
        }
    ]


async def test_the_page_of_a_loan_tells_how_it_stands_that_day(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    sitting = await session_of(besancon, held_on="2011-02-01")
    page = await page_of(sitting, {"loan_id": loan_id, "review_reason": "deferral"})
    assert (page["kind"], page["review_reason"]) == ("loan_review", "deferral")
    assert page["loan"] == {
        "status": "not_started",
        "closing_reasons": [],
        "principal_cents": 200_000,
        "outstanding_cents": 200_000,
        "overdue_cents": 0,
    }
    assert page["budget"]["left_to_live_after_cents"] is None


async def test_an_item_of_another_session_has_no_page_here(besancon: Ccas, databases: Databases) -> None:
    sitting, another = await session_of(besancon), await session_of(besancon)
    item = await sitting.act("agenda", {"request_id": await submitted(besancon)})
    await refused(besancon.decider.get(f"{another.path}/agenda/{item['id']}/page"), 404, "not_found")
    assert run_sql(databases, besancon, "select count(*) as items from agenda_items") == [{"items": 1}]

"""No handoff of a person's file or loan without that person's authorisation and somebody named who supports them."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.api.test_guarantee_claims import CITY, lent, lost, open_guaranteed
from tests.lenders import SUPPORT_PERSON, authorised, before_commission, endorsement, machine_of
from tests.support import Ccas, Databases, Json, demand, ok, refused, run_sql

SECOND: Json = {"first_names": "Sacha", "birth_name": "Second", "birth_on": "1985-07-01"}
SENT_ON = {"precheck": "2018-03-05", "loan_file": "2018-03-13"}
MISSING = ("none", "another_recipient", "another_purpose", "withdrawn_before", "given_after", "one_borrower_of_two")
NO_SUPPORT: list[tuple[Json, str]] = [
    ({}, "missing"),
    ({"support_person": None}, "not_text"),
    ({"support_person": ""}, "too_short"),
    ({"support_person": " \t"}, "control_character"),
    ({"support_person": "   "}, "blank"),
]


async def kept(ccas: Ccas, databases: Databases) -> list[Any]:
    """How much there is of handoffs, their texts and the partners' ways to them."""
    counts = "select (select count(*) from handoffs) h, (select count(*) from handoff_payloads) p"
    return [dict(row) for row in run_sql(databases, ccas, counts)]


async def give(ccas: Ccas, person_id: str, given_on: str, **changes: Any) -> Json:
    body = {"recipient": ccas.lender, "purposes": ["precheck", "loan_file"], "given_on": given_on, **changes}
    return await ok(ccas.agent.post(f"/people/{person_id}/authorisations", body))


async def withdraw(ccas: Ccas, person_id: str, withdrawn_on: str) -> None:
    path = f"/people/{person_id}/authorisations"
    for given in (await ok(ccas.agent.get(path)))["items"]:
        await ok(ccas.agent.post(f"{path}/{given['id']}/withdrawal", {"withdrawn_on": withdrawn_on}))


async def file_of(databases: Databases, ccas: Ccas, kind: str, *, two: bool) -> Json:
    """A request at Toulouse from which a handoff of that kind may leave, but for the authorisations withdrawn since."""
    changes: Json = {}
    if two:
        second = await ok(ccas.agent.post("/people", {**SECOND, "commune_insee_code": ccas.insee_code}))
        await authorised(ccas, second["id"])
        changes["co_applicant_id"] = second["id"]
    if kind == "precheck":
        body = demand(ccas, received_on="2018-03-01", project_cost_cents=300_000, **changes)
        return await ok(ccas.agent.post("/requests", body))
    path = await before_commission(ccas, machine_of(databases, ccas.agent.client, ccas.lender), 300_000, **changes)
    await ok(ccas.decider.post(f"{path}/decisions", endorsement(300_000, 36)))
    return await ok(ccas.agent.get(path))


@pytest.mark.parametrize("missing", MISSING)
@pytest.mark.parametrize("kind", ["precheck", "loan_file"])
async def test_a_file_does_not_leave_without_the_authorisation_of_every_borrower(
    databases: Databases, client: AsyncClient, toulouse: Ccas, kind: str, missing: str
) -> None:
    request = await file_of(databases, toulouse, kind, two=missing == "one_borrower_of_two")
    applicant, on = request["applicant_id"], SENT_ON[kind]
    await withdraw(toulouse, applicant, on)
    if missing == "another_recipient":
        rules_other = "credit_mutuel_" + toulouse.slug.rpartition("-")[2]
        machine_of(databases, client, rules_other)
        await give(toulouse, applicant, "2018-03-01", recipient=rules_other)
    elif missing == "another_purpose":
        other = "loan_file" if kind == "precheck" else "precheck"
        await give(toulouse, applicant, "2018-03-01", purposes=[other])
    elif missing == "given_after":
        await give(toulouse, applicant, "2018-03-14")
    elif missing == "one_borrower_of_two":
        await give(toulouse, request["co_applicant_id"], "2018-03-01")
    before = await kept(toulouse, databases)
    body = {"kind": kind, "support_person": SUPPORT_PERSON, "sent_on": on}
    path = f"/requests/{request['id']}/handoffs"
    problem = await refused(toulouse.agent.post(path, body), 409, "authorisation_missing")
    assert (problem["party"], problem["recipient"], problem["on"]) == ("borrower", toulouse.lender, on)
    assert await kept(toulouse, databases) == before
    await give(toulouse, applicant, "2018-03-01")
    assert (await ok(toulouse.agent.post(path, body)))["status"] == "sent"


@pytest.mark.parametrize(("body", "code"), NO_SUPPORT)
async def test_no_file_leaves_without_somebody_named_who_supports_the_person(
    databases: Databases, toulouse: Ccas, body: Json, code: str
) -> None:
    request = await file_of(databases, toulouse, "precheck", two=False)
    await give(toulouse, request["applicant_id"], "2018-03-01")
    for kind in ("precheck", "loan_file"):
        path = f"/requests/{request['id']}/handoffs"
        problem = await refused(toulouse.agent.post(path, {"kind": kind, **body}), 422, "invalid")
        assert [(fault["pointer"], fault["code"]) for fault in problem["errors"]] == [("/body/support_person", code)]
    assert await kept(toulouse, databases) == [{"h": 0, "p": 0}]


async def claimed(databases: Databases, ccas: Ccas) -> tuple[Json, str]:
    """A claim on the guarantor of a loan whose contract is of 26 March 2018, and its borrower."""
    _, file, loan_id = await lent(databases, ccas)
    claim = await lost(ccas, loan_id)
    return claim, (await ok(ccas.agent.get(f"/requests/{file['request_id']}")))["applicant_id"]


async def hand(ccas: Ccas, claim: Json) -> Any:
    body = {"support_person": SUPPORT_PERSON, "sent_on": "2018-09-10"}
    return await ccas.agent.post(f"/guarantee-claims/{claim['id']}/handoffs", body)


async def test_a_claim_leaves_under_the_authorisation_that_stood_on_the_day_of_the_contract(
    databases: Databases, client: AsyncClient
) -> None:
    """A contract in force is carried out, its guarantee included, though the borrower withdrew the rest since."""
    ccas = open_guaranteed(databases, client, CITY)
    claim, borrower = await claimed(databases, ccas)
    await withdraw(ccas, borrower, "2018-03-27")
    assert (await hand(ccas, claim)).json()["status"] == "sent"


@pytest.mark.parametrize(
    "change",
    [
        "withdrawn_on = '2018-03-26'",
        "withdrawn_on = '2018-03-20'",
        "given_on = '2018-03-27'",
        "purposes = '{precheck}'",
        "partner_id = (select id from partners where id <> authorisations.partner_id limit 1)",
    ],
)
async def test_a_claim_does_not_leave_where_no_authorisation_stood_on_the_day_of_the_contract(
    databases: Databases, client: AsyncClient, change: str
) -> None:
    ccas = open_guaranteed(databases, client, CITY)
    claim, borrower = await claimed(databases, ccas)
    statement = f"update authorisations set {change} where person_id = :id"  # noqa: S608 - the changes above
    run_sql(databases, ccas, statement, id=borrower)
    before = await kept(ccas, databases)
    answer = await hand(ccas, claim)
    assert (answer.status_code, answer.json()["code"], answer.json()["on"]) == (
        409,
        "authorisation_missing",
        "2018-03-26",
    )
    assert await kept(ccas, databases) == before


@pytest.mark.parametrize(("body", "code"), NO_SUPPORT)
async def test_no_claim_leaves_without_somebody_named_who_supports_the_person(
    databases: Databases, client: AsyncClient, body: Json, code: str
) -> None:
    ccas = open_guaranteed(databases, client, CITY)
    claim, _ = await claimed(databases, ccas)
    path = f"/guarantee-claims/{claim['id']}/handoffs"
    problem = await refused(ccas.agent.post(path, body), 422, "invalid")
    assert [(fault["pointer"], fault["code"]) for fault in problem["errors"]] == [("/body/support_person", code)]
    assert (await ok(ccas.agent.get("/handoffs", kind="guarantee_claim")))["items"] == []

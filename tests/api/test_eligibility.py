"""What the rules say of a request before it is decided: asked for at any time, and told when it is submitted."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient

from app.domain.lenders import Lender, Lending
from app.domain.national_law import Scope
from tests.api.test_overrides import open_changed
from tests.lenders import rules_under
from tests.support import (
    APPROVAL,
    ATTESTED,
    BUDGET,
    WHOLE_LOAN,
    Ccas,
    Databases,
    Json,
    attestation,
    demand,
    etag_of,
    ok,
    open_with,
    refused,
    run_sql,
    submitted,
)

WARNED = {f"attestations.{fact}": (None, None) for fact in ATTESTED}


def plan(**cents: int) -> Json:
    return {"lines": [{"label": kind, "kind": kind, "amount_cents": amount} for kind, amount in cents.items()]}


async def taken_in(ccas: Ccas, **changes: Any) -> str:
    """The path of a request of which everything was attested on the day that it was received."""
    request = await ok(ccas.agent.post("/requests", demand(ccas, **changes)))
    path = f"/requests/{request['id']}"
    for fact in ATTESTED:
        await attest(ccas, path, fact, attested_on=request["received_on"])
    return path


async def attest(ccas: Ccas, path: str, fact: str, **changes: Any) -> None:
    await ok(ccas.agent.post(f"{path}/attestations", attestation(fact, **changes)))


async def assessed(ccas: Ccas, path: str, financing_plan: Json = WHOLE_LOAN) -> None:
    await ok(ccas.agent.post(f"{path}/assess"))
    for part, body in (("budget", BUDGET), ("financing-plan", financing_plan)):
        await ok(ccas.agent.put(f"{path}/{part}", body, etag=await etag_of(ccas.agent, path)))


async def asked(ccas: Ccas, path: str, on: str = "2011-01-20") -> Json:
    return await ok(ccas.agent.get(f"{path}/eligibility", on=on))


def rules(breaches: list[Json]) -> dict[str, tuple[object, object]]:
    return {breach["rule"]: (breach["limit"], breach["actual"]) for breach in breaches}


# At submission


async def test_a_submission_tells_every_breach_and_stops_for_none(besancon: Ccas) -> None:
    household = {"adults": 1, "minor_children": 2}
    path = await taken_in(besancon, household=household, project_cost_cents=400_000)
    await assessed(besancon, path, plan(loan=350_000, grant=50_000))
    answer = await besancon.agent.post(f"{path}/submit", {"submitted_on": "2011-01-10"})
    request = await ok(besancon.agent.get(path))
    told = answer.json()
    breaches = told.pop("breaches")
    assert (told, answer.headers["etag"]) == (request, f'"{request["version"]}"')
    assert request["status"] == "submitted"
    assert rules(breaches) == {
        "minor_children_max": (0, 2),
        "amount_cents_max": (300_000, 350_000),
        "grant.usual_cents": (30_000, 50_000),
    }
    assert [breach["severity"] for breach in breaches if breach["rule"] == "grant.usual_cents"] == ["warn"]
    amount = next(breach for breach in breaches if breach["rule"] == "amount_cents_max")
    assert set(amount) == {"rule", "limit", "actual", "severity", "reference", "message"}
    assert amount["severity"] == "refuse"
    assert "3 000 € maximum" in amount["reference"]
    assert "3 500,00" in amount["message"].replace("\u202f", " ").replace("\u00a0", " ")


async def test_what_must_be_attested_and_is_not_is_told_at_submission(besancon: Ccas) -> None:
    path = f"/requests/{(await ok(besancon.agent.post('/requests', demand(besancon))))['id']}"
    await assessed(besancon, path)
    breaches = (await ok(besancon.agent.post(f"{path}/submit")))["breaches"]
    asked_for = {rule: said for rule, said in WARNED.items() if rule != "attestations.no_other_aid"}
    assert rules(breaches) == asked_for
    assert {breach["severity"] for breach in breaches} == {"warn"}


async def test_a_file_that_meets_the_rules_is_submitted_without_a_word(besancon: Ccas) -> None:
    path = await taken_in(besancon)
    await assessed(besancon, path)
    assert (await ok(besancon.agent.post(f"{path}/submit")))["breaches"] == []


@pytest.mark.parametrize(
    ("submitted_on", "limits"), [("2011-10-12", {"minor_children_max": (0, 1)}), ("2011-10-13", {})]
)
async def test_the_rules_of_the_day_of_submission_apply(besancon: Ccas, submitted_on: str, limits: Json) -> None:
    path = await taken_in(besancon, household={"adults": 2, "minor_children": 1}, received_on="2011-10-03")
    await assessed(besancon, path)
    told = await ok(besancon.agent.post(f"{path}/submit", {"submitted_on": submitted_on}))
    assert rules(told["breaches"]) == limits


async def test_the_sentence_is_in_the_language_that_is_asked(besancon: Ccas) -> None:
    path = await taken_in(besancon, household={"adults": 1, "minor_children": 2})
    await assessed(besancon, path)
    headers = {**besancon.agent.headers, "Accept-Language": "en", "Idempotency-Key": "anglais"}
    body = {"submitted_on": "2011-01-10"}
    answer = await besancon.agent.client.post(f"/v1{path}/submit", json=body, headers=headers)
    (breach,) = answer.json()["breaches"]
    assert breach["message"] == "The household has 2 minor child(ren); the rules allow 0 at most."


async def test_the_commission_meets_what_the_submission_told(besancon: Ccas) -> None:
    path = await taken_in(besancon, household={"adults": 1, "minor_children": 2})
    await assessed(besancon, path)
    told = (await ok(besancon.agent.post(f"{path}/submit", {"submitted_on": "2011-01-10"})))["breaches"]
    problem = await refused(besancon.decider.post(f"{path}/decisions", APPROVAL), 409, "rules_breached")
    assert told == [
        {name: said for name, said in each.items() if name != "overridable_by"} for each in problem["breaches"]
    ]


# Before


async def test_what_the_rules_say_is_asked_before_and_changes_nothing(besancon: Ccas, databases: Databases) -> None:
    path = await taken_in(besancon, requested_amount_cents=310_000)
    before = await ok(besancon.agent.get(path))
    answer = await asked(besancon, path)
    assert (answer["on"], answer["rules_version"], answer["eligible"]) == ("2011-01-20", 2, False)
    assert (rules(answer["breaches"]), answer["warnings"]) == ({"amount_cents_max": (300_000, 310_000)}, [])
    assert await ok(besancon.agent.get(path)) == before
    count = "select count(*) from request_transitions where request_id = :id"
    assert run_sql(databases, besancon, count, id=before["id"])[0]["count"] == 0


async def test_warnings_alone_leave_a_file_eligible(besancon: Ccas) -> None:
    path = f"/requests/{(await ok(besancon.agent.post('/requests', demand(besancon))))['id']}"
    answer = await asked(besancon, path)
    assert (answer["eligible"], answer["breaches"], len(answer["warnings"])) == (True, [], 2)


async def test_today_is_asked_where_no_day_is(besancon: Ccas) -> None:
    path = await taken_in(besancon)
    answer = await ok(besancon.agent.get(f"{path}/eligibility"))
    assert answer["rules_version"] == 4
    assert answer["on"] > "2011-10-13"


@pytest.mark.parametrize(
    ("lines", "breaches"),
    [
        ({"loan": 200_000}, {}),
        ({"loan": 310_000}, {"amount_cents_max": (300_000, 310_000)}),
        ({"grant": 30_000, "own": 170_000}, {"grant.alone": (None, 30_000)}),
        ({"loan": 170_000, "grant": 30_000}, {"grant.with_loan": (None, 30_000)}),
        ({"own": 200_000}, {"amount_cents_max": (300_000, 320_000)}),
    ],
)
async def test_what_is_asked_is_in_the_plan_else_the_amount_of_the_demand(
    besancon: Ccas, lines: dict[str, int], breaches: Json
) -> None:
    path = await taken_in(besancon, received_on="2010-06-01", requested_amount_cents=320_000)
    await assessed(besancon, path, plan(**lines))
    assert rules((await asked(besancon, path, "2010-06-17"))["breaches"]) == breaches


async def test_a_line_that_was_refused_is_not_asked_for(besancon: Ccas) -> None:
    path = await taken_in(besancon)
    lines = plan(loan=200_000)["lines"] + [{**plan(loan=300_000)["lines"][0], "status": "refused"}]
    await assessed(besancon, path, {"lines": lines})
    assert (await asked(besancon, path))["breaches"] == []


async def test_a_grant_of_which_the_rules_do_not_speak_is_told(databases: Databases, client: AsyncClient) -> None:
    ccas = open_changed(databases, client, grant=None)
    path = await taken_in(ccas)
    await assessed(ccas, path, plan(loan=170_000, grant=30_000))
    assert rules((await asked(ccas, path))["breaches"]) == {"grant": (None, 30_000)}


async def test_the_caps_of_the_law_are_told_where_they_bind_the_lender(
    databases: Databases, client: AsyncClient
) -> None:
    lender = Lender(code="asso", name="Association", lending=Lending.OWN_FUNDS, scopes=(Scope.ASSOCIATION_LENDERS,))
    ccas = open_changed(databases, client, lender=lender, amount_cents_max=None)
    path = await taken_in(ccas, requested_amount_cents=300_001)
    (breach,) = (await asked(ccas, path))["breaches"]
    assert (breach["rule"], breach["limit"], breach["severity"]) == ("national_amount_cents_max", 300_000, "refuse")


async def test_the_lender_that_the_rules_name_first_is_asked(databases: Databases, client: AsyncClient) -> None:
    narrow = Lender(code="narrow", name="x", amount_cents_max=100_000)
    first = open_changed(
        databases, client, lender=narrow, other_lenders=(replace(narrow, code="b", amount_cents_max=1),)
    )
    path = await taken_in(first)
    assert rules((await asked(first, path))["breaches"]) == {"amount_cents_max": (100_000, 200_000)}


async def test_a_listing_is_weighed_while_the_ccas_lends_and_not_once_a_partner_does(
    databases: Databases, client: AsyncClient
) -> None:
    rules_of = rules_under("besancon")
    own = replace(rules_of.versions[-1], version=1, valid_from=date(2009, 10, 1), valid_to=date(2011, 6, 30))
    products = tuple(
        replace(product, lending=Lending.PARTNER, lender=Lender(code="bank", name="x")) for product in own.products
    )
    partners = replace(own, version=2, valid_from=date(2011, 7, 1), valid_to=None, products=products)
    opened = replace(rules_of, slug=f"changed-{uuid4().hex[:8]}", versions=(own, partners))
    ccas = open_with(databases, client, opened)
    path = await taken_in(ccas)
    await attest(ccas, path, "ficp_listed")
    assert rules((await asked(ccas, path, "2011-06-30"))["warnings"]).keys() == {"ficp"}
    assert (await asked(ccas, path, "2011-07-01"))["warnings"] == []


@pytest.mark.parametrize("on", ["2011-02-30", "yesterday", "2011-01-01T00:00:00Z"])
async def test_a_day_that_is_none_is_refused(besancon: Ccas, on: str) -> None:
    path = await taken_in(besancon)
    await refused(besancon.agent.get(f"{path}/eligibility", on=on), 422, "invalid")


async def test_a_day_without_rules_is_told(besancon: Ccas) -> None:
    path = await taken_in(besancon)
    await refused(besancon.agent.get(f"{path}/eligibility", on="2009-09-30"), 409, "no_rules_in_force")


async def test_all_staff_of_the_ccas_may_ask_and_nobody_else(besancon: Ccas, toulouse: Ccas) -> None:
    path = f"{await taken_in(besancon)}/eligibility"
    for staff in (besancon.agent, besancon.decider, besancon.manager):
        await ok(staff.get(path))
    await refused(toulouse.agent.get(path), 404, "not_found")
    assert (await besancon.agent.client.get(f"/v1{path}")).status_code == 401


# Capacity to contract


async def co_applicant(ccas: Ccas, **changes: Any) -> Json:
    """What makes a demand that of a couple."""
    person = {**demand(ccas)["applicant"], "first_names": "Sacha", **changes}
    known = await ok(ccas.agent.post("/people", person))
    return {"co_applicant_id": known["id"], "household": {"adults": 2, "minor_children": 0}}


JUDGE = {"attested_by": "Le tribunal judiciaire de Besançon", "reference": "Ordonnance 2011-4"}


@pytest.mark.parametrize("capacity", ["guardianship", "family_authorisation"])
@pytest.mark.parametrize("whose", ["capacity", "capacity.co_applicant"])
async def test_a_loan_under_guardianship_waits_for_the_judge(besancon: Ccas, capacity: str, whose: str) -> None:
    if whose == "capacity":
        changes: Json = {"applicant": {**demand(besancon)["applicant"], "capacity": capacity}}
    else:
        changes = await co_applicant(besancon, capacity=capacity)
    path = f"/requests/{await submitted(besancon, **changes)}"
    expected = {whose: ("capacity_authorised", capacity)}
    assert rules((await asked(besancon, path))["breaches"]) == expected
    problem = await refused(besancon.decider.post(f"{path}/decisions", APPROVAL), 409, "rules_breached")
    assert rules(problem["breaches"]) == expected
    overrides = {**APPROVAL, "overrides": [{"rule": whose, "reason": "Urgent"}]}
    await refused(besancon.decider.post(f"{path}/decisions", overrides), 409, "override_not_allowed")
    await attest(besancon, path, "capacity_authorised", **JUDGE)
    decision = await ok(besancon.decider.post(f"{path}/decisions", APPROVAL))
    assert decision["breaches"] == []
    assert decision["facts"]["attested"]["capacity_authorised"] is True


async def test_a_grant_asks_for_no_capacity(besancon: Ccas) -> None:
    couple = await co_applicant(besancon, capacity="guardianship", birth_on="1996-03-02")
    person = {**demand(besancon)["applicant"], "capacity": "guardianship"}
    path = await taken_in(besancon, applicant=person, **couple)
    await assessed(besancon, path, plan(grant=30_000, own=170_000))
    answer = await asked(besancon, path)
    assert (answer["breaches"], answer["warnings"]) == ([], [])


async def test_the_co_applicant_s_age_and_capacity_are_kept_with_the_decision(besancon: Ccas) -> None:
    couple = await co_applicant(besancon, capacity="curatorship", birth_on="1993-01-21")
    path = f"/requests/{await submitted(besancon, **couple)}/decisions"
    decision = await ok(besancon.decider.post(path, APPROVAL))
    assert (decision["facts"]["co_applicant_age"], decision["facts"]["co_applicant_capacity"]) == (17, "curatorship")
    (breach,) = decision["breaches"]
    assert (breach["rule"], breach["actual"], breach["severity"]) == ("capacity.co_applicant", "minor", "warn")
    assert "467" in breach["reference"]


async def test_the_authorisation_of_a_judge_has_a_reference(besancon: Ccas) -> None:
    path = f"{await taken_in(besancon)}/attestations"
    problem = await refused(besancon.agent.post(path, attestation("capacity_authorised")), 422, "invalid")
    assert [(fault["pointer"], fault["code"]) for fault in problem["errors"]] == [
        ("/body/reference", "authorisation_without_reference")
    ]
    await ok(besancon.agent.post(path, attestation("capacity_authorised", holds=False)))

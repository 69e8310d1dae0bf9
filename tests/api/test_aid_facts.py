"""What a decision rests on: the person, the household's month, other loans, as they stand on its day."""

from dataclasses import replace
from datetime import date

import pytest
from httpx import AsyncClient

from app.domain.lenders import Lending
from app.domain.products import ListingPolicy
from tests.lenders import rules_under
from tests.support import (
    APPROVAL,
    ATTESTED,
    WHOLE_LOAN,
    Ccas,
    Databases,
    Json,
    attestation,
    demand,
    disbursed,
    etag_of,
    offered,
    ok,
    open_with,
    repayment,
    submitted,
)


async def facts_of(ccas: Ccas, request_id: str, decided_on: str = "2011-01-20") -> Json:
    """The facts of an approval."""
    decision = await ok(ccas.decider.post(f"/requests/{request_id}/decisions", {**APPROVAL, "decided_on": decided_on}))
    found: Json = decision["facts"]
    return found


async def submitted_with(ccas: Ccas, budget: Json) -> str:
    """A submitted request with another month of the household."""
    request = await ok(ccas.agent.post("/requests", demand(ccas)))
    path = f"/requests/{request['id']}"
    await ok(ccas.agent.post(f"{path}/assess"))
    for part, body in (("budget", budget), ("financing-plan", WHOLE_LOAN)):
        await ok(ccas.agent.put(f"{path}/{part}", body, etag=await etag_of(ccas.agent, path)))
    for fact in ATTESTED:
        await ok(ccas.agent.post(f"{path}/attestations", attestation(fact)))
    await ok(ccas.agent.post(f"{path}/submit"))
    return str(request["id"])


def line(kind: str, amount_cents: int) -> Json:
    return {"kind": kind, "amount_cents": amount_cents}


async def test_what_is_left_to_live_on_is_what_charges_and_debts_leave_and_housing_aid_is_netted_from_the_rent(
    besancon: Ccas,
) -> None:
    budget = {
        "resources": [line("wage", 90_000), line("family_benefits", 10_000), line("housing_aid", 20_000)],
        "charges": [line("rent", 45_000), line("energy", 6_000), line("debt_instalments", 12_000)],
        "assessed_capacity_cents": 9_000,
    }
    facts = await facts_of(besancon, await submitted_with(besancon, budget))
    assert {name: facts[name] for name in facts if name.endswith("_cents") and name not in APPROVAL["loan"]} == {
        "loan_amount_cents": 200_000,
        "rounding_unit_cents": 100,
        "grant_cents": 0,
        "resources_cents": 100_000,
        "left_to_live_cents": 100_000 - 25_000 - 6_000 - 12_000,
        "debt_instalments_cents": 12_000,
        "assessed_capacity_cents": 9_000,
    }


@pytest.mark.parametrize(("capacity", "rules"), [(8_500, []), (8_499, ["instalment_within_capacity"])])
async def test_the_instalment_keeps_within_the_capacity_that_was_assessed(
    besancon: Ccas, capacity: int, rules: list[str]
) -> None:
    budget = {"resources": [line("rsa", 45_000)], "charges": [], "assessed_capacity_cents": capacity}
    request_id = await submitted_with(besancon, budget)
    read = await ok(besancon.agent.get(f"/requests/{request_id}/budget"))
    assert read["assessed_capacity_cents"] == capacity
    decision = await ok(besancon.decider.post(f"/requests/{request_id}/decisions", APPROVAL))
    assert [breach["rule"] for breach in decision["breaches"]] == rules


async def test_what_the_person_told_of_residence_and_capacity_is_a_fact(besancon: Ccas) -> None:
    person = {**demand(besancon)["applicant"], "resident_since_on": "2009-06-01", "capacity": "full"}
    facts = await facts_of(besancon, await submitted(besancon, applicant=person))
    assert (facts["resident_since_on"], facts["capacity"]) == ("2009-06-01", "full")


# Other loans


async def again(ccas: Ccas, loan_id: str) -> str:
    """Another request of who has a loan, submitted on the day it is received."""
    loan = await ok(ccas.agent.get(f"/loans/{loan_id}"))
    person_id = (await ok(ccas.agent.get(f"/requests/{loan['request_id']}")))["applicant_id"]
    return await submitted(ccas, applicant_id=person_id, applicant=None)


async def test_a_loan_runs_from_its_offer_until_it_is_repaid(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    assert (await facts_of(besancon, await again(besancon, loan_id), "2011-01-20"))["running_loans"] == 0
    assert (await facts_of(besancon, await again(besancon, loan_id), "2011-01-21"))["running_loans"] == 1
    await ok(besancon.agent.post(f"/loans/{loan_id}/repayments", repayment(200_000, "2011-04-05", "B-1")))
    before = await facts_of(besancon, await again(besancon, loan_id), "2011-04-04")
    assert (before["running_loans"], "last_loan_ended_on" in before) == (1, False)
    after = await facts_of(besancon, await again(besancon, loan_id), "2011-04-05")
    assert (after["running_loans"], after["last_loan_ended_on"]) == (0, "2011-04-05")


async def test_a_loan_that_was_given_up_never_ran(besancon: Ccas) -> None:
    loan_id = await offered(besancon)
    giving_up = {"cancelled_on": "2011-01-25", "reason": "La personne renonce"}
    await ok(besancon.agent.post(f"/loans/{loan_id}/cancellations", giving_up))
    assert (await facts_of(besancon, await again(besancon, loan_id), "2011-01-26"))["running_loans"] == 0


async def test_the_loan_of_a_couple_runs_for_both(besancon: Ccas) -> None:
    other = await ok(besancon.agent.post("/people", {**demand(besancon)["applicant"], "first_names": "Dominique"}))
    first = await submitted(besancon, co_applicant_id=other["id"])
    await ok(besancon.decider.post(f"/requests/{first}/decisions", APPROVAL))
    offer = {"offered_on": "2011-01-21", "first_due_on": "2011-02-05"}
    await ok(besancon.agent.post(f"/requests/{first}/loans", offer))
    second = await submitted(besancon, applicant_id=other["id"], applicant=None)
    assert (await facts_of(besancon, second, "2011-01-22"))["running_loans"] == 1


async def test_a_listing_attested_while_the_ccas_lent_is_no_fact_of_a_file_that_a_partner_lends_on(
    databases: Databases, client: AsyncClient
) -> None:
    rules = rules_under("besancon")
    last = rules.versions[-1]
    products = tuple(replace(product, lending=Lending.PARTNER, ficp=ListingPolicy.REFUSED) for product in last.products)
    own = replace(last, version=1, valid_from=date(2010, 1, 1), valid_to=date(2011, 1, 31))
    partners = replace(last, version=2, valid_from=date(2011, 2, 1), products=products)
    ccas = open_with(databases, client, replace(rules, versions=(own, partners)))
    request_id = await submitted(ccas)
    for fact in ("ficp_listed", "bank_banned", "over_indebted"):
        body = attestation(fact, holds=fact != "over_indebted")
        await ok(ccas.agent.post(f"/requests/{request_id}/attestations", body))
    endorsement = {
        "outcome": "endorse",
        "loan": {"amount_cents": 200_000, "duration_months": 24},
        "decided_on": "2011-02-17",
        "signatory": "La présidente de la commission",
    }
    made = await ok(ccas.decider.post(f"/requests/{request_id}/decisions", endorsement))
    assert set(made["facts"]["attested"]) == {*ATTESTED, "over_indebted"}
    assert made["breaches"] == []

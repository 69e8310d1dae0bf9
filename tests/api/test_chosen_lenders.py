"""Several lenders for one product: the first is asked unless another is chosen, and each lends on its own terms."""

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient

from app.commands.tenants import read_rules
from app.domain.lenders import Lender, Lending, RateBand
from app.tenants import seed_files
from tests.api.test_rule_adoptions import TODAY, adopt, draft
from tests.lenders import (
    SUPPORT_PERSON,
    accepted_by,
    before_commission,
    machine_of,
    offer,
)
from tests.support import APPROVAL, Ccas, Databases, Json, ok, open_with, refused, submitted, with_own_partners

FIRST, OTHER = "credit_mutuel", "banque_postale"


def open_lent(databases: Databases, client: AsyncClient, rules_of: str = "amiens", **changes: Any) -> Ccas:
    """A CCAS with the rules of a seed tenant, its products changed and its agreements all in force."""
    seed = read_rules(next(path for path in seed_files() if path.stem == rules_of))
    own = uuid4().hex[:8]
    versions = tuple(
        replace(version, products=tuple(replace(product, **changes) for product in version.products))
        for version in seed.versions
    )
    agreements = tuple(replace(agreement, planned=False) for agreement in seed.agreements)
    rules = replace(seed, slug=f"{rules_of}-{own}", versions=versions, agreements=agreements)
    return open_with(databases, client, with_own_partners(rules, own))


@pytest.fixture
def amiens_of_two(databases: Databases, client: AsyncClient) -> Ccas:
    """Amiens with a second bank, which lends 1 500 € at most, at 4.5 %."""
    second = Lender(code=OTHER, name="La Banque Postale", amount_cents_max=150_000, rate_percent=Decimal("4.5"))
    return open_lent(databases, client, other_lenders=(second,))


def other_of(ccas: Ccas) -> str:
    return ccas.lender.replace(FIRST, OTHER)


def endorsement(amount_cents: int, **changes: Any) -> Json:
    return {
        "outcome": "endorse",
        "loan": {"amount_cents": amount_cents, "duration_months": 20},
        "decided_on": "2018-03-14",
        "signatory": "La présidente de la commission",
        **changes,
    }


async def authorised_for(ccas: Ccas, path: str, recipient: str) -> None:
    person_id = (await ok(ccas.agent.get(path)))["applicant_id"]
    body = {"recipient": recipient, "purposes": ["loan_file"], "given_on": "2018-03-01"}
    await ok(ccas.agent.post(f"/people/{person_id}/authorisations", body))


async def test_a_file_is_decided_on_the_terms_of_the_lender_that_is_chosen(amiens_of_two: Ccas) -> None:
    path = await before_commission(amiens_of_two, None, 200_000)
    chosen = endorsement(200_000, lender=other_of(amiens_of_two))
    problem = await refused(amiens_of_two.decider.post(f"{path}/decisions", chosen), 409, "rules_breached")
    assert [(breach["rule"], breach["limit"]) for breach in problem["breaches"]] == [("amount_cents_max", 150_000)]
    decision = await ok(amiens_of_two.decider.post(f"{path}/decisions", endorsement(200_000)))
    assert decision["facts"]["lender"] == amiens_of_two.lender


async def test_a_lender_that_the_rules_do_not_name_is_not_chosen(amiens_of_two: Ccas) -> None:
    path = await before_commission(amiens_of_two, None, 200_000)
    body = endorsement(200_000, lender="nobody")
    problem = await refused(amiens_of_two.decider.post(f"{path}/decisions", body), 409, "unknown_lender")
    assert (problem["lender"], problem["on"]) == ("nobody", "2018-03-14")


async def test_the_file_goes_to_the_lender_that_was_chosen_and_its_offer_is_held_to_its_own_terms(
    amiens_of_two: Ccas, databases: Databases, client: AsyncClient
) -> None:
    other = other_of(amiens_of_two)
    path = await before_commission(amiens_of_two, None, 150_000)
    decision = await ok(amiens_of_two.decider.post(f"{path}/decisions", endorsement(150_000, lender=other)))
    assert decision["facts"]["lender"] == other
    await authorised_for(amiens_of_two, path, other)
    actions = (await ok(amiens_of_two.agent.get(f"{path}/actions")))["items"]
    assert next(item for item in actions if item["action"] == "send_loan_file")["reasons"] == []
    sending = {"kind": "loan_file", "support_person": SUPPORT_PERSON, "sent_on": "2018-03-15"}
    handoff = await ok(amiens_of_two.agent.post(f"{path}/handoffs", sending))
    assert handoff["partner"] == other
    bank = machine_of(databases, client, other)
    await accepted_by(bank, handoff)
    offers = f"/partner/handoffs/{handoff['id']}/offers"
    problem = await refused(
        bank.post(offers, {**offer(150_000, 20, "4.5"), "rate_percent": "6.20"}), 409, "rules_breached"
    )
    assert [(breach["rule"], breach["limit"]) for breach in problem["breaches"]] == [("rate_percent", "4.5")]
    made = await ok(bank.post(offers, offer(150_000, 20, "4.5")))
    assert (await ok(amiens_of_two.agent.get(f"/loans/{made['loan_id']}")))["lender"]["partner"] == other


@pytest.mark.parametrize("change", [{"other_lenders": []}, {"code": "autre_produit"}])
async def test_an_endorsed_file_goes_to_its_lender_though_the_rules_drop_it_since(
    amiens_of_two: Ccas, change: Json
) -> None:
    ccas, other = amiens_of_two, other_of(amiens_of_two)
    path = await before_commission(ccas, None, 150_000)
    await ok(ccas.decider.post(f"{path}/decisions", endorsement(150_000, lender=other)))
    await adopt(ccas, await draft(ccas, change, valid_from=TODAY.isoformat()))
    sending = {"kind": "loan_file", "support_person": SUPPORT_PERSON, "sent_on": TODAY.isoformat()}
    problem = await refused(ccas.agent.post(f"{path}/handoffs", sending), 409, "authorisation_missing")
    assert problem["recipient"] == other
    assert (await ok(ccas.agent.get("/handoffs", request_id=path.split("/")[-1])))["items"] == []
    await authorised_for(ccas, path, other)
    actions = (await ok(ccas.agent.get(f"{path}/actions")))["items"]
    assert next(item for item in actions if item["action"] == "send_loan_file")["reasons"] == []
    assert (await ok(ccas.agent.post(f"{path}/handoffs", sending)))["partner"] == other


async def test_an_endorsed_file_goes_to_the_lender_that_is_asked_for(amiens_of_two: Ccas) -> None:
    ccas, other = amiens_of_two, other_of(amiens_of_two)
    path = await before_commission(ccas, None, 150_000)
    await ok(ccas.decider.post(f"{path}/decisions", endorsement(150_000, lender=other)))
    sending = {"kind": "loan_file", "support_person": SUPPORT_PERSON, "sent_on": "2018-03-15", "partner": ccas.lender,
               "choice_reason": "La personne y a son compte"}  # fmt: skip
    assert (await ok(ccas.agent.post(f"{path}/handoffs", sending)))["partner"] == ccas.lender


async def test_a_simulation_asks_the_lender_that_is_named(amiens_of_two: Ccas, client: AsyncClient) -> None:
    asked = {"tenant": amiens_of_two.slug, "amount_cents": 200_000, "duration_months": 24}
    first = await ok(client.post("/v1/simulations", json=asked))
    assert (first["terms"]["lender"], first["terms"]["rate_percent"]) == (amiens_of_two.lender, "6.2")
    second = await ok(client.post("/v1/simulations", json={**asked, "lender": other_of(amiens_of_two)}))
    assert (second["terms"]["lender"], second["terms"]["rate_percent"]) == (other_of(amiens_of_two), "4.5")
    assert [breach["rule"] for breach in second["breaches"]] == ["amount_cents_max"]
    await refused(client.post("/v1/simulations", json={**asked, "lender": "nobody"}), 409, "unknown_lender")


async def test_a_ccas_that_lends_beside_a_partner_decides_with_the_one_that_is_chosen(
    databases: Databases, client: AsyncClient
) -> None:
    """One product of two lenders, the CCAS first: the file is approved for the one, endorsed for the other."""
    partner = Lender(code="adie", name="Adie", lending=Lending.PARTNER)
    ccas = open_lent(databases, client, "besancon", other_lenders=(partner,))
    path = f"/requests/{await submitted(ccas)}"
    actions = {item["action"]: item["reasons"] for item in (await ok(ccas.decider.get(f"{path}/actions")))["items"]}
    assert (actions["approve"], actions["endorse"]) == ([], [])
    await refused(ccas.decider.post(f"{path}/decisions", {**APPROVAL, "lender": "adie"}), 409, "partner_lends")
    endorsed = endorsement(200_000, decided_on="2011-01-20")
    await refused(ccas.decider.post(f"{path}/decisions", endorsed), 409, "no_lender")
    decision = await ok(ccas.decider.post(f"{path}/decisions", {**endorsed, "lender": "adie"}))
    assert (decision["outcome"], decision["facts"]["lender"]) == ("endorse", "adie")


@pytest.mark.parametrize(("birth_on", "rate"), [("1985-01-21", "0"), ("1985-01-20", "2"), ("1950-01-01", "2")])
async def test_the_rate_of_a_loan_is_that_of_the_age_on_the_day_of_the_decision(
    databases: Databases, client: AsyncClient, birth_on: str, rate: str
) -> None:
    bands = (
        RateBand(age_min=None, age_max=25, rate_percent=Decimal(0)),
        RateBand(age_min=26, age_max=None, rate_percent=Decimal(2)),
    )
    ccas = open_lent(databases, client, "besancon", rate_percent=None, rate_bands=bands)
    person = {"first_names": "C", "birth_name": "E", "birth_on": birth_on, "commune_insee_code": ccas.insee_code}
    path = f"/requests/{await submitted(ccas, applicant=person)}/decisions"
    loan = {"amount_cents": 200_000, "duration_months": 24, "remainder_on": "last"}
    decision = await ok(ccas.decider.post(path, {**APPROVAL, "loan": loan}))
    assert decision["loan"]["rate_percent"] == rate

"""Going past a rule: only where the rules say who may, only with a reason, and never past the law."""

from dataclasses import replace
from uuid import uuid4

import pytest
from httpx import AsyncClient

from app.domain.breaches import Severity
from app.domain.permissions import Role
from app.domain.products import Tier
from tests.lenders import rules_under
from tests.support import APPROVAL, Ccas, Databases, Json, attestation, ok, open_with, refused, submitted

REASON = "Le véhicule conditionne l’embauche, promise par écrit"


def open_changed(databases: Databases, client: AsyncClient, **changes: object) -> Ccas:
    """A CCAS with Besançon's last rules from the start of 2011, the product changed."""
    rules = rules_under("besancon")
    first, *_, last = rules.versions
    products = tuple(replace(product, **changes) for product in last.products)  # type: ignore[arg-type]
    version = replace(last, version=1, valid_from=first.valid_from, products=products)
    return open_with(databases, client, replace(rules, slug=f"changed-{uuid4().hex[:8]}", versions=(version,)))


@pytest.fixture
def ccas(databases: Databases, client: AsyncClient) -> Ccas:
    """A CCAS that lends 1 500 € at most, to be gone past by its deciders; its manager alone goes past the age."""
    return open_changed(
        databases,
        client,
        amount_cents_max=150_000,
        applicant_age_min=30,
        overridable_by={"amount_cents_max": (Role.DECIDER, Role.MANAGER), "applicant_age_min": (Role.MANAGER,)},
    )


def override(rule: str, reason: str = REASON) -> Json:
    return {"rule": rule, "reason": reason}


def approval(*rules: str, **changes: object) -> Json:
    return {**APPROVAL, "overrides": [override(rule) for rule in rules], **changes}


async def path_of(ccas: Ccas, birth_on: str = "1970-03-02") -> str:
    """The path of the decisions on a request for 2 000 €."""
    person = {
        "first_names": "Camille",
        "birth_name": "Exemple",
        "birth_on": birth_on,
        "commune_insee_code": ccas.insee_code,
    }
    return f"/requests/{await submitted(ccas, applicant=person)}/decisions"


async def test_a_refusal_is_gone_past_by_who_may_with_a_reason_that_is_kept(ccas: Ccas) -> None:
    path = await path_of(ccas)
    problem = await refused(ccas.decider.post(path, APPROVAL), 409, "rules_breached")
    (breach,) = problem["breaches"]
    assert (breach["rule"], breach["overridable_by"]) == ("amount_cents_max", ["decider", "manager"])
    decision = await ok(ccas.decider.post(path, approval("amount_cents_max")))
    assert decision["overrides"] == [override("amount_cents_max")]
    assert [(breach["rule"], breach["severity"]) for breach in decision["breaches"]] == [("amount_cents_max", "refuse")]
    assert await ok(ccas.manager.get(f"/decisions/{decision['id']}")) == decision


async def test_a_rule_that_others_may_go_past_stops_who_may_not(ccas: Ccas) -> None:
    path = await path_of(ccas, birth_on="1988-03-02")
    both = approval("amount_cents_max", "applicant_age_min")
    problem = await refused(ccas.decider.post(path, both), 409, "rules_breached")
    assert {breach["rule"]: breach["overridable_by"] for breach in problem["breaches"]} == {
        "applicant_age_min": ["manager"],
        "amount_cents_max": ["decider", "manager"],
    }


async def test_a_rule_that_nobody_may_go_past_stops_everybody(besancon: Ccas) -> None:
    request_id = await submitted(besancon, household={"adults": 1, "minor_children": 2})
    path = f"/requests/{request_id}/decisions"
    problem = await refused(besancon.decider.post(path, approval("minor_children_max")), 409, "rules_breached")
    assert [breach["overridable_by"] for breach in problem["breaches"]] == [[]]


async def test_the_law_is_gone_past_by_nobody(databases: Databases, client: AsyncClient) -> None:
    everything = {"over_indebtedness": (Role.DECIDER,), "capacity": (Role.DECIDER,)}
    ccas = open_changed(databases, client, overridable_by=everything, applicant_age_min=None)
    path = await path_of(ccas, birth_on="1995-03-02")
    (warning,) = (await ok(ccas.decider.post(path, APPROVAL)))["breaches"]
    assert (warning["rule"], warning["severity"]) == ("capacity", "warn")
    path = await path_of(ccas, birth_on="1995-03-02")
    await ok(ccas.agent.post(path.replace("decisions", "attestations"), attestation("over_indebted")))
    for rules in (("over_indebtedness",), ("capacity",)):
        problem = await refused(ccas.decider.post(path, approval(*rules)), 409, "override_not_allowed")
        assert problem["rule"] == rules[0]
    problem = await refused(ccas.decider.post(path, APPROVAL), 409, "rules_breached")
    assert {breach["rule"]: breach["overridable_by"] for breach in problem["breaches"]} == {
        "capacity": [],
        "over_indebtedness": [],
    }


async def test_a_warning_stops_nobody_and_what_is_said_of_it_is_kept(databases: Databases, client: AsyncClient) -> None:
    ccas = open_changed(databases, client, amount_cents_max=150_000, severities={"amount_cents_max": Severity.WARN})
    path = await path_of(ccas)
    decision = await ok(ccas.decider.post(path, approval("amount_cents_max")))
    assert [(breach["rule"], breach["severity"]) for breach in decision["breaches"]] == [("amount_cents_max", "warn")]
    assert decision["overrides"] == [override("amount_cents_max")]
    silent = await ok(ccas.decider.post(await path_of(ccas), APPROVAL))
    assert silent["overrides"] == []


async def test_a_role_named_for_a_whole_goes_past_its_parts(databases: Databases, client: AsyncClient) -> None:
    severities = {"attestations": Severity.REFUSE}
    ccas = open_changed(databases, client, severities=severities, overridable_by={"attestations": (Role.DECIDER,)})
    path = await path_of(ccas)
    told = attestation("engaged_in_project", holds=False, attested_on="2011-01-10")
    await ok(ccas.agent.post(path.replace("decisions", "attestations"), told))
    await refused(ccas.decider.post(path, APPROVAL), 409, "rules_breached")
    decision = await ok(ccas.decider.post(path, approval("attestations.engaged_in_project")))
    assert decision["overrides"] == [override("attestations.engaged_in_project")]


async def test_a_rule_that_is_met_is_not_gone_past(ccas: Ccas) -> None:
    path = await path_of(ccas)
    body = approval("amount_cents_max", "duration_months_max")
    problem = await refused(ccas.decider.post(path, body), 409, "override_not_needed")
    assert problem["rule"] == "duration_months_max"


@pytest.mark.parametrize(
    ("overrides", "outcome", "pointer", "code"),
    [
        ([override("amount_cents_max", " ")], "approve", "/body/overrides/0/reason", "blank"),
        ([{"rule": "amount_cents_max"}], "approve", "/body/overrides/0/reason", "missing"),
        ([override("AMOUNT")], "approve", "/body/overrides/0/rule", "bad_form"),
        ([override("amount_cents_max"), override("amount_cents_max", "x")], "approve", "/body", "override_doubled"),
        ([override("amount_cents_max")], "adjourn", "/body", "overrides_with_aid_only"),
        ([override("amount_cents_max")] * 21, "approve", "/body/overrides", "too_long"),
    ],
)
async def test_an_override_that_is_ill_formed_is_refused(
    ccas: Ccas, overrides: list[Json], outcome: str, pointer: str, code: str
) -> None:
    body = approval(overrides=overrides, outcome=outcome)
    if outcome == "adjourn":
        body = {**body, "reason_code": "missing_papers", "reason": "Le devis manque", "loan": None}
        body["missing"] = ["Devis"]
    problem = await refused(ccas.decider.post(await path_of(ccas), body), 422, "invalid")
    assert (problem["errors"][0]["pointer"], problem["errors"][0]["code"]) == (pointer, code)


@pytest.mark.parametrize(("may", "reasons"), [(Role.MANAGER, ["rules_breached"]), (Role.DECIDER, [])])
async def test_what_may_be_done_counts_what_the_caller_may_go_past(
    databases: Databases, client: AsyncClient, may: Role, reasons: list[str]
) -> None:
    """The person is of age today, and younger than the rules ask."""
    ccas = open_changed(databases, client, applicant_age_min=90, overridable_by={"applicant_age_min": (may,)})
    path = await path_of(ccas)
    actions = (await ok(ccas.decider.get(path.replace("decisions", "actions"))))["items"]
    assert next(item for item in actions if item["action"] == "approve")["reasons"] == reasons


# The exceptional tier


async def test_a_reason_that_the_rules_keep_a_higher_tier_for_opens_it(
    databases: Databases, client: AsyncClient
) -> None:
    tier = Tier(code="job", name="Emploi", reasons=("employment",), amount_cents_max=200_000, duration_months_max=24)
    ccas = open_changed(databases, client, amount_cents_max=150_000, tiers=(tier,))
    path = await path_of(ccas)
    for other in ({}, {"exceptional_reason": "health"}):
        problem = await refused(ccas.decider.post(path, {**APPROVAL, **other}), 409, "rules_breached")
        assert problem["breaches"][-1]["rule"] == "amount_cents_max"
    await refused(ccas.decider.post(path, {**APPROVAL, "exceptional_reason": "luck"}), 422, "invalid")
    decision = await ok(ccas.decider.post(path, {**APPROVAL, "exceptional_reason": "employment"}))
    assert (decision["facts"]["exceptional_reason"], decision["breaches"]) == ("employment", [])

"""What a draft of rules would have told of the decisions of a time: file by file and in total, nothing stored."""

import json
from datetime import date
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from pydantic import TypeAdapter
from sqlalchemy import Engine, create_engine, event, text

from app.domain import eligibility
from app.domain.permissions import Role
from app.domain.rules import RuleVersion
from app.services import aid_facts, rule_impacts, rules
from tests.api.test_decisions import ADJOURNMENT, GRANT, GRANT_PLAN, REFUSAL, WHY_LESS, line, plan
from tests.api.test_overrides import open_changed
from tests.support import APPROVAL, Ccas, Databases, Json, ok, refused, run_sql, submitted

VERSION = TypeAdapter(RuleVersion)
YEAR = {"decided_from": "2011-01-01", "decided_to": "2011-12-31"}


async def decide(ccas: Ccas, decision: Json, plan: Json | None = None, **changes: Any) -> Json:
    request_id = await submitted(ccas, plan, **changes)
    return await ok(ccas.decider.post(f"/requests/{request_id}/decisions", decision))


async def product_of(ccas: Ccas, on: str = "2011-01-20") -> Json:
    found: Json = (await ok(ccas.manager.get(f"/tenants/{ccas.slug}/rules", on=on)))["products"][0]
    return found


async def impact(ccas: Ccas, product: Json | None = None, **changes: Any) -> Json:
    """What the rules of January 2011 would have told, the product changed."""
    products = [{**await product_of(ccas), **(product or {})}]
    return await ok(ccas.manager.post(f"/tenants/{ccas.slug}/rules/impact", {**YEAR, "products": products, **changes}))


def verdicts(told: Json) -> dict[str, str]:
    return {file["decision_id"]: file["verdict"] for file in told["files"]}


async def test_the_same_rules_would_have_told_the_same(besancon: Ccas) -> None:
    approved = await decide(besancon, APPROVAL)
    declined = await decide(besancon, REFUSAL, household={"adults": 1, "minor_children": 2})
    told = await impact(besancon)
    assert verdicts(told) == {approved["id"]: "same", declined["id"]: "same"}
    assert told["totals"] == {
        "files": 2,
        "same": 2,
        "now_refused": 0,
        "now_allowed": 0,
        "other_warnings": 0,
        "unknown": 0,
        "loan_cents_now_refused": 0,
        "loan_cents_now_allowed": 0,
    }
    assert [file["changed"] for file in told["files"]] == [False, False]


async def test_each_file_tells_what_would_have_become_of_it(besancon: Ccas) -> None:
    family = {"household": {"adults": 1, "minor_children": 2}}
    large = await decide(besancon, APPROVAL)
    small = {**APPROVAL, "loan": {"amount_cents": 100_000, "duration_months": 20}}
    plan = {"lines": [{"label": "Microcrédit", "kind": "loan", "amount_cents": 100_000}]}
    small = await decide(besancon, small, plan, project_cost_cents=100_000)
    parents = await decide(besancon, REFUSAL, **family, requested_amount_cents=100_000)
    unclear = await decide(besancon, REFUSAL, requested_amount_cents=100_000)
    later = await decide(besancon, ADJOURNMENT, **family)
    granted = await decide(besancon, GRANT, GRANT_PLAN)
    changes = {
        "amount_cents_max": 150_000,
        "minor_children_max": None,
        "grant": {"with_loan": True, "alone": True, "usual_cents": 20_000},
    }
    told = await impact(besancon, changes)
    assert verdicts(told) == {
        large["id"]: "now_refused",
        small["id"]: "same",
        parents["id"]: "now_allowed",
        unclear["id"]: "same",
        later["id"]: "other_warnings",
        granted["id"]: "other_warnings",
    }
    assert told["totals"] == {
        "files": 6,
        "same": 2,
        "now_refused": 1,
        "now_allowed": 1,
        "other_warnings": 2,
        "unknown": 0,
        "loan_cents_now_refused": 200_000,
        "loan_cents_now_allowed": 100_000,
    }
    first = told["files"][0]
    request = await ok(besancon.agent.get(f"/requests/{first['request_id']}"))
    assert (first["reference"], first["decided_on"], first["outcome"]) == (
        request["reference"],
        "2011-01-20",
        "approve",
    )
    assert (first["was"], first["changed"]) == ([], True)
    (breach,) = first["would_be"]
    assert (breach["rule"], breach["limit"], breach["actual"]) == ("amount_cents_max", 150_000, 200_000)


async def test_a_version_that_was_adopted_is_tried_by_its_number(besancon: Ccas) -> None:
    family = await decide(besancon, REFUSAL, household={"adults": 1, "minor_children": 2})
    path = f"/tenants/{besancon.slug}/rules/impact"
    told = await ok(besancon.manager.post(path, {**YEAR, "version": 4}))
    assert verdicts(told) == {family["id"]: "now_allowed"}
    await refused(besancon.manager.post(path, {**YEAR, "version": 5}), 404, "not_found")


async def test_only_the_decisions_of_the_time_are_replayed(besancon: Ccas) -> None:
    made = [await decide(besancon, {**APPROVAL, "decided_on": on}) for on in ("2011-03-01", "2011-02-01")]
    told = await impact(besancon, decided_from="2011-02-01", decided_to="2011-03-01")
    assert list(verdicts(told)) == [decision["id"] for decision in reversed(made)]
    assert (await impact(besancon, decided_from="2011-02-02", decided_to="2011-02-28"))["files"] == []


async def test_a_product_that_the_draft_no_longer_has_is_a_breach(besancon: Ccas) -> None:
    decision = await decide(besancon, APPROVAL)
    told = await impact(besancon, {"code": "coup_de_pouce"})
    assert verdicts(told) == {decision["id"]: "now_refused"}
    (breach,) = told["files"][0]["would_be"]
    assert (breach["rule"], breach["limit"], breach["actual"]) == ("product", ["coup_de_pouce"], "parcours_projet")


async def test_a_refusal_is_told_on_what_was_asked_for(besancon: Ccas) -> None:
    """4 000 € asked for against 3 000 €: allowed from a ceiling of 4 000 € on, still refused by one of 3 999 €."""
    asked = {"requested_amount_cents": 400_000, "project_cost_cents": 400_000}
    narrowed = plan(line("loan", 300_000), line("own", 100_000))
    declined = await decide(besancon, REFUSAL, narrowed, **asked)
    told = await impact(besancon, {"amount_cents_max": 400_000})
    assert verdicts(told) == {declined["id"]: "now_allowed"}
    assert told["totals"]["loan_cents_now_allowed"] == 400_000
    (breach,) = told["files"][0]["was"]
    assert (breach["rule"], breach["limit"], breach["actual"]) == ("amount_cents_max", 300_000, 400_000)
    assert "3 000 € maximum" in breach["reference"]
    assert verdicts(await impact(besancon, {"amount_cents_max": 399_900})) == {declined["id"]: "other_warnings"}
    assert verdicts(await impact(besancon)) == {declined["id"]: "same"}


async def test_an_approval_is_told_on_what_was_approved(besancon: Ccas) -> None:
    asked = {"requested_amount_cents": 400_000, "project_cost_cents": 400_000}
    loan = {"loan": {"amount_cents": 300_000, "duration_months": 36}}
    narrowed = plan(line("loan", 300_000), line("own", 100_000))
    approved = await decide(besancon, {**APPROVAL, **loan, **WHY_LESS}, narrowed, **asked)
    assert verdicts(await impact(besancon)) == {approved["id"]: "same"}


async def test_what_was_gone_past_counts_as_long_as_somebody_may_go_past_it(
    databases: Databases, client: AsyncClient
) -> None:
    overridable = {"amount_cents_max": (Role.DECIDER,)}
    ccas = open_changed(databases, client, amount_cents_max=150_000, overridable_by=overridable)
    gone_past = [{"rule": "amount_cents_max", "reason": "Promesse d’embauche"}]
    decision = await decide(ccas, {**APPROVAL, "overrides": gone_past})
    for roles, verdict in (
        ({"amount_cents_max": ["decider"]}, "same"),
        ({"amount_cents_max": ["manager"]}, "same"),
        ({"amount_cents_max": []}, "now_refused"),
        ({}, "now_refused"),
    ):
        assert verdicts(await impact(ccas, {"overridable_by": roles})) == {decision["id"]: verdict}


async def test_an_act_that_the_draft_does_not_know_is_refused(besancon: Ccas, amiens: Ccas) -> None:
    approved, granted = await decide(besancon, APPROVAL), await decide(besancon, GRANT, GRANT_PLAN)
    endorsement = {**APPROVAL, "outcome": "endorse", "loan": {"amount_cents": 200_000, "duration_months": 24}}
    endorsed = await decide(amiens, endorsement)
    told = await impact(besancon, {"lending": "partner", "grant": None})
    assert verdicts(told) == {approved["id"]: "now_refused", granted["id"]: "now_refused"}
    reasons = [(breach["rule"], breach["limit"], breach["actual"]) for (breach,) in would_be(told)]
    assert reasons == [("lending", "partner", "own_funds"), ("grant", None, 30_000)]
    told = await impact(amiens, {"lending": "own_funds", "lender": {"code": "ccas", "name": "CCAS"}})
    assert verdicts(told) == {endorsed["id"]: "now_refused"}
    assert ("lending", "own_funds", "partner") in [
        (breach["rule"], breach["limit"], breach["actual"]) for breach in would_be(told)[0]
    ]


def would_be(told: Json) -> list[Any]:
    """The breaches of each file under the draft."""
    return [file["would_be"] for file in told["files"]]


@pytest.mark.parametrize(
    ("product", "missing"),
    [
        ({"residence_months_min": 3}, ["residence_months_min"]),
        ({"attestations": ["account_at_lender"]}, ["attestations.account_at_lender"]),
        ({"documents": ["identity"]}, ["documents"]),
    ],
)
async def test_a_rule_that_asks_for_what_was_never_asked_for_leaves_the_answer_unknown(
    databases: Databases, client: AsyncClient, product: Json, missing: list[str]
) -> None:
    ccas = open_changed(databases, client, attestations=(), minor_children_max=0, severities={})
    approved = await decide(ccas, APPROVAL)
    refused_anyway = await decide(ccas, REFUSAL)
    family = await decide(ccas, REFUSAL, household={"adults": 1, "minor_children": 2})
    told = await impact(ccas, {**product, "minor_children_max": None})
    assert verdicts(told) == {approved["id"]: "unknown", refused_anyway["id"]: "same", family["id"]: "unknown"}
    assert [(file["missing"], file["would_be"]) for file in told["files"]] == [(missing, [])] * 3
    assert [file["changed"] for file in told["files"]] == [None, False, None]
    assert (told["totals"]["unknown"], told["totals"]["loan_cents_now_refused"]) == (2, 0)


async def test_what_is_certain_goes_before_what_is_unknown(besancon: Ccas) -> None:
    approved = await decide(besancon, APPROVAL)
    told = await impact(besancon, {"documents": ["identity"], "amount_cents_max": 100_000})
    assert verdicts(told) == {approved["id"]: "now_refused"}
    assert told["files"][0]["missing"] == ["documents"]
    told = await impact(besancon, {"documents": ["identity"], "severities": {"documents": "warn"}})
    assert verdicts(told) == {approved["id"]: "same"}


async def test_the_figures_of_a_budget_that_is_there_are_used(besancon: Ccas) -> None:
    """What the instalment of a refused loan would have been is not known; of an approval it is."""
    approved = await decide(besancon, APPROVAL)
    family = await decide(besancon, REFUSAL, household={"adults": 1, "minor_children": 2})
    for rule, asked in (("debt_ratio_percent_max", "100"), ("left_to_live", {"cents_min": 1_000})):
        told = await impact(besancon, {rule: asked, "minor_children_max": None})
        assert verdicts(told) == {approved["id"]: "same", family["id"]: "unknown"}
        assert [file["missing"] for file in told["files"]] == [[], [rule]]
    told = await impact(besancon, {"months_since_last_loan_min": 3})
    assert [file["missing"] for file in told["files"]] == [[], []]


async def test_the_faults_of_a_draft_are_told_beside_what_it_would_have_changed(besancon: Ccas) -> None:
    approved = await decide(besancon, APPROVAL)
    told = await impact(besancon, {"purposes": ["yacht"]})
    assert verdicts(told) == {approved["id"]: "now_refused"}
    assert [(fault["path"], fault["code"]) for fault in told["faults"]] == [("products.0.purposes.0", "unknown_code")]
    assert told["faults"][0]["message"].endswith(".")
    assert (await impact(besancon))["faults"] == []


async def test_the_draft_is_settled_on_the_day_of_each_decision(besancon: Ccas) -> None:
    """The ceiling follows an index: 400 € until the end of January 2011, 500 € from then on, for 450 € of resources."""
    early, late = [await decide(besancon, {**APPROVAL, "decided_on": on}) for on in ("2011-01-20", "2011-02-20")]
    values = [
        {"valid_from": "2010-01-01", "valid_to": "2011-01-31", "value": "40000", "source": "Décret"},
        {"valid_from": "2011-02-01", "valid_to": None, "value": "50000", "source": "Décret"},
    ]
    indexes = [{"code": "rsa", "name": "RSA", "unit": "cents", "values": values}]
    told = await impact(besancon, {"income_ceiling": {"index": "rsa"}}, indexes=indexes)
    assert verdicts(told) == {early["id"]: "now_refused", late["id"]: "same"}


def counts(databases: Databases) -> list[Any]:
    """How many rows there are of what an impact might leave."""
    engine = create_engine(databases.admin_url)
    with engine.connect() as connection:
        found = [
            connection.execute(text(f"select count(*), max(entered_at) from {table}")).one()  # noqa: S608
            for table in ("decisions", "rule_versions", "requests", "attestations")
        ]
    engine.dispose()
    return found


async def test_nothing_is_stored(besancon: Ccas, databases: Databases) -> None:
    await decide(besancon, APPROVAL)
    before = counts(databases)
    await impact(besancon, {"amount_cents_max": 1})
    assert counts(databases) == before


async def test_the_decisions_are_read_at_once_however_many_they_are(besancon: Ccas, app: FastAPI) -> None:
    for _ in range(3):
        await decide(besancon, APPROVAL)
    read: list[str] = []
    engine: Engine = app.state.engine.sync_engine

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        read.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        assert (await impact(besancon))["totals"]["files"] == 3
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len([statement for statement in read if "FROM decisions" in statement]) == 1


async def test_more_decisions_than_are_replayed_at_once_are_asked_for_in_parts(
    besancon: Ccas, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        await decide(besancon, APPROVAL)
    monkeypatch.setattr(rule_impacts, "DECISIONS_MAX", 1)
    body = {**YEAR, "products": [await product_of(besancon)]}
    problem = await refused(
        besancon.manager.post(f"/tenants/{besancon.slug}/rules/impact", body), 409, "too_many_decisions"
    )
    assert (problem["limit"], problem["decided_from"], problem["decided_to"]) == (1, "2011-01-01", "2011-12-31")


async def test_the_manager_alone_tries_rules_and_in_the_own_ccas_alone(besancon: Ccas, toulouse: Ccas) -> None:
    path, body = f"/tenants/{besancon.slug}/rules/impact", {**YEAR, "version": 1}
    for staff in (besancon.agent, besancon.decider):
        await refused(staff.post(path, body), 403, "forbidden")
    theirs = await refused(toulouse.manager.post(path, body), 404, "not_found")
    assert theirs == await refused(toulouse.manager.post("/tenants/nulle-part/rules/impact", body), 404, "not_found")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, "one_of_two"),
        ({"version": 1, "products": True}, "one_of_two"),
        ({"version": 1, "decided_to": "2010-12-31"}, "ends_before_it_begins"),
        ({"version": 0}, "too_small"),
        (
            {"version": 1, "indexes": [{"code": "a", "name": "a", "unit": "cents", "values": []}]},
            "indexes_with_products_only",
        ),
        ({"products": [{}]}, "missing"),
    ],
)
async def test_a_draft_that_is_ill_formed_is_refused(besancon: Ccas, change: Json, code: str) -> None:
    body = {**YEAR, **change}
    if body.get("products") is True:
        body["products"] = [await product_of(besancon)]
    problem = await refused(besancon.manager.post(f"/tenants/{besancon.slug}/rules/impact", body), 422, "invalid")
    assert code in [fault["code"] for fault in problem["errors"]]


# The facts alone tell the same again.


@pytest.mark.parametrize(
    ("decision", "plan", "changes"),
    [
        (APPROVAL, None, {}),
        ({**APPROVAL, "loan": {"amount_cents": 200_000, "duration_months": 24, "rounding_unit_cents": 1}}, None, {}),
        (REFUSAL, None, {"household": {"adults": 3, "minor_children": 4}}),
        (GRANT, GRANT_PLAN, {}),
    ],
    ids=["an approval", "an approval with a warning", "a refusal with a breach", "a grant"],
)
async def test_a_decision_is_evaluated_again_the_same_from_what_is_stored_with_it(
    besancon: Ccas, databases: Databases, decision: Json, plan: Json | None, changes: Json
) -> None:
    made = await decide(besancon, decision, plan, **changes)
    (row,) = run_sql(databases, besancon, "select facts, breaches from decisions where id = :id", id=made["id"])
    on = date.fromisoformat(made["decided_on"])
    version = VERSION.validate_json(
        json.dumps(await ok(besancon.manager.get(f"/tenants/{besancon.slug}/rules", on=made["decided_on"])))
    )
    assert version.version == made["rules_version"]
    aid = aid_facts.read_back(row["facts"], on=on)
    assert json.loads(json.dumps(aid.facts())) == row["facts"]
    product = rules.product(version, None, on=on, lender=aid.lender, age=aid.applicant_age)
    again = eligibility.breaches(product, aid, reference=version.reference)
    assert [told.facts() for told in again] == row["breaches"]

"""The seven projects of 2011 that several sources paid for, in Besançon: each adds up, and a cent off goes nowhere."""

import copy
from pathlib import Path

import pytest
import yaml

from tests.support import ATTESTED, BUDGET, Ccas, Json, attestation, demand, etag_of, ok, refused

PLANS = yaml.safe_load((Path(__file__).parents[1] / "cases" / "financing_plans.yaml").read_text("utf-8"))["plans"]


def cents_of(case: Json, kind: str) -> int:
    return sum(int(line["amount_cents"]) for line in case["lines"] if line["kind"] == kind)


def off_by(case: Json, cents: int) -> Json:
    """The plan with its first source a little off."""
    lines = copy.deepcopy(case["lines"])
    lines[0]["amount_cents"] += cents
    return {"lines": lines}


def decision(case: Json) -> Json:
    """What the commission decides, as the report tells it."""
    signed = {"decided_on": "2011-12-01", "signatory": "La présidente", "grant_cents": cents_of(case, "grant")}
    if case["months"] is None:
        return {"outcome": "grant_only", **signed}
    loan = {"amount_cents": cents_of(case, "loan"), "duration_months": case["months"]}
    return {"outcome": "approve", "loan": loan, **signed}


@pytest.mark.parametrize("case", PLANS, ids=[case["id"] for case in PLANS])
async def test_a_plan_of_several_sources_adds_up_to_the_cent_or_goes_nowhere(besancon: Ccas, case: Json) -> None:
    cost = case["project_cost_cents"]
    requested = cents_of(case, "loan") + cents_of(case, "grant")
    asked = {"purpose": case["purpose"], "project_cost_cents": cost, "requested_amount_cents": requested}
    request = await ok(besancon.agent.post("/requests", demand(besancon, received_on="2011-11-02", **asked)))
    path = f"/requests/{request['id']}"
    for fact in ATTESTED:
        await ok(besancon.agent.post(f"{path}/attestations", attestation(fact, attested_on="2011-11-02")))
    await ok(besancon.agent.post(f"{path}/assess", {"assessed_on": "2011-11-10"}))

    async def put(part: str, body: Json) -> Json:
        return await ok(besancon.agent.put(f"{path}/{part}", body, etag=await etag_of(besancon.agent, path)))

    await put("budget", BUDGET)
    for cents in (-1, 1):
        assert (await put("financing-plan", off_by(case, cents)))["balanced"] is False
        problem = await refused(besancon.agent.post(f"{path}/submit"), 409, "plan_unbalanced")
        assert (problem["total_cents"], problem["project_cost_cents"]) == (cost + cents, cost)
    plan = await put("financing-plan", {"lines": case["lines"]})
    assert (plan["total_cents"], plan["balanced"]) == (cost, True)
    await ok(besancon.agent.post(f"{path}/submit", {"submitted_on": "2011-11-20"}))

    locked = besancon.agent.put(
        f"{path}/financing-plan", {"lines": case["lines"]}, etag=await etag_of(besancon.agent, path)
    )
    await refused(locked, 409, "request_locked")
    for cents in (-1, 1):
        body = {**decision(case), "financing_plan": off_by(case, cents)}
        await refused(besancon.decider.post(f"{path}/decisions", body), 409, "plan_unbalanced")
    assert (await ok(besancon.agent.get(f"{path}/financing-plan")))["revision"] == plan["revision"]
    await ok(besancon.decider.post(f"{path}/decisions", decision(case)))

"""Yearly envelopes: voted, held by decisions, freed and consumed; never exceeded, by fifty at once either."""

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from httpx import AsyncClient, Response
from sqlalchemy.exc import DBAPIError

from app.commands.tenants import read_rules
from app.domain.permissions import Role
from app.domain.rules import TenantRules
from app.tenants import seed_files
from tests.api.test_communes import CONDE, staff_of
from tests.api.test_decisions import GRANT, GRANT_PLAN, REFUSAL, WHY_LESS, line, plan
from tests.lenders import before_commission, endorsement, rules_under
from tests.support import (
    APPROVAL,
    OTHER_ANSWER,
    Ccas,
    Databases,
    Json,
    accepted,
    approved,
    disbursed,
    offered,
    ok,
    open_with,
    refused,
    run_sql,
    submitted,
)

VOTE: Json = {
    "year": 2011,
    "kind": "loans",
    "amount_cents": 500_000,
    "voted_on": "2010-12-14",
    "reference": "Délibération 2010-112",
}


async def vote(ccas: Ccas, kind: str, amount_cents: int, year: int = 2011) -> Json:
    body = {**VOTE, "kind": kind, "amount_cents": amount_cents, "year": year}
    return await ok(ccas.manager.post("/envelopes", body))


async def standing(ccas: Ccas, year: int = 2011) -> dict[str, tuple[int, int, int]]:
    """What is reserved, consumed and left of each envelope, which make its amount."""
    items = (await ok(ccas.agent.get("/envelopes", year=year)))["items"]
    for item in items:
        assert item["amount_cents"] == item["reserved_cents"] + item["consumed_cents"] + item["left_cents"]
    return {item["kind"]: (item["reserved_cents"], item["consumed_cents"], item["left_cents"]) for item in items}


async def test_an_envelope_is_voted_and_voted_again_and_both_votes_are_kept(besancon: Ccas) -> None:
    first = await vote(besancon, "loans", 500_000)
    second = await vote(besancon, "loans", 800_000)
    (envelope,) = (await ok(besancon.agent.get("/envelopes", year=2011)))["items"]
    assert envelope["entries"] == [second, first]
    figures = {name: value for name, value in envelope.items() if name != "entries"}
    assert figures == {
        "kind": "loans",
        "year": 2011,
        "amount_cents": 800_000,
        "reserved_cents": 0,
        "consumed_cents": 0,
        "left_cents": 800_000,
    }
    assert (first["reference"], first["voted_on"]) == ("Délibération 2010-112", "2010-12-14")
    assert await standing(besancon, 2010) == {}


async def test_a_year_without_an_envelope_checks_nothing(besancon: Ccas) -> None:
    await vote(besancon, "loans", 0, year=2010)
    await approved(besancon)
    assert await standing(besancon) == {}


async def test_a_loan_is_reserved_when_decided_and_consumed_when_paid_out(besancon: Ccas) -> None:
    await vote(besancon, "loans", 500_000)
    request_id = await approved(besancon)
    assert await standing(besancon) == {"loans": (200_000, 0, 300_000)}
    await ok(besancon.agent.post(f"/requests/{request_id}/close", closing()))
    assert await standing(besancon) == {"loans": (0, 0, 500_000)}
    await accepted(besancon)
    assert await standing(besancon) == {"loans": (200_000, 0, 300_000)}
    await disbursed(besancon)
    assert await standing(besancon) == {"loans": (200_000, 200_000, 100_000)}


def closing() -> Json:
    return {"outcome": "withdrawn", "reason_code": "withdrawn", "other_answer": OTHER_ANSWER}


async def test_a_loan_cancelled_is_held_until_its_file_ends(besancon: Ccas) -> None:
    await vote(besancon, "loans", 500_000)
    loan_id = await offered(besancon)
    request_id = (await ok(besancon.agent.get(f"/loans/{loan_id}")))["request_id"]
    cancellation = {"cancelled_on": "2011-01-22", "reason": "Désistement"}
    await ok(besancon.agent.post(f"/loans/{loan_id}/cancellations", cancellation))
    assert await standing(besancon) == {"loans": (200_000, 0, 300_000)}
    await ok(besancon.agent.post(f"/requests/{request_id}/close", closing()))
    assert await standing(besancon) == {"loans": (0, 0, 500_000)}


async def test_a_grant_is_of_its_own_envelope_beside_a_loan_or_alone(besancon: Ccas) -> None:
    await vote(besancon, "loans", 500_000)
    await vote(besancon, "grants", 60_000)
    beside = plan(line("loan", 150_000), line("grant", 30_000), line("own", 20_000))
    loan = {"amount_cents": 150_000, "duration_months": 24}
    await approved(besancon, beside, {"loan": loan, "grant_cents": 30_000, **WHY_LESS})
    request_id = await submitted(besancon, GRANT_PLAN)
    await ok(besancon.decider.post(f"/requests/{request_id}/decisions", GRANT))
    assert await standing(besancon) == {"loans": (150_000, 0, 350_000), "grants": (60_000, 0, 0)}
    third = await submitted(besancon, GRANT_PLAN)
    told = await refused(besancon.decider.post(f"/requests/{third}/decisions", GRANT), 409, "envelope_exceeded")
    assert (told["kind"], told["year"], told["left_cents"], told["asked_cents"]) == ("grants", 2011, 0, 30_000)
    assert told["detail"].replace("\N{NARROW NO-BREAK SPACE}", " ").replace("\N{NO-BREAK SPACE}", " ") == (
        "Il reste 0,00 € sur l’enveloppe 2011 des subventions, et 300,00 € sont demandés."
    )


async def test_beyond_the_envelope_nothing_is_decided_and_a_refusal_takes_nothing(besancon: Ccas) -> None:
    await vote(besancon, "loans", 399_999)
    await approved(besancon)
    request_id = await submitted(besancon)
    path = f"/requests/{request_id}"
    before = await ok(besancon.agent.get(path))
    told = await refused(besancon.decider.post(f"{path}/decisions", APPROVAL), 409, "envelope_exceeded")
    assert (told["kind"], told["left_cents"], told["asked_cents"]) == ("loans", 199_999, 200_000)
    assert await ok(besancon.agent.get(path)) == before
    assert (await ok(besancon.agent.get("/decisions", request_id=request_id)))["items"] == []
    await ok(besancon.decider.post(f"{path}/decisions", REFUSAL))
    assert await standing(besancon) == {"loans": (200_000, 0, 199_999)}


async def test_an_envelope_is_not_lowered_below_what_is_held(besancon: Ccas) -> None:
    await vote(besancon, "loans", 500_000)
    await disbursed(besancon)
    await approved(besancon)
    lower = {**VOTE, "amount_cents": 399_999}
    told = await refused(besancon.manager.post("/envelopes", lower), 409, "envelope_too_low")
    assert (told["kind"], told["year"], told["held_cents"], told["asked_cents"]) == ("loans", 2011, 400_000, 399_999)
    await vote(besancon, "loans", 400_000)
    assert await standing(besancon) == {"loans": (200_000, 200_000, 0)}


async def test_a_partners_loan_takes_nothing_and_the_grant_beside_it_does(
    databases: Databases, client: AsyncClient
) -> None:
    ccas = open_with(databases, client, granting_too(rules_under("amiens")))
    await vote(ccas, "loans", 0, year=2018)
    await vote(ccas, "grants", 40_000, year=2018)
    path = await before_commission(ccas, None, 200_000)
    beside = {"grant_cents": 30_000, "financing_plan": plan(line("loan", 170_000), line("grant", 30_000))}
    await ok(ccas.decider.post(f"{path}/decisions", endorsement(170_000, 24, **beside)))
    assert await standing(ccas, 2018) == {"loans": (0, 0, 0), "grants": (30_000, 0, 10_000)}


def granting_too(rules: TenantRules) -> TenantRules:
    """The rules of a partner's loans, with Besançon's on grants."""
    seed = read_rules(next(path for path in seed_files() if path.stem == "besancon"))
    grant = seed.versions[-1].products[0].grant
    versions = tuple(
        replace(version, products=tuple(replace(product, grant=grant) for product in version.products))
        for version in rules.versions
    )
    return replace(rules, versions=versions)


async def test_the_year_is_that_of_the_day_of_the_decision(besancon: Ccas) -> None:
    await vote(besancon, "loans", 200_000)
    await vote(besancon, "loans", 200_000, year=2012)
    await approved(besancon)
    await approved(besancon, None, {"decided_on": "2012-01-05"})
    assert await standing(besancon, 2012) == await standing(besancon, 2011) == {"loans": (200_000, 0, 0)}


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"voted_on": "2199-12-31"}, 409, "date_in_future"),
        ({"year": 20_111}, 422, "invalid"),
        ({"amount_cents": -1}, 422, "invalid"),
        ({"kind": "savings"}, 422, "invalid"),
    ],
)
async def test_what_is_no_envelope_is_refused(besancon: Ccas, changes: Json, status: int, code: str) -> None:
    await refused(besancon.manager.post("/envelopes", {**VOTE, **changes}), status, code)
    assert await standing(besancon) == {}


async def test_the_manager_votes_and_an_agent_reads(besancon: Ccas, toulouse: Ccas) -> None:
    for staff in (besancon.agent, besancon.decider):
        await refused(staff.post("/envelopes", VOTE), 403, "forbidden")
    await vote(besancon, "loans", 1)
    assert await standing(toulouse) == {}


async def test_a_vote_is_history(besancon: Ccas, databases: Databases) -> None:
    await vote(besancon, "loans", 1)
    for statement in ("update envelopes set amount_cents = 2", "delete from envelopes"):
        with pytest.raises(DBAPIError, match="permission denied"):
            run_sql(databases, besancon, statement)


async def test_an_envelope_is_of_all_the_communes_whoever_looks(fresnes: Ccas, databases: Databases) -> None:
    path = await before_commission(fresnes, None, 50_000)
    await vote(fresnes, "grants", 10_000, year=2018)
    await ok(fresnes.decider.post(f"{path}/decisions", endorsement(50_000, 12)))
    other = staff_of(databases, fresnes, CONDE, roles=(Role.AGENT,))
    assert await ok(other.get("/envelopes", year=2018)) == await ok(fresnes.agent.get("/envelopes", year=2018))


async def test_of_fifty_approvals_at_once_the_envelope_lets_as_many_through_as_it_can_pay(besancon: Ccas) -> None:
    await vote(besancon, "loans", 1_500_000)
    files = [await submitted(besancon) for _ in range(50)]
    responses = await asyncio.gather(*(patiently(besancon, request_id) for request_id in files))
    assert Counter(response.status_code for response in responses) == {201: 7, 409: 43}
    assert {one.json()["code"] for one in responses if not one.is_success} == {"envelope_exceeded"}
    assert await standing(besancon) == {"loans": (1_400_000, 0, 100_000)}


async def patiently(ccas: Ccas, request_id: str) -> Response:
    """The answer to an approval, asked again while the service says that it is too busy."""
    while True:
        response = await ccas.decider.post(f"/requests/{request_id}/decisions", APPROVAL)
        if response.status_code != 503:
            return response


async def test_an_approval_and_a_lower_vote_at_once_do_not_both_pass(besancon: Ccas) -> None:
    await vote(besancon, "loans", 200_000)
    request_id = await submitted(besancon)
    lower: dict[str, Any] = {**VOTE, "amount_cents": 199_999}
    responses = await asyncio.gather(patiently(besancon, request_id), besancon.manager.post("/envelopes", lower))
    assert sorted(response.status_code for response in responses) == [201, 409]
    assert (await standing(besancon))["loans"][2] >= 0

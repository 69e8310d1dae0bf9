"""Decisions counted: each figure from a small made set, and the sums that must hold."""

from typing import Any

from tests.api.test_communes import CONDE, staff_of
from tests.api.test_decisions import ADJOURNMENT, GRANT, GRANT_PLAN, REFUSAL, WHY_LESS, line, plan
from tests.api.test_rectifications import decided, rectify
from tests.lenders import before_commission, endorsement
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
    refused,
    submitted,
)

NOTHING: Json = {"count": 0, "cents": 0}


async def figures(ccas: Ccas, **query: Any) -> Json:
    told = await ok(ccas.agent.get("/decisions/figures", **query))
    for loans in (told["approved"], told["endorsed"]):
        for unit in ("count", "cents"):
            assert loans["decided"][unit] == loans["contracted"][unit] + loans["not_contracted"][unit]
    return told


def by_outcome(told: Json) -> dict[str, tuple[int, int, int, int]]:
    """The outcomes that there were."""
    names = ("count", "loan_cents", "grant_count", "grant_cents")
    return {each["outcome"]: tuple(each[name] for name in names) for each in told["outcomes"] if each["count"]}


def of(count: int, cents: int) -> Json:
    return {"count": count, "cents": cents}


async def test_where_nothing_was_decided_every_figure_is_nought(besancon: Ccas) -> None:
    told = await figures(besancon)
    assert by_outcome(told) == {}
    assert [each["outcome"] for each in told["outcomes"]] == [
        *("approve", "grant_only", "refuse", "endorse", "decline", "adjourn")
    ]
    nothing = dict.fromkeys(("decided", "contracted", "not_contracted", "another_amount"), NOTHING)
    assert told["approved"] == told["endorsed"] == {**nothing, "not_contracted_late": None}
    assert (told["requests"], told["withdrawn"], told["abrogated"]) == (0, 0, 0)


async def test_the_funnel_of_a_year_is_told_by_outcome_and_by_what_became_of_the_loans(besancon: Ccas) -> None:
    await disbursed(besancon)
    await accepted(besancon)
    await offered(besancon)
    left = await approved(besancon)
    closing = {"outcome": "withdrawn", "reason_code": "withdrawn", "other_answer": OTHER_ANSWER}
    await ok(besancon.agent.post(f"/requests/{left}/close", closing))
    partly = plan(line("loan", 150_000), line("grant", 30_000), line("own", 20_000))
    loan = {"amount_cents": 150_000, "duration_months": 24}
    await approved(besancon, partly, {"loan": loan, "grant_cents": 30_000, **WHY_LESS})
    for decision, of_plan in ((GRANT, GRANT_PLAN), (REFUSAL, None)):
        request_id = await submitted(besancon, of_plan)
        await ok(besancon.decider.post(f"/requests/{request_id}/decisions", decision))
    adjourned = await submitted(besancon)
    await ok(besancon.decider.post(f"/requests/{adjourned}/decisions", ADJOURNMENT))
    told = await figures(besancon, **{"from": "2011-01-01", "to": "2011-12-31"}, not_contracted_after_days=90)
    assert by_outcome(told) == {
        "approve": (5, 950_000, 1, 30_000),
        "grant_only": (1, 0, 1, 30_000),
        "refuse": (1, 0, 0, 0),
        "adjourn": (1, 0, 0, 0),
    }
    assert told["approved"] == {
        "decided": of(5, 950_000),
        "contracted": of(2, 400_000),
        "not_contracted": of(3, 550_000),
        "not_contracted_late": of(3, 550_000),
        "another_amount": of(1, 150_000),
    }
    assert told["requests"] == 8
    await ok(besancon.agent.post(f"/requests/{adjourned}/submit", {"submitted_on": "2011-01-21"}))
    await ok(besancon.decider.post(f"/requests/{adjourned}/decisions", {**APPROVAL, "decided_on": "2011-01-22"}))
    told = await figures(besancon)
    assert (told["requests"], by_outcome(told)["approve"][0], by_outcome(told)["adjourn"][0]) == (8, 6, 1)


async def test_days_are_both_included_and_the_delay_is_counted_from_the_decision(besancon: Ccas) -> None:
    await approved(besancon)
    for span, count in (
        ({"from": "2011-01-20", "to": "2011-01-20"}, 1),
        ({"from": "2011-01-21"}, 0),
        ({"to": "2011-01-19"}, 0),
    ):
        assert (await figures(besancon, **span))["requests"] == count
    late = [(await figures(besancon, not_contracted_after_days=days))["approved"] for days in (1, 3_660)]
    assert [one["not_contracted_late"]["count"] for one in late] == [1, 1]
    await refused(besancon.agent.get("/decisions/figures", not_contracted_after_days=0), 422, "invalid")


async def test_what_was_withdrawn_or_abrogated_is_counted_apart(besancon: Ccas) -> None:
    for kind in ("withdrawal", "abrogation"):
        await rectify(besancon, await decided(besancon, await approved(besancon)), kind)
    await rectify(besancon, await decided(besancon, await approved(besancon)), "material_error")
    told = await figures(besancon)
    assert (told["withdrawn"], told["abrogated"], told["approved"]["decided"]) == (1, 1, of(1, 200_000))


async def test_a_loan_of_a_partner_is_endorsed_and_not_approved(amiens: Ccas) -> None:
    path = await before_commission(amiens, None, 200_000)
    partly = endorsement(150_000, 24, financing_plan=part_of(150_000), **WHY_LESS)
    await ok(amiens.decider.post(f"{path}/decisions", partly))
    told = await figures(amiens)
    assert told["approved"]["decided"] == NOTHING
    assert (told["endorsed"]["decided"], told["endorsed"]["another_amount"]) == (of(1, 150_000), of(1, 150_000))


def part_of(cents: int) -> Json:
    return plan(line("loan", cents), line("own", 200_000 - cents))


async def test_an_agent_counts_the_communes_they_work_for(fresnes: Ccas, databases: Databases) -> None:
    path = await before_commission(fresnes, None, 50_000)
    await ok(fresnes.decider.post(f"{path}/decisions", endorsement(50_000, 12)))
    conde = staff_of(databases, fresnes, CONDE)
    assert (await figures(fresnes))["requests"] == 1
    assert (await ok(conde.get("/decisions/figures")))["requests"] == 0

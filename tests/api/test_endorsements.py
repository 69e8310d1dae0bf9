"""What a commission answers where a partner lends: it endorses or declines the file, and the lender lends or not."""

from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy.exc import IntegrityError

from tests.lenders import OTHER_ANSWER, before_commission, endorsed, endorsement, handed_over, lender_of
from tests.support import APPROVAL, Ccas, Databases, Json, ok, open_ccas, refused, run_sql, submitted

DECLINED: Json = {
    "outcome": "decline",
    "reason_code": "fragile_finances",
    "reason": "Un prêt fragiliserait le budget",
    "other_answer": OTHER_ANSWER,
    "decided_on": "2018-03-20",
    "signatory": "La responsable du dispositif",
}
ADJOURNED = {name: value for name, value in DECLINED.items() if name != "other_answer"} | {
    "outcome": "adjourn",
    "missing": ["Devis"],
}


async def file_of(databases: Databases, ccas: Ccas, amount_cents: int = 200_000, **changes: Any) -> str:
    """The path of a request before the commission, prechecked where the rules ask for it."""
    bank = lender_of(databases, ccas) if ccas.slug.startswith("toulouse") else None
    return await before_commission(ccas, bank, amount_cents, **changes)


def asking(amount_cents: int, outcome: str = "endorse", **terms: Any) -> Json:
    return {**endorsement(amount_cents, 1), "outcome": outcome, "loan": {"amount_cents": amount_cents, **terms}}


@pytest.mark.parametrize("rules_of", ["toulouse", "amiens", "fresnes"])
async def test_an_endorsement_asks_for_an_amount_and_a_duration_and_leaves_the_rest_to_the_lender(
    databases: Databases, client: AsyncClient, rules_of: str
) -> None:
    ccas = open_ccas(databases, client, rules_of)
    path = await file_of(databases, ccas)
    made = await ok(ccas.decider.post(f"{path}/decisions", endorsement(200_000, 24)))
    left = ("instalment_cents", "rate_percent", "rounding_unit_cents", "rounding", "remainder_on")
    assert made["loan"] == {"amount_cents": 200_000, "duration_months": 24, **dict.fromkeys(left)}
    assert (made["outcome"], made["rules_version"], made["breaches"]) == ("endorse", 1, [])
    assert await ok(ccas.agent.get(f"/decisions/{made['id']}")) == made
    assert (await ok(ccas.agent.get(path)))["status"] == "endorsed"
    await refused(ccas.decider.post(f"{path}/decisions", endorsement(200_000, 24)), 409, "illegal_transition")


@pytest.mark.parametrize(
    ("rules_of", "cost_cents", "amount_cents", "months", "breached"),
    [
        ("toulouse", 300_001, 300_001, 37, ["amount_cents_max", "duration_months_max"]),
        ("toulouse", 29_999, 29_999, 6, ["amount_cents_min"]),
        ("amiens", 200_001, 200_001, 25, ["amount_cents_max", "duration_months_max"]),
        ("fresnes", 29_999, 29_999, 37, ["amount_cents_min", "duration_months_max"]),
    ],
)
async def test_the_limits_of_the_rules_bind_the_ccas_before_they_bind_the_lender(
    databases: Databases, client: AsyncClient, rules_of: str, cost_cents: int, amount_cents: int, months: int,
    breached: list[str],
) -> None:  # fmt: skip
    ccas = open_ccas(databases, client, rules_of)
    path = await file_of(databases, ccas, cost_cents)
    body = endorsement(amount_cents, months)
    problem = await refused(ccas.decider.post(f"{path}/decisions", body), 409, "rules_breached")
    assert [told["rule"] for told in problem["breaches"]] == breached
    assert (await ok(ccas.agent.get("/decisions")))["items"] == []
    assert (await ok(ccas.agent.get(path)))["status"] == "submitted"


async def test_amiens_finds_the_duration_of_an_instalment_at_its_rate(databases: Databases, amiens: Ccas) -> None:
    """2 000 € at 6,20 % by 90 € a month: 24 months, as by the annuity formula (23,6)."""
    path = await file_of(databases, amiens)
    problem = await refused(
        amiens.decider.post(f"{path}/decisions", asking(200_000, instalment_cents=8_000)), 409, "rules_breached"
    )
    assert [(told["rule"], told["actual"]) for told in problem["breaches"]] == [("duration_months_max", 27)]
    least = await refused(
        amiens.decider.post(f"{path}/decisions", asking(200_000, instalment_cents=1_033)), 409, "impossible_schedule"
    )
    assert least["field"] == "instalment_cents"
    made = await ok(amiens.decider.post(f"{path}/decisions", asking(200_000, instalment_cents=9_000)))
    assert (made["loan"]["duration_months"], made["loan"]["instalment_cents"]) == (24, None)


async def test_fresnes_finds_no_duration_without_a_rate(databases: Databases, fresnes: Ccas) -> None:
    path = await file_of(databases, fresnes)
    problem = await refused(
        fresnes.decider.post(f"{path}/decisions", asking(200_000, instalment_cents=9_000)), 409, "rule_not_stated"
    )
    assert problem["path"] == "rate_percent"
    both = asking(200_000, instalment_cents=9_000, duration_months=24)
    assert (await ok(fresnes.decider.post(f"{path}/decisions", both)))["loan"]["duration_months"] == 24


async def test_an_endorsement_carries_a_plan_that_balances_and_says_the_same(
    databases: Databases, amiens: Ccas
) -> None:
    path = await file_of(databases, amiens)

    def plan(*lines: tuple[str, int]) -> Json:
        return {"lines": [{"label": kind, "kind": kind, "amount_cents": cents} for kind, cents in lines]}

    for told, code in [
        (plan(("loan", 150_000)), "plan_unbalanced"),
        (plan(("loan", 200_000)), "plan_differs_from_decision"),
        (plan(("loan", 150_000), ("grant", 50_000)), "plan_differs_from_decision"),
    ]:
        body = {**endorsement(150_000, 24), "financing_plan": told}
        await refused(amiens.decider.post(f"{path}/decisions", body), 409, code)
    await refused(amiens.decider.post(f"{path}/decisions", endorsement(150_000, 24)), 409, "plan_differs_from_decision")
    body = {**endorsement(150_000, 24), "financing_plan": plan(("loan", 150_000), ("own", 50_000))}
    body |= {"reason_code": "fragile_finances", "reason": "La mensualité serait trop lourde"}
    assert (await ok(amiens.decider.post(f"{path}/decisions", body)))["loan"]["amount_cents"] == 150_000


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"loan": None}, "loan_with_approval_only"),
        ({"other_answer": OTHER_ANSWER}, "other_answer_with_refusal_only"),
        ({"outcome": "decline"}, "loan_with_approval_only"),
        ({"outcome": "decline", "loan": None}, "reason_missing"),
        ({**DECLINED, "loan": None, "other_answer": None}, "other_answer_with_refusal_only"),
        ({**DECLINED, "loan": None, "reason_code": "lender_declined"}, "unknown_code"),
        ({**ADJOURNED, "loan": None, "reason_code": "outside_purposes"}, "reason_does_not_fit"),
        ({**DECLINED, "loan": None, "grant_cents": 1_000}, "grant_with_aid_only"),
    ],
)
async def test_what_does_not_go_together_is_told(amiens: Ccas, change: Json, fault: str) -> None:
    path = "/requests/01900000-0000-7000-8000-000000000000/decisions"
    body = {name: value for name, value in {**endorsement(200_000, 24), **change}.items() if value is not None}
    problem = await refused(amiens.decider.post(path, body), 422, "invalid")
    assert fault in [error["code"] for error in problem["errors"]]


async def test_a_file_is_declined_with_another_answer(databases: Databases, amiens: Ccas) -> None:
    path = await file_of(databases, amiens)
    made = await ok(amiens.decider.post(f"{path}/decisions", DECLINED))
    assert (made["outcome"], made["loan"], made["reason_code"]) == ("decline", None, "fragile_finances")
    request = await ok(amiens.agent.get(path))
    assert (request["status"], request["other_answer"]["kind"]) == ("declined", "budget_advice")
    handoff = {"kind": "loan_file", "support_person": "x", "sent_on": "2018-03-21"}
    await refused(amiens.agent.post(f"{path}/handoffs", handoff), 409, "illegal_transition")


@pytest.mark.parametrize("status", ["declined", "lender_refused"])
async def test_the_database_keeps_no_dead_end(databases: Databases, amiens: Ccas, status: str) -> None:
    path = await file_of(databases, amiens)
    statement = "update requests set status = :status where id = :id"
    with pytest.raises(IntegrityError, match="no_dead_end"):
        run_sql(databases, amiens, statement, status=status, id=path.rpartition("/")[2])


async def test_an_adjourned_file_comes_back_and_is_endorsed(databases: Databases, amiens: Ccas) -> None:
    path = await file_of(databases, amiens)
    await ok(amiens.decider.post(f"{path}/decisions", {**ADJOURNED, "decided_on": "2018-03-12"}))
    await ok(amiens.agent.post(f"{path}/submit", {"submitted_on": "2018-03-14"}))
    body = endorsement(200_000, 24)
    problem = await refused(amiens.decider.post(f"{path}/decisions", body), 409, "date_out_of_order")
    assert problem["not_before"] == "2018-03-14"
    made = await ok(amiens.decider.post(f"{path}/decisions", {**body, "decided_on": "2018-03-14"}))
    assert made["number"] == 2


@pytest.mark.parametrize("rules_of", ["toulouse", "amiens", "fresnes"])
async def test_where_a_partner_lends_the_ccas_neither_approves_nor_refuses_a_loan(
    databases: Databases, client: AsyncClient, rules_of: str
) -> None:
    ccas = open_ccas(databases, client, rules_of)
    path = await file_of(databases, ccas)
    approval = asking(200_000, "approve", duration_months=24)
    for body in (approval, {**DECLINED, "outcome": "refuse"}):
        await refused(ccas.decider.post(f"{path}/decisions", body), 409, "partner_lends")
    grant = {**endorsement(1, 1), "outcome": "grant_only", "grant_cents": 30_000}
    del grant["loan"]
    problem = await refused(ccas.decider.post(f"{path}/decisions", grant), 409, "rule_not_stated")
    assert problem["path"] == "grant"
    actions = {item["action"]: item for item in (await ok(ccas.decider.get(f"{path}/actions")))["items"]}
    assert {name for name in ("endorse", "decline", "adjourn") if actions[name]["allowed"]} == {
        "endorse", "decline", "adjourn",
    }  # fmt: skip
    assert [actions[name]["reasons"] for name in ("approve", "refuse")] == [["partner_lends"], ["partner_lends"]]


async def test_where_the_ccas_lends_there_is_nobody_to_endorse_a_file_to(besancon: Ccas) -> None:
    request_id = await submitted(besancon)
    path = f"/requests/{request_id}"
    dated = {"decided_on": "2011-01-20"}
    for body in ({**endorsement(200_000, 24), **dated}, {**DECLINED, **dated}):
        await refused(besancon.decider.post(f"{path}/decisions", body), 409, "no_lender")
    actions = {item["action"]: item for item in (await ok(besancon.decider.get(f"{path}/actions")))["items"]}
    assert [actions[name]["reasons"] for name in ("endorse", "decline")] == [["no_lender"], ["no_lender"]]
    assert (await ok(besancon.decider.post(f"{path}/decisions", APPROVAL)))["outcome"] == "approve"


async def test_only_who_decides_endorses(databases: Databases, amiens: Ccas) -> None:
    path = await file_of(databases, amiens)
    for staff in (amiens.agent, lender_of(databases, amiens)):
        await refused(staff.post(f"{path}/decisions", endorsement(200_000, 24)), 403, "forbidden")


async def test_a_file_that_its_lender_refused_ends_with_another_answer_and_no_other_way(
    databases: Databases, amiens: Ccas
) -> None:
    request = await endorsed(amiens, None, 200_000, 24)
    handoff = await handed_over(amiens, request["id"], "loan_file", "2018-03-13")
    closing = {
        "outcome": "lender_refused",
        "reason_code": "lender_declined",
        "closed_on": "2018-03-20",
        "other_answer": OTHER_ANSWER,
    }
    path = f"/requests/{request['id']}/close"
    await refused(amiens.agent.post(path, closing), 409, "lender_has_not_refused")
    answer = {"decision": "refused", "decided_on": "2018-03-16"}
    await ok(lender_of(databases, amiens).post(f"/partner/handoffs/{handoff['id']}/answers", answer))
    without = {name: value for name, value in closing.items() if name != "other_answer"}
    await refused(amiens.agent.post(path, without), 422, "invalid")
    ended = await ok(amiens.agent.post(path, closing))
    assert (ended["status"], ended["other_answer"]["kind"]) == ("lender_refused", "budget_advice")

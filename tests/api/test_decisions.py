"""Decisions over HTTP: every reason told, under the rules of the day of the decision, with the facts kept."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.exc import IntegrityError

from tests.support import (
    APPROVAL,
    BUDGET,
    OTHER_ANSWER,
    WHOLE_LOAN,
    Ccas,
    Databases,
    Json,
    demand,
    etag_of,
    ok,
    refused,
    run_sql,
    submitted,
)

REFUSAL: Json = {
    "outcome": "refuse",
    "reason_code": "unclear_project",
    "reason": "Manque de lisibilité du projet",
    "other_answer": OTHER_ANSWER,
    "decided_on": "2011-01-20",
    "signatory": "La présidente de la commission",
}
ADJOURNMENT: Json = {
    "outcome": "adjourn",
    "reason_code": "missing_papers",
    "reason": "Le devis manque",
    "missing": ["Devis"],
    "decided_on": "2011-01-20",
    "signatory": "La présidente de la commission",
}
GRANT: Json = {
    "outcome": "grant_only",
    "grant_cents": 30_000,
    "reason_code": "fragile_finances",
    "reason": "Un prêt pèserait trop sur le budget",
    "decided_on": "2011-01-20",
    "signatory": "La présidente de la commission",
}


def line(kind: str, amount_cents: int, **more: Any) -> Json:
    return {"label": kind, "kind": kind, "amount_cents": amount_cents, **more}


def plan(*lines: Json) -> Json:
    return {"lines": list(lines)}


WHY_LESS: Json = {"reason_code": "fragile_finances", "reason": "La mensualité serait trop lourde"}
GRANT_PLAN = plan(line("grant", 30_000), line("own", 170_000))


def approval(loan: Json | None = None, **changes: Any) -> Json:
    """APPROVAL with other terms."""
    return {**APPROVAL, "loan": {"amount_cents": 200_000, **(loan or {"instalment_cents": 8_500})}, **changes}


async def decide(ccas: Ccas, request_id: str, decision: Json) -> Json:
    return await ok(ccas.decider.post(f"/requests/{request_id}/decisions", decision))


async def denied(ccas: Ccas, request_id: str, decision: Json, code: str, status: int = 409) -> Json:
    """The problem of a decision that is refused; the request is as it was."""
    path = f"/requests/{request_id}"
    before = await ok(ccas.agent.get(path))
    problem = await refused(ccas.decider.post(f"{path}/decisions", decision), status, code)
    assert await ok(ccas.agent.get(path)) == before
    return problem


async def rules_broken(ccas: Ccas, request_id: str, decision: Json) -> dict[str, Any]:
    """What a decision is refused for: limit and finding by rule."""
    problem = await denied(ccas, request_id, decision, "rules_breached")
    return {breach["rule"]: (breach["limit"], breach["actual"]) for breach in problem["breaches"]}


def applicant(ccas: Ccas, **changes: Any) -> Json:
    person: Json = demand(ccas)["applicant"]
    return {**person, **changes}


# Outcomes


async def test_an_approval_fixes_the_loan_and_makes_the_request_approved(besancon: Ccas) -> None:
    request_id = await submitted(besancon)
    decision = await decide(besancon, request_id, APPROVAL)
    assert decision["loan"] == {
        "amount_cents": 200_000,
        "duration_months": 24,
        "instalment_cents": 8_500,
        "rate_percent": "0",
        "rounding_unit_cents": 100,
        "rounding": "up",
        "remainder_on": "first",
    }
    assert (decision["number"], decision["outcome"], decision["grant_cents"]) == (1, "approve", 0)
    assert decision["breaches"] == []
    assert (await ok(besancon.agent.get(f"/requests/{request_id}")))["status"] == "approved"


async def test_a_decision_is_read_again_as_it_was_answered(besancon: Ccas) -> None:
    request_id = await submitted(besancon)
    response = await besancon.decider.post(f"/requests/{request_id}/decisions", APPROVAL)
    again = await besancon.manager.get(f"/decisions/{response.json()['id']}")
    assert (again.json(), again.headers["etag"]) == (response.json(), response.headers["etag"])


async def test_a_grant_alone_ends_the_request(besancon: Ccas) -> None:
    request_id = await submitted(besancon, GRANT_PLAN)
    decision = await decide(besancon, request_id, GRANT)
    assert (decision["loan"], decision["grant_cents"]) == (None, 30_000)
    request = await ok(besancon.agent.get(f"/requests/{request_id}"))
    assert (request["status"], request["other_answer"]) == ("grant_only", None)


async def test_a_loan_may_come_with_a_grant(besancon: Ccas) -> None:
    """Besançon, case G23: 1 500 €, of which 1 000 € lent and 500 € granted, above the usual 300 €."""
    money = plan(line("loan", 100_000), line("grant", 50_000))
    request_id = await submitted(besancon, money, project_cost_cents=150_000)
    decision = await decide(
        besancon, request_id, approval({"amount_cents": 100_000, "duration_months": 24}, grant_cents=50_000)
    )
    assert (decision["loan"]["amount_cents"], decision["grant_cents"]) == (100_000, 50_000)
    assert [(breach["rule"], breach["severity"]) for breach in decision["breaches"]] == [("grant.usual_cents", "warn")]


async def test_a_refusal_says_why_and_what_was_offered_instead(besancon: Ccas) -> None:
    request_id = await submitted(besancon)
    decision = await decide(besancon, request_id, REFUSAL)
    assert (decision["reason_code"], decision["reason"]) == ("unclear_project", "Manque de lisibilité du projet")
    assert decision["loan"] is None
    request = await ok(besancon.agent.get(f"/requests/{request_id}"))
    assert request["status"] == "refused"
    assert (request["other_answer"]["kind"], request["other_answer"]["given_on"]) == ("budget_advice", "2011-01-21")


async def test_an_adjourned_request_comes_back_and_is_approved_by_a_second_decision(besancon: Ccas) -> None:
    request_id = await submitted(besancon)
    path = f"/requests/{request_id}"
    first = await decide(besancon, request_id, ADJOURNMENT)
    assert (await ok(besancon.agent.get(path)))["status"] == "adjourned"
    await ok(besancon.agent.patch(path, {"prescriber": "ADDSEA"}, etag=await etag_of(besancon.agent, path)))
    await ok(besancon.agent.post(f"{path}/submit"))
    second = await decide(besancon, request_id, {**APPROVAL, "decided_on": "2011-02-17"})
    assert (first["number"], second["number"]) == (1, 2)
    assert await ok(besancon.agent.get(f"/decisions/{first['id']}")) == first


async def test_a_second_decision_is_not_dated_before_the_first(besancon: Ccas) -> None:
    request_id = await submitted(besancon)
    await decide(besancon, request_id, ADJOURNMENT)
    await ok(besancon.agent.post(f"/requests/{request_id}/submit"))
    problem = await denied(besancon, request_id, {**APPROVAL, "decided_on": "2011-01-10"}, "date_out_of_order")
    assert (problem["field"], problem["not_before"]) == ("decided_on", "2011-01-20")


async def test_less_may_be_approved_than_was_asked_for(besancon: Ccas) -> None:
    request_id = await submitted(besancon)
    money = plan(line("loan", 150_000), line("own", 50_000))
    terms = {"amount_cents": 150_000, "duration_months": 15}
    lower = approval(terms, financing_plan=money)
    problem = await denied(besancon, request_id, lower, "reason_not_given")
    assert problem["differs"] == ["amount"]
    decision = await decide(besancon, request_id, {**lower, **WHY_LESS})
    assert decision["loan"]["amount_cents"] == 150_000
    assert decision["differs_from_request"] == {"amount": True, "duration": False, "instalment": False}
    request = await ok(besancon.agent.get(f"/requests/{request_id}"))
    assert request["requested_amount_cents"] == 200_000


async def test_the_plan_that_a_decision_carries_becomes_the_plan_of_the_file(besancon: Ccas) -> None:
    request_id = await submitted(besancon)
    money = plan(line("loan", 150_000), line("own", 50_000))
    terms = {"amount_cents": 150_000, "duration_months": 15}
    await decide(besancon, request_id, approval(terms, financing_plan=money, **WHY_LESS))
    kept = await ok(besancon.agent.get(f"/requests/{request_id}/financing-plan"))
    assert (kept["revision"], kept["balanced"]) == (2, True)
    assert [entry["amount_cents"] for entry in kept["lines"]] == [150_000, 50_000]


# Terms


@pytest.mark.parametrize(
    ("loan", "duration", "instalment"),
    [
        ({"instalment_cents": 8_500}, 24, 8_500),
        ({"instalment_cents": 8_500, "remainder_on": "first"}, 24, 8_500),
        ({"duration_months": 24}, 24, 8_400),
        ({"duration_months": 24, "instalment_cents": 8_500}, 24, 8_500),
        ({"duration_months": 23, "instalment_cents": 8_500}, 23, 8_500),
        ({"duration_months": 1}, 1, 200_000),
        ({"instalment_cents": 999_900}, 1, 200_000),
        ({"duration_months": 36, "remainder_on": "first"}, 36, 5_600),
    ],
)
async def test_the_commission_chooses_the_instalment_or_the_duration_or_both(
    besancon: Ccas, loan: Json, duration: int, instalment: int
) -> None:
    decision = await decide(besancon, await submitted(besancon), approval({"amount_cents": 200_000, **loan}))
    terms = decision["loan"]
    assert (terms["duration_months"], terms["instalment_cents"]) == (duration, instalment)
    assert (terms["rounding"], terms["rounding_unit_cents"]) == ("up", 100)


async def test_a_plan_in_cents_is_possible_and_noted_as_unusual(besancon: Ccas) -> None:
    loan = {"amount_cents": 200_000, "duration_months": 24, "rounding_unit_cents": 1, "rounding": "half_up"}
    decision = await decide(besancon, await submitted(besancon), approval(loan))
    assert decision["loan"]["instalment_cents"] == 8_333
    assert [
        (breach["rule"], breach["limit"], breach["actual"], breach["severity"]) for breach in decision["breaches"]
    ] == [("rounding.unit_cents", 100, 1, "warn"), ("rounding.mode", "up", "half_up", "warn")]


@pytest.mark.parametrize(
    ("loan", "field", "bound"),
    [
        ({"duration_months": 36, "instalment_cents": 8_500}, "duration_months", 24),
        ({"instalment_cents": 1}, "instalment_cents", 1_667),
    ],
)
async def test_terms_that_no_schedule_fits_are_refused_with_the_nearest_that_does(
    besancon: Ccas, loan: Json, field: str, bound: int
) -> None:
    terms = approval({"amount_cents": 200_000, **loan})
    problem = await denied(besancon, await submitted(besancon), terms, "impossible_schedule")
    assert (problem["field"], problem["bound"]) == (field, bound)


# Rules


async def test_every_rule_that_is_broken_is_told_at_once(besancon: Ccas) -> None:
    request_id = await submitted(
        besancon,
        plan(line("loan", 400_000), line("grant", 10_000)),
        applicant=applicant(besancon, birth_on="1996-03-02", commune_insee_code="39198"),
        household={"adults": 1, "minor_children": 2},
        received_on="2010-06-01",
        project_cost_cents=410_000,
    )
    decision = approval({"amount_cents": 400_000, "duration_months": 48}, grant_cents=10_000, decided_on="2010-06-17")
    assert await rules_broken(besancon, request_id, decision) == {
        "applicant_age_min": (16, 14),
        "minor_children_max": (0, 2),
        "residence": (None, None),
        "capacity": (None, "minor"),
        "amount_cents_max": (300_000, 400_000),
        "duration_months_max": (36, 48),
        "grant.with_loan": (None, 10_000),
    }


async def test_each_breach_tells_its_text_and_its_message_in_the_language_asked(besancon: Ccas) -> None:
    request_id = await submitted(besancon, plan(line("loan", 310_000)), project_cost_cents=310_000)
    body = approval({"amount_cents": 310_000, "duration_months": 36})
    problem = await denied(besancon, request_id, body, "rules_breached")
    (breach,) = problem["breaches"]
    assert breach["severity"] == "refuse"
    assert "3 000 € maximum" in breach["reference"]
    headers = {**besancon.decider.headers, "Accept-Language": "en", "Idempotency-Key": "anglais"}
    english = await besancon.decider.client.post(f"/v1/requests/{request_id}/decisions", json=body, headers=headers)
    assert english.json()["breaches"][0]["message"] != breach["message"]
    assert english.headers["content-language"] == "en"


@pytest.mark.parametrize(("amount", "status"), [(300_000, 201), (300_001, 409)])
async def test_the_ceiling_itself_may_be_lent(besancon: Ccas, amount: int, status: int) -> None:
    request_id = await submitted(besancon, plan(line("loan", amount)), project_cost_cents=amount)
    body = approval({"amount_cents": amount, "duration_months": 36, "rounding_unit_cents": 1})
    assert (await besancon.decider.post(f"/requests/{request_id}/decisions", body)).status_code == status


async def test_an_enormous_loan_is_told_the_ceiling_of_the_ccas_and_not_that_of_the_arithmetic(besancon: Ccas) -> None:
    request_id = await submitted(besancon, plan(line("loan", 8_000_000)), project_cost_cents=8_000_000)
    broken = await rules_broken(besancon, request_id, approval({"amount_cents": 8_000_000, "duration_months": 36}))
    assert broken["amount_cents_max"] == (300_000, 8_000_000)


@pytest.mark.parametrize(
    ("decided_on", "version", "allowed"), [("2011-10-12", 3, False), ("2011-10-13", 4, True), ("2011-10-14", 4, True)]
)
async def test_a_family_is_helped_from_the_day_that_the_rules_let_it_in(
    besancon: Ccas,
    decided_on: str,
    version: int,
    allowed: bool,  # noqa: FBT001
) -> None:
    """The rules of the day of the decision apply, not those of the day of receipt."""
    household = {"adults": 2, "minor_children": 1}
    request_id = await submitted(besancon, household=household, received_on="2011-10-03")
    assert (await ok(besancon.agent.get(f"/requests/{request_id}")))["rules_version"] == 3
    if allowed:
        assert (await decide(besancon, request_id, approval(decided_on=decided_on)))["rules_version"] == version
    else:
        broken = await rules_broken(besancon, request_id, approval(decided_on=decided_on))
        assert broken == {"minor_children_max": (0, 1)}


@pytest.mark.parametrize(("decided_on", "allowed"), [("2010-12-31", False), ("2011-01-01", True)])
async def test_grants_are_given_from_2011_on(besancon: Ccas, decided_on: str, allowed: bool) -> None:  # noqa: FBT001
    request_id = await submitted(besancon, GRANT_PLAN, received_on="2010-12-01")
    decision = {**GRANT, "decided_on": decided_on}
    if allowed:
        assert (await decide(besancon, request_id, decision))["rules_version"] == 2
    else:
        assert await rules_broken(besancon, request_id, decision) == {"grant.alone": (None, 30_000)}


@pytest.mark.parametrize(("birth_on", "allowed"), [("1995-01-20", True), ("1995-01-21", False), ("1994-12-31", True)])
async def test_age_counts_on_the_day_of_the_decision(
    besancon: Ccas,
    birth_on: str,
    allowed: bool,  # noqa: FBT001
) -> None:
    request_id = await submitted(besancon, applicant=applicant(besancon, birth_on=birth_on))
    if allowed:
        assert (await decide(besancon, request_id, APPROVAL))["facts"]["applicant_age"] == 16
    else:
        assert await rules_broken(besancon, request_id, APPROVAL) == {
            "applicant_age_min": (16, 15),
            "capacity": (None, "minor"),
        }


async def test_someone_who_lives_elsewhere_is_not_lent_to(besancon: Ccas) -> None:
    request_id = await submitted(besancon, applicant=applicant(besancon, commune_insee_code="39198"))
    assert await rules_broken(besancon, request_id, APPROVAL) == {"residence": (None, None)}


async def test_the_facts_that_the_rules_were_applied_to_are_kept_whatever_becomes_of_the_person(
    besancon: Ccas,
) -> None:
    request_id = await submitted(besancon)
    decision = await decide(besancon, request_id, APPROVAL)
    assert decision["facts"] == {
        "on": "2011-01-20",
        "lender": besancon.lender,
        "adults": 1,
        "commune_insee_code": "25056",
        "resources_cents": 45_000,
        "left_to_live_cents": 25_000,
        "debt_instalments_cents": 0,
        "assessed_capacity_cents": 250_000,
        "running_loans": 0,
        "attested": {"no_other_aid": True, "excluded_from_credit": True, "engaged_in_project": True},
        "is_complete": True,
        "loan_amount_cents": 200_000,
        "duration_months": 24,
        "instalment_cents": 8_500,
        "rounding_unit_cents": 100,
        "rounding": "up",
        "remainder_on": "first",
        "grant_cents": 0,
        "purpose": "vehicle_purchase",
        "applicant_age": 22,
        "minor_children": 0,
        "lives_in_served_commune": True,
    }
    person = (await ok(besancon.agent.get(f"/requests/{request_id}")))["applicant_id"]
    moved = {"commune_insee_code": "39198", "birth_on": "1999-01-01"}
    await ok(besancon.agent.patch(f"/people/{person}", moved, etag='"1"'))
    assert await ok(besancon.agent.get(f"/decisions/{decision['id']}")) == decision


@pytest.mark.parametrize("decision", [REFUSAL, ADJOURNMENT], ids=["refuse", "adjourn"])
async def test_no_rule_keeps_a_commission_from_refusing_and_the_breach_stays_on_file(
    besancon: Ccas, decision: Json
) -> None:
    request_id = await submitted(besancon, household={"adults": 1, "minor_children": 2})
    kept = await decide(besancon, request_id, decision)
    assert [breach["rule"] for breach in kept["breaches"]] == ["minor_children_max"]


@pytest.mark.parametrize(
    ("decided_on", "code"), [("2011-01-02", "date_out_of_order"), ("2199-01-01", "date_in_future")]
)
async def test_a_decision_lies_between_the_receipt_and_today(besancon: Ccas, decided_on: str, code: str) -> None:
    problem = await denied(besancon, await submitted(besancon), approval(decided_on=decided_on), code)
    assert problem["field"] == "decided_on"


async def test_nothing_is_decided_before_the_day_the_file_was_stated_to_be_submitted(besancon: Ccas) -> None:
    request = await ok(besancon.agent.post("/requests", demand(besancon)))
    path = f"/requests/{request['id']}"
    await ok(besancon.agent.post(f"{path}/assess"))
    for part, body in (("budget", BUDGET), ("financing-plan", WHOLE_LOAN)):
        await ok(besancon.agent.put(f"{path}/{part}", body, etag=await etag_of(besancon.agent, path)))
    await ok(besancon.agent.post(f"{path}/submit", {"submitted_on": "2011-01-10"}))
    problem = await denied(besancon, request["id"], approval(decided_on="2011-01-09"), "date_out_of_order")
    assert (problem["field"], problem["not_before"]) == ("decided_on", "2011-01-10")
    assert (await decide(besancon, request["id"], approval(decided_on="2011-01-10")))["number"] == 1


# Plans


@pytest.mark.parametrize("outcome", ["approve", "grant_only"])
async def test_money_is_not_given_on_an_unbalanced_plan(besancon: Ccas, outcome: str) -> None:
    grants = outcome == "grant_only"
    money = plan(line("grant" if grants else "loan", 30_000 if grants else 200_000), line("own", 1))
    body = {**(GRANT if grants else APPROVAL), "financing_plan": money}
    problem = await denied(besancon, await submitted(besancon), body, "plan_unbalanced")
    assert problem["project_cost_cents"] == 200_000


async def test_a_plan_refused_with_a_decision_leaves_no_revision(besancon: Ccas) -> None:
    request_id = await submitted(besancon)
    await denied(besancon, request_id, approval(financing_plan=plan(line("loan", 1))), "plan_unbalanced")
    assert (await ok(besancon.agent.get(f"/requests/{request_id}/financing-plan")))["revision"] == 1


@pytest.mark.parametrize("decision", [REFUSAL, ADJOURNMENT], ids=["refuse", "adjourn"])
async def test_a_plan_that_any_decision_carries_adds_up(besancon: Ccas, decision: Json) -> None:
    """It sums to the project's cost at submission and at decision, whatever is decided."""
    body = {**decision, "financing_plan": plan(line("loan", 1))}
    await denied(besancon, await submitted(besancon), body, "plan_unbalanced")


@pytest.mark.parametrize(
    ("money", "decision", "kind"),
    [
        (plan(line("loan", 150_000), line("own", 50_000)), approval(), "loan"),
        (plan(line("loan", 200_000, status="refused"), line("own", 200_000)), approval(), "loan"),
        (
            plan(line("loan", 170_000), line("grant", 30_000)),
            approval({"amount_cents": 170_000, "duration_months": 24}),
            "grant",
        ),
        (plan(line("loan", 170_000), line("grant", 30_000)), GRANT, "loan"),
        (plan(line("grant", 20_000), line("own", 180_000)), GRANT, "grant"),
    ],
)
async def test_the_plan_holds_what_is_decided(besancon: Ccas, money: Json, decision: Json, kind: str) -> None:
    body = {**decision, "financing_plan": money}
    problem = await denied(besancon, await submitted(besancon), body, "plan_differs_from_decision")
    assert problem["kind"] == kind


# Ill-formed


@pytest.mark.parametrize(
    ("decision", "change", "code"),
    [
        (REFUSAL, {"reason_code": None}, "reason_missing"),
        (REFUSAL, {"reason": None}, "reason_missing"),
        (REFUSAL, {"reason": "   "}, "blank"),
        (REFUSAL, {"reason_code": "pending_answer"}, "reason_does_not_fit"),
        (REFUSAL, {"reason_code": "family_solution"}, "unknown_code"),
        (REFUSAL, {"other_answer": None}, "other_answer_with_refusal_only"),
        (REFUSAL, {"grant_cents": 100}, "grant_with_aid_only"),
        (REFUSAL, {"loan": APPROVAL["loan"]}, "loan_with_approval_only"),
        (ADJOURNMENT, {"reason_code": None}, "reason_missing"),
        (ADJOURNMENT, {"reason_code": "no_repayment_capacity"}, "reason_does_not_fit"),
        (ADJOURNMENT, {"other_answer": OTHER_ANSWER}, "other_answer_with_refusal_only"),
        (ADJOURNMENT, {"grant_cents": 100}, "grant_with_aid_only"),
        (APPROVAL, {"loan": None}, "loan_with_approval_only"),
        (APPROVAL, {"loan": {"amount_cents": 200_000}}, "one_of_two"),
        (APPROVAL, {"other_answer": OTHER_ANSWER}, "other_answer_with_refusal_only"),
        (APPROVAL, {"reason_code": "unclear_project", "reason": "Projet flou"}, "reason_does_not_fit"),
        (APPROVAL, {"signatory": None}, "missing"),
        (APPROVAL, {"decided_on": None}, "missing"),
        (GRANT, {"grant_cents": 0}, "grant_missing"),
        (GRANT, {"loan": APPROVAL["loan"]}, "loan_with_approval_only"),
        (APPROVAL, {"outcome": "lend"}, "not_one_of"),
        (APPROVAL, {"outcome": "decline"}, "loan_with_approval_only"),
        (REFUSAL, {"outcome": "endorse"}, "loan_with_approval_only"),
        (REFUSAL, {"outcome": "decline", "other_answer": None}, "other_answer_with_refusal_only"),
    ],
)
async def test_a_decision_that_contradicts_itself_is_ill_formed(
    besancon: Ccas, decision: Json, change: Json, code: str
) -> None:
    body = {name: value for name, value in {**decision, **change}.items() if value is not None}
    problem = await denied(besancon, await submitted(besancon), body, "invalid", status=422)
    assert code in [fault["code"] for fault in problem["errors"]]


@pytest.mark.parametrize("unit", [0, 10, 1.0, True, "100"])
async def test_instalments_are_in_cents_or_in_euros_and_in_nothing_else(besancon: Ccas, unit: object) -> None:
    body = approval({"amount_cents": 200_000, "duration_months": 24, "rounding_unit_cents": unit})
    await denied(besancon, await submitted(besancon), body, "invalid", status=422)


async def test_a_refused_person_is_not_unreachable_after_one_attempt(besancon: Ccas) -> None:
    answer = {"kind": "unreachable", "given_on": "2011-01-21", "attempts_on": ["2011-01-10"]}
    await denied(besancon, await submitted(besancon), {**REFUSAL, "other_answer": answer}, "unreachable_too_soon")


# States and tenants


@pytest.mark.parametrize("decision", [APPROVAL, GRANT, REFUSAL, ADJOURNMENT], ids=lambda body: body["outcome"])
async def test_nothing_is_decided_on_a_request_that_was_not_submitted(besancon: Ccas, decision: Json) -> None:
    request = await ok(besancon.agent.post("/requests", demand(besancon)))
    problem = await denied(besancon, request["id"], decision, "illegal_transition")
    assert problem["action"] == decision["outcome"]


@pytest.mark.parametrize("second", [APPROVAL, REFUSAL, ADJOURNMENT], ids=lambda body: body["outcome"])
async def test_what_is_decided_is_not_decided_again(besancon: Ccas, second: Json) -> None:
    request_id = await submitted(besancon)
    await decide(besancon, request_id, APPROVAL)
    await denied(besancon, request_id, second, "illegal_transition")


@pytest.mark.parametrize("decision", [APPROVAL, REFUSAL], ids=lambda body: body["outcome"])
async def test_where_a_partner_lends_the_ccas_neither_approves_nor_refuses(amiens: Ccas, decision: Json) -> None:
    await denied(amiens, await submitted(amiens), decision, "partner_lends")


@pytest.mark.parametrize(
    "decision", [{**APPROVAL, "outcome": "endorse"}, {**REFUSAL, "outcome": "decline"}], ids=["endorse", "decline"]
)
async def test_where_the_ccas_lends_it_neither_endorses_nor_declines(besancon: Ccas, decision: Json) -> None:
    await denied(besancon, await submitted(besancon), decision, "no_lender")


async def test_where_a_partner_lends_no_contract_of_the_ccas_is_made(amiens: Ccas) -> None:
    request_id = await submitted(amiens)
    path, offer = f"/requests/{request_id}/loans", {"offered_on": "2011-01-21", "first_due_on": "2011-02-05"}
    await refused(amiens.agent.post(path, offer), 409, "illegal_transition")
    loan = {"amount_cents": 200_000, "duration_months": 24}
    await decide(amiens, request_id, {**APPROVAL, "outcome": "endorse", "loan": loan})
    await refused(amiens.agent.post(path, offer), 409, "partner_lends")


async def test_a_request_may_be_adjourned_where_a_partner_lends(amiens: Ccas) -> None:
    decision = await decide(amiens, await submitted(amiens), ADJOURNMENT)
    assert (decision["outcome"], decision["rules_version"]) == ("adjourn", 1)


async def test_the_rest_of_the_terms_of_a_file_that_is_endorsed_is_the_lenders(amiens: Ccas) -> None:
    """2 000 € at 6.20 % in instalments of 88.83 € are 24 months: the lender's own rows come with its offer."""
    body = {**APPROVAL, "outcome": "endorse", "loan": {"amount_cents": 200_000, "instalment_cents": 8_883}}
    decision = await decide(amiens, await submitted(amiens), body)
    terms = decision["loan"]
    assert (terms.pop("amount_cents"), terms.pop("duration_months")) == (200_000, 24)
    assert set(terms.values()) == {None}


async def test_a_file_that_is_declined_says_why_and_what_was_offered_instead(
    amiens: Ccas, databases: Databases
) -> None:
    request_id = await submitted(amiens)
    decision = await decide(amiens, request_id, {**REFUSAL, "outcome": "decline"})
    assert (decision["outcome"], decision["reason_code"], decision["loan"]) == ("decline", "unclear_project", None)
    request = await ok(amiens.agent.get(f"/requests/{request_id}"))
    assert (request["status"], request["other_answer"]["kind"]) == ("declined", "budget_advice")
    with pytest.raises(IntegrityError, match="no_dead_end"):
        run_sql(
            databases,
            amiens,
            "update requests set other_answer_kind = null, other_answer_on = null where id = :id",
            id=request_id,
        )


@pytest.mark.parametrize("status", ["declined", "lender_refused", "refused", "withdrawn", "closed_without_action"])
async def test_the_database_itself_refuses_an_end_without_another_answer(
    amiens: Ccas, databases: Databases, status: str
) -> None:
    request_id = await submitted(amiens)
    with pytest.raises(IntegrityError, match="no_dead_end"):
        run_sql(databases, amiens, "update requests set status = :status where id = :id", status=status, id=request_id)


async def test_a_grant_that_the_rules_do_not_speak_of_is_not_stated_rather_than_forbidden(amiens: Ccas) -> None:
    """Amiens' article says nothing of a grant: `grant` stands in `not_stated`."""
    problem = await denied(amiens, await submitted(amiens, GRANT_PLAN), GRANT, "rule_not_stated")
    assert problem["path"] == "grant"


async def test_a_decision_of_another_ccas_looks_like_nothing(besancon: Ccas, toulouse: Ccas) -> None:
    request_id = await submitted(besancon)
    decision = await decide(besancon, request_id, APPROVAL)
    answers = [
        await refused(toulouse.agent.get(f"/decisions/{decision_id}"), 404, "not_found")
        for decision_id in (decision["id"], uuid4())
    ]
    assert answers[0] == answers[1]
    await refused(toulouse.decider.post(f"/requests/{request_id}/decisions", APPROVAL), 404, "not_found")


async def test_decisions_are_listed_by_outcome_and_date(besancon: Ccas) -> None:
    made = {}
    for body, on in ((APPROVAL, "2011-01-20"), (REFUSAL, "2011-02-17"), (ADJOURNMENT, "2011-03-17")):
        request_id = await submitted(besancon)
        made[body["outcome"]] = (await decide(besancon, request_id, {**body, "decided_on": on}))["id"]

    async def shown(**query: str) -> list[str]:
        return [item["id"] for item in (await ok(besancon.manager.get("/decisions", **query)))["items"]]

    assert await shown() == [made["adjourn"], made["refuse"], made["approve"]]
    assert await shown(outcome="refuse") == [made["refuse"]]
    assert await shown(decided_from="2011-02-17") == [made["adjourn"], made["refuse"]]
    assert await shown(decided_to="2011-02-17") == [made["refuse"], made["approve"]]
    assert await shown(decided_from="2011-02-18", decided_to="2011-03-16") == []


async def test_the_author_of_a_decision_is_the_account_that_entered_it(besancon: Ccas, databases: Databases) -> None:
    decision = await decide(besancon, await submitted(besancon), APPROVAL)
    (row,) = run_sql(databases, besancon, "select account_id from decisions where id = :id", id=decision["id"])
    assert row["account_id"] == besancon.decider.account_id


async def test_who_signed_and_in_what_capacity_is_kept(besancon: Ccas) -> None:
    said = {
        "signatory": "Mme la Conseillère municipale déléguée",
        "signatory_capacity": "Présidente de la commission",
        "delegation_reference": "Arrêté 2009-12",
        "body": "Commission Parcours Projet",
    }
    decision = await decide(besancon, await submitted(besancon), {**APPROVAL, **said})
    assert {name: decision[name] for name in said} == said

"""What the service says may be done is what may be done: each action is tried for real, in every state, by everyone."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx import Response

from app.domain.loan_lifecycle import LoanStage
from app.domain.permissions import Role
from app.domain.request_lifecycle import WITH_LENDER, RequestStatus
from tests.api.test_discharges import discharge
from tests.api.test_referrals import authorise, organisation, to
from tests.api.test_remissions import remission
from tests.api.test_write_offs import write_off
from tests.arrears import support
from tests.lenders import OTHER_ANSWER, SUPPORT_PERSON
from tests.support import (
    ACTION_PLAN,
    APPROVAL,
    BUDGET,
    WHOLE_LOAN,
    Ccas,
    Databases,
    Json,
    Staff,
    accepted,
    add_staff,
    approved,
    demand,
    desk_of,
    disbursed,
    etag_of,
    offered,
    ok,
    refused,
    repayment,
    submitted,
)
from tests.undone import undone

NOBODY = "01900000-0000-7000-8000-000000000000"
ROLES = ("agent", "decider", "manager")
SIGNED: Json = {"decided_on": "2011-01-20", "signatory": "La présidente de la commission"}
WHOLE_GRANT: Json = {"lines": [{"label": "Subvention", "kind": "grant", "amount_cents": 200_000}]}
DECISIONS: dict[str, Json] = {
    "approve": {**APPROVAL, "financing_plan": WHOLE_LOAN},
    "grant_only": {"outcome": "grant_only", "grant_cents": 200_000, "financing_plan": WHOLE_GRANT, **SIGNED},
    "refuse": {
        "outcome": "refuse",
        "reason_code": "unclear_project",
        "reason": "Manque de lisibilité",
        "other_answer": OTHER_ANSWER,
        **SIGNED,
    },
    "adjourn": {
        "outcome": "adjourn",
        "reason_code": "missing_papers",
        "reason": "Le devis manque",
        "missing": ["Devis"],
        **SIGNED,
    },
    "endorse": {"outcome": "endorse", "loan": {"amount_cents": 200_000, "duration_months": 24}, **SIGNED},
    "decline": {
        "outcome": "decline",
        "reason_code": "unclear_project",
        "reason": "Manque de lisibilité",
        "other_answer": OTHER_ANSWER,
        **SIGNED,
    },
}
ENDS = {
    "withdraw": "withdrawn",
    "close_without_action": "closed_without_action",
    "lender_refuse": "lender_refused",
    "refer": "referred",
}
# A file is referred to somebody, who may as well answer the other ends.
REFERRAL = {**OTHER_ANSWER, "kind": "social_referent"}
ASSESSMENT: Json = {
    "needs": "Aller travailler",
    "viability": "Une promesse d’embauche",
    "diagnosis": "Un budget tenu",
    "expected_improvement": "Un emploi durable",
    "opinion": "Favorable",
    "proposal": {"loan_cents": 200_000, "duration_months": 24, "grant_cents": 0},
}
ADDITIONS: dict[str, tuple[str, Json]] = {
    "attest": (
        "attestations",
        {"fact": "no_other_aid", "holds": True, "attested_by": "L’agent", "attested_on": "2011-01-10"},
    ),
    "ask_paper": ("papers", {"code": "identity", "asked_on": "2026-01-10"}),
    "check_right": ("rights-checks", {"right": "caf", "checked_on": "2011-01-10", "result": "not_entitled"}),
    "plan_appointment": ("appointments", {"starts_at": "2190-01-10T09:00:00Z", "kind": "desk"}),
    "write_note": ("notes", {"text": "La personne rappellera", "visibility": "shared"}),
}
RECTIFIED: Json = {"rectified_on": "2026-01-10", "reason": "Erreur", "signatory": "La présidente"}
ON_DECISIONS: dict[str, tuple[str, Json]] = {
    "withdraw_decision": ("rectifications", {"kind": "withdrawal", **RECTIFIED}),
    "abrogate_decision": ("rectifications", {"kind": "abrogation", **RECTIFIED}),
    "correct_decision": ("rectifications", {"kind": "material_error", "corrections": {"body": "CA"}, **RECTIFIED}),
    "notify_decision": (
        "notifications",
        {"notified_on": "2026-01-10", "channel": "post", "recipient": "applicant"},
    ),
}
SENDINGS = {"send_precheck": "precheck", "send_loan_file": "loan_file"}
# Besançon decides ahead of its sessions since May 2011.
AHEAD: Json = {**SIGNED, "decided_on": "2011-06-01"}
RATIFIED: Json = {"ratified": True, "ratified_on": "2011-06-17", "signatory": SIGNED["signatory"]}
CANCELLATION = {"cancelled_on": "2011-01-22", "reason": "Désistement"}

State = Callable[[Ccas], Awaitable[str]]


async def taken_in(ccas: Ccas) -> str:
    return str((await ok(ccas.agent.post("/requests", demand(ccas))))["id"])


async def being_assessed(ccas: Ccas) -> str:
    request_id = await taken_in(ccas)
    await ok(ccas.agent.post(f"/requests/{request_id}/assess"))
    return request_id


async def awaiting_papers(ccas: Ccas) -> str:
    request_id = await being_assessed(ccas)
    await ok(ccas.agent.post(f"/requests/{request_id}/await-papers"))
    return request_id


async def ready_but_for_papers(ccas: Ccas) -> str:
    request_id = await ready(ccas)
    await ok(ccas.agent.post(f"/requests/{request_id}/await-papers"))
    return request_id


async def reopened(ccas: Ccas) -> str:
    request_id = await closed("withdrawn")(ccas)
    await ok(ccas.agent.post(f"/requests/{request_id}/reopen", {"reason": "La personne est revenue"}))
    return request_id


async def with_a_referral(ccas: Ccas) -> str:
    request_id = await taken_in(ccas)
    await refer(ccas, ccas.agent, request_id)
    return request_id


async def refer(ccas: Ccas, staff: Staff, request_id: str) -> Response:
    """Sends the applicant, who allows it, to an organisation that no other file has."""
    elsewhere = await organisation(ccas, name=f"Organisme {uuid4()}")
    applicant = (await ok(ccas.agent.get(f"/requests/{request_id}")))["applicant_id"]
    await authorise(ccas, applicant, elsewhere)
    return await staff.post(
        f"/requests/{request_id}/referrals", to(elsewhere, referred_on="2026-01-10", answer_expected_on="2026-02-10")
    )


async def with_a_budget_alone(ccas: Ccas) -> str:
    request_id = await being_assessed(ccas)
    await ok(ccas.agent.put(f"/requests/{request_id}/budget", BUDGET, etag='"2"'))
    return request_id


async def with_an_unbalanced_plan(ccas: Ccas) -> str:
    request_id = await with_a_budget_alone(ccas)
    plan = {"lines": [{"label": "x", "kind": "loan", "amount_cents": 1}]}
    await ok(ccas.agent.put(f"/requests/{request_id}/financing-plan", plan, etag='"3"'))
    return request_id


async def ready(ccas: Ccas) -> str:
    request_id = await with_a_budget_alone(ccas)
    await ok(ccas.agent.put(f"/requests/{request_id}/financing-plan", WHOLE_LOAN, etag='"3"'))
    return request_id


def decided(outcome: str) -> State:
    async def state(ccas: Ccas) -> str:
        request_id = await submitted(ccas)
        await ok(ccas.decider.post(f"/requests/{request_id}/decisions", DECISIONS[outcome]))
        return request_id

    return state


def with_a_loan(at: Callable[[Ccas], Awaitable[str]]) -> State:
    async def state(ccas: Ccas) -> str:
        return str((await ok(ccas.agent.get(f"/loans/{await at(ccas)}")))["request_id"])

    return state


def closed(outcome: str) -> State:
    async def state(ccas: Ccas) -> str:
        request_id = await (with_a_referral if outcome == "referred" else taken_in)(ccas)
        body = {"outcome": outcome, "reason_code": "other", "other_answer": REFERRAL}
        await ok(ccas.agent.post(f"/requests/{request_id}/close", body))
        return request_id

    return state


async def cancelled(ccas: Ccas) -> str:
    loan_id = await offered(ccas)
    await ok(ccas.agent.post(f"/loans/{loan_id}/cancellations", CANCELLATION))
    return loan_id


async def rescinded(ccas: Ccas) -> str:
    loan_id = await accepted(ccas)
    await ok(ccas.agent.post(f"/loans/{loan_id}/cancellations", CANCELLATION))
    return loan_id


REQUESTS: dict[str, tuple[RequestStatus, State]] = {
    "intake": (RequestStatus.INTAKE, taken_in),
    "intake, referred to somebody": (RequestStatus.INTAKE, with_a_referral),
    "assessment": (RequestStatus.ASSESSMENT, being_assessed),
    "assessment with a budget": (RequestStatus.ASSESSMENT, with_a_budget_alone),
    "assessment with an unbalanced plan": (RequestStatus.ASSESSMENT, with_an_unbalanced_plan),
    "assessment, complete": (RequestStatus.ASSESSMENT, ready),
    "awaiting papers": (RequestStatus.AWAITING_PAPERS, awaiting_papers),
    "awaiting papers, complete": (RequestStatus.AWAITING_PAPERS, ready_but_for_papers),
    "submitted": (RequestStatus.SUBMITTED, submitted),
    "adjourned": (RequestStatus.ADJOURNED, decided("adjourn")),
    "approved": (RequestStatus.APPROVED, approved),
    "approved with an offer": (RequestStatus.APPROVED, with_a_loan(offered)),
    "approved with an offer withdrawn": (RequestStatus.APPROVED, with_a_loan(cancelled)),
    "approved with a contract rescinded": (RequestStatus.APPROVED, with_a_loan(rescinded)),
    "contracted": (RequestStatus.CONTRACTED, with_a_loan(accepted)),
    "contracted and paid out": (RequestStatus.CONTRACTED, with_a_loan(disbursed)),
    "refused": (RequestStatus.REFUSED, decided("refuse")),
    "grant only": (RequestStatus.GRANT_ONLY, decided("grant_only")),
    "withdrawn": (RequestStatus.WITHDRAWN, closed("withdrawn")),
    "closed without action": (RequestStatus.CLOSED_WITHOUT_ACTION, closed("closed_without_action")),
    "referred": (RequestStatus.REFERRED, closed("referred")),
    "reopened": (RequestStatus.INTAKE, reopened),
}


def colleague_of(databases: Databases, ccas: Ccas) -> str:
    """Another agent of the CCAS."""
    return str(add_staff(databases, ccas.id, f"agent-{uuid4().hex[:6]}", [Role.AGENT]))


async def try_on_request(
    ccas: Ccas, staff: Staff, request_id: str, action: str, signed_as: Json = SIGNED, *, colleague: str
) -> Response:
    """Does the action for real, with a body that nothing is wrong with; a file is assigned to the colleague."""
    path = f"/requests/{request_id}"
    if action == "make_referral":
        return await refer(ccas, staff, request_id)
    if action in ("assess", "await_papers", "submit"):
        return await staff.post(f"{path}/{action.replace('_', '-')}")
    if action == "ratify":
        decisions = (await ok(ccas.agent.get("/decisions", request_id=request_id, limit=100)))["items"]
        waiting = [
            one["id"] for one in decisions if (await ok(ccas.agent.get(f"/decisions/{one['id']}")))["provisional"]
        ]
        return await staff.post(f"/decisions/{(*waiting, NOBODY)[0]}/ratifications", RATIFIED)
    if action in ON_DECISIONS:
        decisions = (await ok(ccas.agent.get("/decisions", request_id=request_id)))["items"]
        part, body = ON_DECISIONS[action]
        return await staff.post(f"/decisions/{decisions[0]['id'] if decisions else NOBODY}/{part}", body)
    sent = _sent(ccas, action, signed_as, colleague)
    if sent is not None:
        return await staff.post(f"{path}/{sent[0]}", sent[1])
    etag = await etag_of(ccas.agent, path)
    if action == "update":
        return await staff.patch(path, {"prescriber": "ADDSEA"}, etag=etag)
    part, body = {
        "replace_budget": ("budget", BUDGET),
        "replace_financing_plan": ("financing-plan", WHOLE_LOAN),
        "replace_assessment": ("assessment", ASSESSMENT),
        "replace_action_plan": ("action-plan", ACTION_PLAN),
    }[action]
    return await staff.put(f"{path}/{part}", body, etag=etag)


def _sent(ccas: Ccas, action: str, signed_as: Json, colleague: str) -> tuple[str, Json] | None:
    """Where under the request, and what, an action that needs a body is sent; null for what changes a part."""
    if action in DECISIONS:
        return "decisions", {**DECISIONS[action], **signed_as}
    if action in SENDINGS:
        return "handoffs", {"kind": SENDINGS[action], "support_person": SUPPORT_PERSON}
    if action in ENDS:
        return "close", {"outcome": ENDS[action], "reason_code": "other", "other_answer": REFERRAL}
    ahead = {**DECISIONS["approve"], **(AHEAD if signed_as is SIGNED else signed_as), "fast_track": True}
    if signed_as is not SIGNED:
        ahead |= {"outcome": "endorse", "loan": DECISIONS["endorse"]["loan"]}
    moved = {"transferred_on": "2011-01-10", "reason": "Déménagement", "person_moved": False}
    others: dict[str, tuple[str, Json]] = {
        "reopen": ("reopen", {"reason": "La personne est revenue"}),
        "assign": ("assignments", {"account_id": colleague, "assigned_on": "2026-01-10"}),
        "transfer": ("transfers", {"to_commune_insee_code": ccas.insee_code, **moved}),
        "fast_track": ("decisions", ahead),
        "offer_loan": ("loans", {"offered_on": "2011-02-01", "first_due_on": "2011-03-05"}),
        **ADDITIONS,
    }
    return others.get(action)


def judge(action: Json, response: Response, also: frozenset[str] = frozenset()) -> list[str]:
    """Where what was said of an action and what became of it differ.

    `also` are codes that may tell of what the state forbids anyway, where something else forbids it too.
    """
    said = f"{action['action']}: said {action['allowed']} {action['reasons']}, got {response.status_code}"
    if action["allowed"] != response.is_success or action["allowed"] != (not action["reasons"]):
        return [said]
    if response.is_success:
        return []
    code = response.json()["code"]
    if "role" in action["reasons"]:
        return [] if code == "forbidden" else [f"{said} {code}"]
    codes = {
        "state": {"illegal_transition", "request_locked", "not_found"} | also,
        "no_repayment": {"not_found"},
        "nothing_owed": {"nothing_owed", "nothing_beyond_due"},
    }
    expected = set().union(*(codes.get(reason, {reason}) for reason in action["reasons"]))
    return [] if code in expected else [f"{said} {code}"]


@pytest.mark.parametrize("state", REQUESTS)
async def test_a_request_tells_what_this_caller_may_do_with_it(
    app: FastAPI, besancon: Ccas, databases: Databases, state: str
) -> None:
    status, build = REQUESTS[state]
    colleague, request_id = colleague_of(databases, besancon), await build(besancon)
    assert (await ok(besancon.agent.get(f"/requests/{request_id}")))["status"] == status
    for role in ROLES:
        staff: Staff = getattr(besancon, role)
        wrong = []
        for action in (await ok(staff.get(f"/requests/{request_id}/actions")))["items"]:
            async with undone(app):
                tried = try_on_request(besancon, staff, request_id, action["action"], colleague=colleague)
                wrong += judge(action, await tried)
        assert (role, wrong) == (role, [])


def test_every_state_of_a_request_is_tried() -> None:
    with_a_lender = WITH_LENDER | {RequestStatus.DECLINED, RequestStatus.LENDER_REFUSED}
    ahead_of_session = {RequestStatus.APPROVED_PROVISIONAL}
    assert {status for status, _ in REQUESTS.values()} == set(RequestStatus) - with_a_lender - ahead_of_session


async def test_the_desk_is_told_of_no_action_and_may_only_plan_an_appointment(
    besancon: Ccas, databases: Databases
) -> None:
    desk, request_id = desk_of(databases, besancon), await ready(besancon)
    actions = (await ok(besancon.agent.get(f"/requests/{request_id}/actions")))["items"]
    await refused(desk.get(f"/requests/{request_id}/actions"), 403, "forbidden")
    for action in actions:
        if action["action"] != "plan_appointment":
            tried = try_on_request(besancon, desk, request_id, action["action"], colleague=NOBODY)
            await refused(tried, 403, "forbidden")


async def test_all_that_keeps_a_file_from_the_commission_is_told(besancon: Ccas) -> None:
    items = (await ok(besancon.agent.get(f"/requests/{await being_assessed(besancon)}/actions")))["items"]
    (submit,) = [item for item in items if item["action"] == "submit"]
    assert (submit["allowed"], submit["reasons"]) == (False, ["budget_missing", "plan_missing"])
    assert (submit["not_before"], submit["not_after"]) == (None, None)


async def test_a_role_that_lacks_and_a_state_that_forbids_are_both_told(besancon: Ccas) -> None:
    items = (await ok(besancon.manager.get(f"/requests/{await taken_in(besancon)}/actions")))["items"]
    reasons = {item["action"]: item["reasons"] for item in items}
    assert reasons["approve"] == ["role", "state"]
    assert reasons["assess"] == ["role"]


async def half_signed(ccas: Ccas) -> str:
    loan_id = await offered(ccas)
    await ok(ccas.agent.post(f"/loans/{loan_id}/signatures", {"party": "ccas", "signed_on": "2011-01-22"}))
    return loan_id


async def repaying(ccas: Ccas) -> str:
    loan_id = await disbursed(ccas)
    await ok(ccas.agent.post(f"/loans/{loan_id}/repayments", repayment(4_500, "2011-02-05", str(uuid4()))))
    return loan_id


async def partly_paid_out(ccas: Ccas) -> str:
    loan_id = await accepted(ccas)
    payment = {"amount_cents": 150_000, "disbursed_on": "2011-01-30", "payee": {"kind": "supplier"}}
    await ok(ccas.agent.post(f"/loans/{loan_id}/disbursements", payment))
    return loan_id


async def overpaid(ccas: Ccas) -> str:
    loan_id = await disbursed(ccas)
    await ok(ccas.agent.post(f"/loans/{loan_id}/repayments", repayment(200_500, "2011-02-05", str(uuid4()))))
    return loan_id


async def settled(ccas: Ccas) -> str:
    loan_id = await disbursed(ccas)
    await ok(ccas.agent.post(f"/loans/{loan_id}/repayments", repayment(200_000, "2011-02-05", str(uuid4()))))
    return loan_id


async def in_litigation(ccas: Ccas) -> str:
    loan_id = await repaying(ccas)
    await ok(ccas.agent.post(f"/loans/{loan_id}/litigation", {"opened_on": "2011-07-01"}))
    return loan_id


async def written_off_whole(ccas: Ccas) -> str:
    loan_id = await disbursed(ccas)
    await ok(ccas.agent.post(f"/loans/{loan_id}/write-offs", write_off(200_000)))
    return loan_id


LOANS: dict[str, tuple[LoanStage, State]] = {
    "offered": (LoanStage.OFFERED, offered),
    "half signed": (LoanStage.OFFERED, half_signed),
    "accepted": (LoanStage.ACCEPTED, accepted),
    "paid out": (LoanStage.DISBURSED, disbursed),
    "partly paid out": (LoanStage.DISBURSED, partly_paid_out),
    "repaying": (LoanStage.DISBURSED, repaying),
    "overpaid": (LoanStage.DISBURSED, overpaid),
    "settled": (LoanStage.DISBURSED, settled),
    "written off": (LoanStage.DISBURSED, written_off_whole),
    "in litigation": (LoanStage.LITIGATION, in_litigation),
    "cancelled": (LoanStage.CANCELLED, cancelled),
    "rescinded": (LoanStage.CANCELLED, rescinded),
}


def decided(by: str) -> Json:
    return {"decided_on": "2011-02-05", "decided_by": by}


LOSS: Json = {
    "source": "reported_by_staff",
    "reference": "Courrier",
    "lost_on": "2011-07-01",
    "principal_cents": 1_000,
    "interest_cents": 0,
}


async def try_on_loan(ccas: Ccas, staff: Staff, loan_id: str, action: str) -> Response:
    """Does the action for real, with a body that nothing is wrong with."""
    path = f"/loans/{loan_id}"
    if action == "reverse":
        entries = (await ok(ccas.agent.get(f"{path}/ledger")))["items"]
        repayments = [entry["id"] for entry in entries if entry["kind"] == "repayment"] or [NOBODY]
        body = {"reversed_on": "2011-02-06", "reason": "Rejet"}
        return await staff.post(f"{path}/repayments/{repayments[0]}/reversal", body)
    if action == "repay_early":
        paid = await ccas.agent.post(f"{path}/repayments", repayment(10_000, "2011-02-06", str(uuid4())))
        entry_id = paid.json().get("id", NOBODY)
        early = {"repayment_id": entry_id, "choice": "shorten", "decision": decided("borrower")}
        response = await staff.post(f"{path}/early-repayments", early)
        if paid.is_success and not response.is_success:  # what was tried in vain leaves the loan as it was
            back = {"reversed_on": "2011-02-06", "reason": "Essai"}
            await ok(ccas.agent.post(f"{path}/repayments/{entry_id}/reversal", back))
        return response
    loan = await ok(ccas.agent.get(path))
    awaited, version = loan["awaiting_signature_of"] or ["borrower"], loan["schedule_version"]
    event, body = {
        "defer": ("deferrals", {"months": 1, "first_number": 2, "decision": decided("commission")}),
        "reschedule": (
            "reschedules",
            {"first_due_on": "2011-03-05", "duration_months": 12, "decision": decided("commission")},
        ),
        "cancel_change": (f"schedule-changes/{version}/cancellation", {"decision": decided("commission")}),
        "sign": ("signatures", {"party": awaited[0], "signed_on": "2011-01-22"}),
        "disburse": (
            "disbursements",
            {"amount_cents": 50_000, "disbursed_on": "2011-01-30", "payee": {"kind": "supplier"}},
        ),
        "give_up_undrawn": ("undrawn", {"decision": decided("commission"), "instalment_cents": 8_500}),
        "refund_credit": ("credit-refunds", {"amount_cents": 1, "refunded_on": "2011-02-06"}),
        "record_procedure": ("over-indebtedness", {"kind": "filed", "decision": decided("borrower")}),
        "repay": ("repayments", repayment(4_500, "2011-02-05", str(uuid4()))),
        "open_litigation": ("litigation", {"opened_on": "2011-07-01"}),
        "end_litigation": ("litigation/end", {"ended_on": "2011-10-01"}),
        "write_off": ("write-offs", write_off(1)),
        "discharge": ("discharges", discharge(1)),
        "remit": ("remissions", remission(1)),
        "cancel": ("cancellations", CANCELLATION),
        "withdraw": ("withdrawals", {"withdrawn_on": "2011-01-24"}),
        "support": ("supports", support("2011-07-02", (2, 100))),
        "claim_guarantee": ("guarantee-claims", LOSS),
    }[action]
    return await staff.post(f"{path}/{event}", body)


@pytest.mark.parametrize("state", LOANS)
async def test_a_loan_tells_what_this_caller_may_do_with_it(app: FastAPI, besancon: Ccas, state: str) -> None:
    loan_id = await LOANS[state][1](besancon)
    for role in ROLES:
        staff: Staff = getattr(besancon, role)
        wrong = []
        for action in (await ok(staff.get(f"/loans/{loan_id}/actions")))["items"]:
            async with undone(app):
                wrong += judge(action, await try_on_loan(besancon, staff, loan_id, action["action"]))
        assert (role, wrong) == (role, [])


def test_every_stage_of_a_loan_is_tried() -> None:
    assert {stage for stage, _ in LOANS.values()} == set(LoanStage)


async def test_the_actions_of_what_is_not_there_are_not_found(besancon: Ccas, toulouse: Ccas) -> None:
    foreign: dict[str, Any] = {"requests": await taken_in(toulouse), "loans": NOBODY}
    for concept, identifier in foreign.items():
        for unknown in (identifier, NOBODY):
            await refused(besancon.agent.get(f"/{concept}/{unknown}/actions"), 404, "not_found")

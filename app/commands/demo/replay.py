"""Each case lived again through the API, from the demand to the last repayment known."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from app.commands.demo.cases import Case, Closing, Contract, Repayments
from app.commands.demo.staff import Staff
from app.domain.decisions import Outcome
from app.domain.request_lifecycle import RequestStatus
from app.schemas.decisions import DecisionRead
from app.schemas.loans import LoanRead, ScheduleRead
from app.schemas.plans import BudgetRead, FinancingPlanRead
from app.schemas.positions import PositionRead
from app.schemas.repayments import LedgerEntryRead
from app.schemas.requests import RequestRead

BESANCON = "25056"

Json = dict[str, Any]


async def replay(cases: Iterable[Case], *, told_on: date, agent: Staff, decider: Staff) -> None:
    """Lives the cases one after the other, so that references follow the report's order.

    `told_on` is the day up to which the public accountant has told what was paid.

    Told again within the thirty days that keys are kept, nothing happens twice. Raises DemoRefused.
    """
    for case in cases:
        request = await _submit(case, agent)
        path = f"/requests/{request.id}"
        await decider.post(f"{path}/decisions", _decision(case), DecisionRead, key=f"demo-{case.id}-decision")
        if case.contract is not None:
            await _live(case, case.contract, path, agent)
        if case.closing is not None:
            await agent.post(f"{path}/close", _closing(case.closing), RequestRead, key=f"demo-{case.id}-close")
    position = {"position_on": str(told_on), "reference": "Trésorerie"}
    await agent.post("/positions", position, PositionRead, key="demo-position")


async def _submit(case: Case, agent: Staff) -> RequestRead:
    """The demand, its budget and its financing plan, up to the commission."""
    key, dates = f"demo-{case.id}", case.dates
    taken_in = await agent.post("/requests", _demand(case), RequestRead, key=f"{key}-request")
    path = f"/requests/{taken_in.id}"
    await agent.post(f"{path}/assess", {"assessed_on": str(dates.received_on)}, RequestRead, key=f"{key}-assess")
    request = await agent.get(path, RequestRead)
    if request.status is RequestStatus.ASSESSMENT:  # a PUT takes no key: what was submitted is past it
        budget = await agent.put(f"{path}/budget", _budget(case), BudgetRead, version=request.version)
        await agent.put(f"{path}/financing-plan", _plan(case), FinancingPlanRead, version=budget.version)
    await agent.post(f"{path}/submit", {"submitted_on": str(dates.decided_on)}, RequestRead, key=f"{key}-submit")
    return taken_in


async def _live(case: Case, contract: Contract, request_path: str, agent: Staff) -> None:
    """The loan: offered, signed, paid out, followed to the last repayment known."""
    key = f"demo-{case.id}"
    offer = {
        "offered_on": str(contract.offered_on),
        "disbursed_on": str(contract.disbursed_on),
        "first_due_on": str(contract.first_due_on),
    }
    loan = await agent.post(f"{request_path}/loans", offer, LoanRead, key=f"{key}-loan")
    path = f"/loans/{loan.id}"
    for party in loan.awaiting_signature_of:
        signature = {"party": party, "signed_on": str(contract.signed_on)}
        await agent.post(f"{path}/signatures", signature, LoanRead, key=f"{key}-signature-{party}")
    payment = {
        "amount_cents": loan.principal_cents,
        "disbursed_on": str(contract.disbursed_on),
        "payee": {"kind": "supplier", "name": case.common.payee},
    }
    await agent.post(f"{path}/disbursements", payment, LoanRead, key=f"{key}-disbursement")
    await _follow(case, path, agent)


async def _follow(case: Case, path: str, agent: Staff) -> None:
    """What came back: the instalments met on their due dates, litigation, then what came otherwise."""
    key = f"demo-{case.id}"
    repayments = case.repayments or Repayments(assumed=True)
    schedule = await agent.get(f"{path}/schedule", ScheduleRead)
    until = repayments.on_schedule_until
    met = [(row.total_cents, row.due_on) for row in schedule.rows if until is not None and row.due_on <= until]
    await _repay(f"{key}-instalment", path, met, agent)
    if case.litigation is not None:
        opening = {"opened_on": str(case.litigation.opened_on), "reason": "Suivi en contentieux"}
        await agent.post(f"{path}/litigation", opening, LoanRead, key=f"{key}-litigation")
    others = [(other.amount_cents, other.received_on) for other in repayments.others]
    await _repay(f"{key}-repayment", path, others, agent)


async def _repay(key: str, path: str, received: Iterable[tuple[int, date]], agent: Staff) -> None:
    """Amounts in cents with their days, as the public accountant's position tells them."""
    for number, (amount_cents, received_on) in enumerate(received, start=1):
        body = {
            "amount_cents": amount_cents,
            "received_on": str(received_on),
            "source": "public_accountant",
            "reference": f"{key}-{number}",
        }
        await agent.post(f"{path}/repayments", body, LedgerEntryRead, key=f"{key}-{number}")


def _demand(case: Case) -> Json:
    applicant = case.applicant
    return {
        "applicant": {
            "first_names": case.common.first_names,
            "birth_name": case.id,
            "birth_on": str(applicant.birth_on),
            "commune_insee_code": BESANCON,
        },
        "household": {"adults": applicant.adults, "minor_children": 0},
        "commune_insee_code": BESANCON,
        "channel": "prescriber" if applicant.prescriber else "direct",
        "prescriber": applicant.prescriber,
        "purpose": case.project.purpose,
        "project_description": case.project.words,
        "project_cost_cents": case.project.cost_cents,
        "requested_amount_cents": case.asked_cents(),
        "received_on": str(case.dates.received_on),
    }


def _budget(case: Case) -> Json:
    return {"resources": [{"kind": "other", "amount_cents": case.applicant.resources_cents}], "charges": []}


def _plan(case: Case) -> Json:
    """The plan before the commission: the rest of the cost is asked as a loan, less the grant."""
    lines: list[Json] = [{**line.model_dump(mode="json"), "status": "confirmed"} for line in case.contributions]
    if case.grant_cents:
        lines.append({"label": "Secours aide au projet", "kind": "grant", "amount_cents": case.grant_cents})
    loan_cents = case.asked_cents() - case.grant_cents
    if loan_cents:
        lines.append({"label": "Microcrédit", "kind": "loan", "amount_cents": loan_cents})
    return {"lines": lines}


def _decision(case: Case) -> Json:
    body: Json = {
        "outcome": case.outcome.value,
        "grant_cents": case.grant_cents,
        "decided_on": str(case.dates.decided_on),
        "body": case.common.body,
        "signatory": case.common.signatory,
    }
    if case.loan is not None:
        terms = case.instalments.model_dump(mode="json", exclude={"assumed"}) if case.instalments else {}
        body["loan"] = {**case.loan.model_dump(mode="json", exclude={"assumed"}), **terms}
    if case.refusal is not None:
        body |= case.refusal.model_dump()
    if case.other_answer is not None and case.outcome is Outcome.REFUSE:
        body["other_answer"] = {"kind": case.other_answer.kind, "given_on": str(case.dates.decided_on)}
    return body


def _closing(closing: Closing) -> Json:
    on = str(closing.closed_on)
    return {
        "outcome": closing.outcome,
        "reason_code": closing.reason_code,
        "other_answer": {"kind": closing.other_answer, "given_on": on},
        "closed_on": on,
    }

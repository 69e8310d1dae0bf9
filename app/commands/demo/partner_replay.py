"""Each file handed over to a partner that lends, lived through the API by the CCAS and by the partner's machine."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.commands.demo.partner_files import Answer, Contract, Endorsement, Instruction, Offer, PartnerFile, Precheck
from app.commands.demo.partner_files import Loan as LoanAsked
from app.commands.demo.partner_files import Statement as Told
from app.commands.demo.staff import DemoRefused, Staff
from app.domain.amortization import due_dates
from app.domain.handoff_lifecycle import FILES
from app.domain.products import Party
from app.domain.request_lifecycle import RequestStatus
from app.schemas.action_plans import ActionPlanRead
from app.schemas.authorisations import AuthorisationRead
from app.schemas.decisions import DecisionRead
from app.schemas.ficp_checks import FicpCheckRead
from app.schemas.handoffs import HandoffRead
from app.schemas.inbox import InboxState
from app.schemas.loans import LoanRead
from app.schemas.offers import OfferRead
from app.schemas.plans import BudgetRead, FinancingPlanRead
from app.schemas.requests import RequestRead
from app.schemas.statements import StatementRead

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Desk:
    """Who works on the files of a CCAS: its agent, its decider, and the machine of the partner that lends."""

    agent: Staff
    decider: Staff
    lender: Staff
    partner: str


async def replay_files(files: Iterable[PartnerFile], desks: Mapping[str, Desk]) -> None:
    """Lives the files one after the other. Told again within thirty days, nothing happens twice. Raises DemoRefused."""
    for file in files:
        await _live(file, desks[file.tenant])


async def _live(file: PartnerFile, desk: Desk) -> None:
    request = await _take_in(file, desk)
    path = f"/requests/{request.id}"
    if file.precheck is not None:
        await _precheck(file, file.precheck, path, desk)
    if file.instruction is not None:
        await _instruct(file, file.instruction, path, desk.agent)
    if file.endorsement is not None and file.answer is not None and file.loan is not None:
        handoff = await _present(file, file.endorsement, file.loan, path, desk)
        await _accept(file, file.answer, handoff, desk.lender)
        if file.offer is not None and file.contract is not None:
            await _lend(file, file.offer, file.contract, handoff, desk)
    if file.closing is not None:
        end = {
            "outcome": RequestStatus.CLOSED_WITHOUT_ACTION,
            "reason_code": file.closing.reason_code,
            "other_answer": {"kind": file.closing.other_answer, "given_on": str(file.closing.closed_on)},
            "closed_on": str(file.closing.closed_on),
        }
        await desk.agent.post(f"{path}/close", end, RequestRead, key=f"demo-{file.id}-close")


async def _take_in(file: PartnerFile, desk: Desk) -> RequestRead:
    """The demand, and the person's authorisation to tell the partner."""
    key = f"demo-{file.id}"
    request = await desk.agent.post("/requests", _demand(file), RequestRead, key=f"{key}-request")
    authorisation = {
        "recipient": desk.partner,
        "purposes": sorted(kind.value for kind in FILES),
        "given_on": str(file.received_on.day),
    }
    path = f"/people/{request.applicant_id}/authorisations"
    await desk.agent.post(path, authorisation, AuthorisationRead, key=f"{key}-authorisation")
    return request


async def _precheck(file: PartnerFile, precheck: Precheck, path: str, desk: Desk) -> None:
    sent = {"kind": "precheck", "support_person": file.common.support_person, "sent_on": str(precheck.sent_on)}
    key = f"demo-{file.id}-precheck"
    handoff = await desk.agent.post(f"{path}/handoffs", sent, HandoffRead, key=key)
    check = {
        "handoff_id": str(handoff.id),
        "stage": "precheck",
        "outcome": precheck.outcome,
        "consulted_at": precheck.consulted_at,
        "consultation_ref": f"P-{file.id}",
    }
    await desk.lender.post("/partner/ficp-checks", check, FicpCheckRead, key=f"{key}-check")


async def _instruct(file: PartnerFile, instruction: Instruction, path: str, agent: Staff) -> None:
    """The first appointment, the budget and the financing plan, up to the decision."""
    key = f"demo-{file.id}"
    begun = {"assessed_on": str(instruction.assessed_on)}
    await agent.post(f"{path}/assess", begun, RequestRead, key=f"{key}-assess")
    request = await agent.get(path, RequestRead)
    if request.status is RequestStatus.ASSESSMENT:  # a PUT takes no key: what was submitted is past it
        resources = [{"kind": "other", "amount_cents": file.applicant.resources_cents}]
        body: Json = {"resources": resources, "charges": []}
        budget = await agent.put(f"{path}/budget", body, BudgetRead, version=request.version)
        plan = {"lines": [{"label": "Microcrédit", "kind": "loan", "amount_cents": file.project.cost_cents}]}
        planned = await agent.put(f"{path}/financing-plan", plan, FinancingPlanRead, version=budget.version)
        if file.action_plan is not None:
            agreed = file.action_plan.model_dump(mode="json", exclude={"assumed"})
            await agent.put(f"{path}/action-plan", agreed, ActionPlanRead, version=planned.version)
    submitted = {"submitted_on": str(instruction.submitted_on)}
    await agent.post(f"{path}/submit", submitted, RequestRead, key=f"{key}-submit")


async def _present(file: PartnerFile, endorsement: Endorsement, loan: LoanAsked, path: str, desk: Desk) -> HandoffRead:
    """The CCAS endorses the file and hands it over."""
    key = f"demo-{file.id}"
    terms = {"amount_cents": loan.amount_cents, "duration_months": loan.duration_months}
    body = endorsed(file, str(endorsement.decided_on), terms)
    await desk.decider.post(f"{path}/decisions", body, DecisionRead, key=f"{key}-decision")
    sent = {"kind": "loan_file", "support_person": file.common.support_person, "sent_on": str(endorsement.sent_on)}
    return await desk.agent.post(f"{path}/handoffs", sent, HandoffRead, key=f"{key}-loan-file")


async def _accept(file: PartnerFile, answer: Answer, handoff: HandoffRead, lender: Staff) -> None:
    """The lender has the file, checks it, accepts it."""
    path, key = f"/partner/handoffs/{handoff.id}", f"demo-{file.id}"
    received = {"reference": f"D-{file.id}"}
    await lender.post(f"{path}/acknowledgements", received, InboxState, key=f"{key}-acknowledgement")
    check = {
        "handoff_id": str(handoff.id),
        "stage": "grant_decision",
        "outcome": "favorable",
        "consulted_at": answer.consulted_at,
        "consultation_ref": f"G-{file.id}",
    }
    await lender.post("/partner/ficp-checks", check, FicpCheckRead, key=f"{key}-check")
    accepted = {"decision": "accepted", "decided_on": str(answer.decided_on)}
    await lender.post(f"{path}/answers", accepted, InboxState, key=f"{key}-answer")


async def _lend(file: PartnerFile, offer: Offer, contract: Contract, handoff: HandoffRead, desk: Desk) -> None:
    """The lender's offer, the signatures of all on one day, the payment, what came back."""
    path, key, on = f"/partner/handoffs/{handoff.id}", f"demo-{file.id}", str(contract.signed_on)
    made = await desk.lender.post(f"{path}/offers", _offer(file, offer), OfferRead, key=f"{key}-offer")
    loan = await desk.agent.get(f"/loans/{made.loan_id}", LoanRead)
    for party in loan.awaiting_signature_of:
        signature: Json = {"party": party, "signed_on": on}
        if contract.support_contract:
            signature["present"] = loan.awaiting_signature_of
        if party is Party.BORROWER and contract.support_contract:
            signature["support_contract_signed_on"] = on
        await desk.agent.post(f"/loans/{loan.id}/signatures", signature, LoanRead, key=f"{key}-signature-{party}")
    payment = {
        "amount_cents": made.amount_cents,
        "disbursed_on": str(contract.disbursed_on),
        "payee": {"kind": "supplier", "name": file.common.payee},
        "reference": f"V-{file.id}",
    }
    await desk.lender.post(f"{path}/disbursements", payment, OfferRead, key=f"{key}-disbursement")
    for statement in file.statements.items if file.statements else ():
        await _tell(file, statement, handoff, desk.lender)


async def _tell(file: PartnerFile, statement: Told, handoff: HandoffRead, lender: Staff) -> None:
    """One statement of the lender; a line refused in it is a refusal."""
    of = {"handoff_id": str(handoff.id)}
    lines: list[Json] = [
        {
            **of,
            "kind": "repayment",
            "reference": f"R-{file.id}-{paid.paid_on}",
            "amount_cents": paid.amount_cents,
            "paid_on": str(paid.paid_on),
            "outstanding_principal_cents": paid.outstanding_cents,
        }
        for paid in statement.paid
    ]
    lines += [
        {
            **of,
            "kind": "unpaid",
            "instalment_number": unpaid.number,
            "outstanding_principal_cents": unpaid.outstanding_cents,
        }
        for unpaid in statement.unpaid
    ]
    body = {"position_on": str(statement.position_on), "items": lines}
    key = f"demo-{file.id}-statement-{statement.position_on}"
    answers = await lender.post("/partner/repayments", body, StatementRead, key=key)
    for item in answers.items:
        if item.error is not None:
            raise DemoRefused(f"{file.id}, statement of {statement.position_on}: {item.error.detail}")


def endorsed(file: PartnerFile, decided_on: str, terms: Json) -> Json:
    """The endorsement of a file on terms."""
    return {
        "outcome": "endorse",
        "loan": terms,
        "decided_on": decided_on,
        "body": file.common.body,
        "signatory": file.common.signatory,
    }


def _demand(file: PartnerFile) -> Json:
    return {
        "applicant": {
            "first_names": file.common.first_names,
            "birth_name": file.id,
            "birth_on": str(file.applicant.birth_on),
            "commune_insee_code": file.commune_insee_code,
        },
        "household": {"adults": file.applicant.adults, "minor_children": 0},
        "commune_insee_code": file.commune_insee_code,
        "channel": "phone",
        "purpose": file.project.purpose,
        "project_description": file.project.words,
        "project_cost_cents": file.project.cost_cents,
        "requested_amount_cents": file.project.cost_cents,
        "received_on": str(file.received_on.day),
    }


def _offer(file: PartnerFile, offer: Offer) -> Json:
    """The lender's offer with its own rows; it says who signs and who pays only where the rules do not."""
    terms, months = file.terms, len(offer.interest_cents)
    rows: list[Json] = []
    for number, due_on in enumerate(due_dates(offer.first_due_on, months), start=1):
        total, interest = (
            offer.last_cents if number == months else offer.instalment_cents,
            offer.interest_cents[number - 1],
        )
        row = {
            "number": number,
            "due_on": str(due_on),
            "principal_cents": total - interest,
            "interest_cents": interest,
            "total_cents": total,
        }
        rows.append({**row, "borrower_cents": total} if terms and terms.borrower_pays_all else row)
    body: Json = {
        "number": f"O-{file.id}",
        "amount_cents": file.loan.amount_cents if file.loan else None,
        "offered_on": str(offer.offered_on),
        "valid_until": str(offer.valid_until),
        "rows": rows,
    }
    if terms is not None:
        body["rate_percent"] = str(terms.rate_percent)
        if terms.signed_by:
            body["signed_by"] = [party.value for party in terms.signed_by]
    return body

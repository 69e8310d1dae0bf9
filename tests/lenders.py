"""What the tests of partner loans speak with: a lender's machine over HTTP, and files on their way to it."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from httpx import AsyncClient
from sqlalchemy import create_engine, text

from app.commands.partners import add_partner
from app.commands.tenants import read_rules
from app.domain.amortization import schedule
from app.domain.rules import TenantRules
from app.tenants import seed_files
from tests.support import (
    ATTESTED,
    Ccas,
    Databases,
    Json,
    Staff,
    agreed,
    attestation,
    demand,
    ok,
    open_with,
    with_own_partners,
)

BUDGET: Json = {
    "resources": [{"kind": "wage", "amount_cents": 120_000}],
    "charges": [{"kind": "rent", "amount_cents": 40_000}],
    "assessed_capacity_cents": 300_000,
}
SUPPORT_PERSON = "Accompagnante sociale du CCAS"
OTHER_ANSWER: Json = {"kind": "budget_advice", "given_on": "2018-03-20"}


class Lender(Staff):
    """A partner's machine; every POST carries an Idempotency-Key of its own unless one is given."""


def lender_of(databases: Databases, ccas: Ccas) -> Lender:
    """A machine of the partner that the rules of the CCAS name."""
    return machine_of(databases, ccas.agent.client, ccas.lender)


def machine_of(databases: Databases, client: AsyncClient, code: str) -> Lender:
    """A machine of the partner of that code, which is added where it is not known; the one that it has otherwise."""
    known = _live_client(databases, code)
    if known is None:
        made = add_partner(databases.owner_url, code=code, name=code)
        known = made.client_row_id, made.partner_id
    return Lender(client, known[0], None, known[1])


def _live_client(databases: Databases, code: str) -> tuple[UUID, UUID] | None:
    statement = (
        "select c.id, c.partner_id from partner_clients c join partners p on p.id = c.partner_id"
        " where p.code = :code and c.active and (c.expires_at is null or c.expires_at > now()) order by c.id limit 1"
    )
    engine = create_engine(databases.app_url)
    with engine.connect() as connection:
        row = connection.execute(text(statement), {"code": code}).one_or_none()
    engine.dispose()
    return (row.id, row.partner_id) if row else None


def rules_under(rules_of: str, **agreements: Json) -> TenantRules:
    """The rules of a seed tenant with partners of their own, its agreements changed by the seed's partner codes."""
    seed = read_rules(next(path for path in seed_files() if path.stem == rules_of))
    changed = tuple(replace(agreement, **agreements.get(agreement.partner, {})) for agreement in seed.agreements)
    own = uuid4().hex[:8]
    return with_own_partners(replace(seed, slug=f"{rules_of}-{own}", agreements=changed), own)


def open_under(databases: Databases, client: AsyncClient, rules_of: str, **agreements: Json) -> Ccas:
    """A CCAS with the rules of a seed tenant, its agreements changed by the seed's partner codes."""
    return open_with(databases, client, rules_under(rules_of, **agreements))


def neighbours(databases: Databases, client: AsyncClient, rules_of: str) -> tuple[Ccas, Ccas]:
    """Two CCAS with the rules of one seed tenant and the same partner."""
    rules = rules_under(rules_of)
    one, two = (open_with(databases, client, replace(rules, slug=f"{rules.slug}-{n}")) for n in ("one", "two"))
    return one, two


async def authorised(ccas: Ccas, person_id: str, *, kinds: tuple[str, ...] = ("precheck", "loan_file")) -> Json:
    """The person's authorisation for the lender of the rules, given on 1 March 2018."""
    body = {"recipient": ccas.lender, "purposes": list(kinds), "given_on": "2018-03-01"}
    return await ok(ccas.agent.post(f"/people/{person_id}/authorisations", body))


async def taken_in(ccas: Ccas, amount_cents: int = 300_000, **changes: Any) -> Json:
    """A request received on 1 March 2018 from a person who authorises its handoff."""
    body = demand(ccas, **{"received_on": "2018-03-01", "project_cost_cents": amount_cents,
                           "requested_amount_cents": amount_cents, **changes})  # fmt: skip
    request = await ok(ccas.agent.post("/requests", body))
    await authorised(ccas, request["applicant_id"])
    return request


async def handed_over(ccas: Ccas, request_id: str, kind: str, sent_on: str, **changes: Any) -> Json:
    """A handoff of the request to the lender of the rules, or for a reason to another `partner`."""
    chosen = {"choice_reason": "Le premier prêteur ne prête pas"} if "partner" in changes else {}
    body = {"kind": kind, "support_person": SUPPORT_PERSON, "sent_on": sent_on, **chosen, **changes}
    return await ok(ccas.agent.post(f"/requests/{request_id}/handoffs", body))


def check(handoff: Json, outcome: str = "favorable", ref: str = "C-1", **changes: Any) -> Json:
    """A check as a lender pushes it: of the stage that the handoff asks for, consulted on 5 March 2018."""
    stage = "precheck" if handoff["kind"] == "precheck" else "grant_decision"
    return {
        "handoff_id": handoff["id"],
        "stage": stage,
        "outcome": outcome,
        "consulted_at": "2018-03-05T09:30:00Z",
        "consultation_ref": ref,
        **changes,
    }


async def prechecked(ccas: Ccas, lender: Lender, request: Json, outcome: str = "favorable") -> Json:
    """The handoff of a precheck that the lender has answered on 5 March 2018."""
    handoff = await handed_over(ccas, request["id"], "precheck", "2018-03-02")
    await ok(lender.post("/partner/ficp-checks", check(handoff, outcome, ref=f"P-{handoff['id'][-12:]}")))
    return handoff


async def before_commission(ccas: Ccas, lender: Lender | None, amount_cents: int, **changes: Any) -> str:
    """The path of a request submitted on 10 March 2018, after a favourable precheck where a lender is given for it."""
    request = await taken_in(ccas, amount_cents, **changes)
    if lender is not None:
        await prechecked(ccas, lender, request)
    return await submitted_of(ccas, request)


async def submitted_of(ccas: Ccas, request: Json) -> str:
    """The path of a request that was taken in, once it is submitted on 10 March 2018."""
    path, amount_cents = f"/requests/{request['id']}", request["requested_amount_cents"]
    for fact in ATTESTED:
        await ok(ccas.agent.post(f"{path}/attestations", attestation(fact, attested_on=request["received_on"])))
    assessed = await ok(ccas.agent.post(f"{path}/assess", {"assessed_on": "2018-03-08"}))
    budget = await ok(ccas.agent.put(f"{path}/budget", BUDGET, etag=f'"{assessed["version"]}"'))
    plan = {"lines": [{"label": "Microcrédit", "kind": "loan", "amount_cents": amount_cents}]}
    await ok(ccas.agent.put(f"{path}/financing-plan", plan, etag=f'"{budget["version"]}"'))
    await agreed(ccas, path)
    await ok(ccas.agent.post(f"{path}/submit", {"submitted_on": "2018-03-10"}))
    return path


async def endorsed(ccas: Ccas, lender: Lender | None, amount_cents: int, months: int, **changes: Any) -> Json:
    """A request endorsed on 12 March 2018, after a favourable precheck where a lender is given to make it."""
    path = await before_commission(ccas, lender, amount_cents, **changes)
    await ok(ccas.decider.post(f"{path}/decisions", endorsement(amount_cents, months)))
    return await ok(ccas.agent.get(path))


def endorsement(amount_cents: int, months: int, **changes: Any) -> Json:
    """The endorsement of a file on 12 March 2018."""
    return {
        "outcome": "endorse",
        "loan": {"amount_cents": amount_cents, "duration_months": months},
        "decided_on": "2018-03-12",
        "signatory": "La responsable du dispositif",
        **changes,
    }


async def sent(ccas: Ccas, lender: Lender | None, amount_cents: int, months: int, **changes: Any) -> Json:
    """The handoff of an endorsed loan file, sent on 13 March 2018."""
    request = await endorsed(ccas, lender, amount_cents, months, **changes)
    return await handed_over(ccas, request["id"], "loan_file", "2018-03-13")


async def accepted_by(lender: Lender, handoff: Json, *, decided_on: str = "2018-03-16") -> Json:
    """The handoff once its lender has checked the file (15 March 2018, favourable) and accepted it."""
    told = check(handoff, ref=f"G-{handoff['id'][-12:]}", consulted_at="2018-03-15T10:00:00Z")
    await ok(lender.post("/partner/ficp-checks", told))
    answer = {"decision": "accepted", "decided_on": decided_on}
    return await ok(lender.post(f"/partner/handoffs/{handoff['id']}/answers", answer))


async def accepted_file(
    databases: Databases, ccas: Ccas, amount_cents: int, months: int, **changes: Any
) -> tuple[Lender, Json]:
    """The lender's machine and the handoff of a file that it accepted, prechecked where the rules ask for it."""
    lender = lender_of(databases, ccas)
    checks_first = lender if ccas.slug.startswith("toulouse") else None
    handoff = await sent(ccas, checks_first, amount_cents, months, **changes)
    await accepted_by(lender, handoff)
    return lender, handoff


def offer(amount_cents: int, months: int, rate_percent: str, **changes: Any) -> Json:
    """An offer of 19 March 2018 whose rows are the annuity, first due on 5 May 2018."""
    rows = schedule(
        principal_cents=amount_cents,
        rate_percent=Decimal(rate_percent),
        first_due_on=date(2018, 5, 5),
        duration_months=months,
    )
    names = ("number", "principal_cents", "interest_cents", "total_cents")
    return {
        "number": f"O-{amount_cents}-{months}",
        "amount_cents": amount_cents,
        "offered_on": "2018-03-19",
        "rows": [{**{name: getattr(row, name) for name in names}, "due_on": row.due_on.isoformat()} for row in rows],
        **changes,
    }


async def offered_by(ccas: Ccas, lender: Lender, handoff: Json, body: Json) -> str:
    """The identifier of the loan that a lender offers on a handoff."""
    made = await ok(lender.post(f"/partner/handoffs/{handoff['id']}/offers", body))
    return str(made["loan_id"])


async def signed(ccas: Ccas, loan_id: str, signed_on: str = "2018-03-26") -> Json:
    """The loan once all parties have signed on one day, the borrowers their support contract with it."""
    loan = await ok(ccas.agent.get(f"/loans/{loan_id}"))
    parties = loan["awaiting_signature_of"]
    for party in parties:
        body = {"party": party, "signed_on": signed_on, "present": parties}
        if party in ("borrower", "co_borrower"):
            body["support_contract_signed_on"] = signed_on
        loan = await ok(ccas.agent.post(f"/loans/{loan_id}/signatures", body))
    return loan


async def paid_out(ccas: Ccas, lender: Lender, handoff: Json, body: Json) -> str:
    """The identifier of a lender's loan, offered, signed, and paid out on 5 April 2018."""
    loan_id = await offered_by(ccas, lender, handoff, body)
    await signed(ccas, loan_id)
    payment = {"amount_cents": body["amount_cents"], "disbursed_on": "2018-04-05", "reference": f"V-{loan_id[-12:]}",
               "payee": {"kind": "supplier"}}  # fmt: skip
    await ok(lender.post(f"/partner/handoffs/{handoff['id']}/disbursements", payment))
    return loan_id


def letter(dated_on: str = "2018-03-20", **changes: Any) -> Json:
    """A letter of a lender as staff cite it."""
    return {"reference": "CM/2018/117", "dated_on": dated_on, **changes}


def repayment_line(handoff: Json, amount_cents: int, paid_on: str, reference: str, **changes: Any) -> Json:
    """A repayment on a lender's statement."""
    return {
        "kind": "repayment",
        "handoff_id": handoff["id"],
        "reference": reference,
        "amount_cents": amount_cents,
        "paid_on": paid_on,
        **changes,
    }

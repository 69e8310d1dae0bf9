"""What is handed over to a lender: as little as the kind of handoff needs, in one exact text that is kept and hashed.

Prescribers, channels, notes and the reasons of decisions stay with the CCAS.
"""

import json
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.handoff_lifecycle import HandoffKind
from app.services import decisions, plans, revisions
from app.tables import Budget, BudgetLine, FinancingPlan, Person, Request
from app.tenancy import of_tenant

# The lender's key to the file is made of the birth name and date; the name in use would find somebody else.
_IDENTITY = ("first_names", "birth_name", "birth_on")
_CONTACT = ("usage_name", "commune_insee_code", "phone", "email")
_PROJECT = ("purpose", "project_description", "project_cost_cents", "requested_amount_cents", "received_on")
_BUDGET_LINE = ("side", "kind", "label", "amount_cents")

Json = dict[str, Any]


def canonical(payload: Json) -> str:
    """The exact text: keys sorted, no spaces, nothing escaped that JSON does not ask for (RFC 8785)."""
    return json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(text: str) -> str:
    """The SHA-256 of the text in UTF-8, in hexadecimal."""
    return sha256(text.encode()).hexdigest()


async def build(session: AsyncSession, request: Request, kind: HandoffKind, *, support_person: str) -> Json:
    """The payload of a handoff of that kind."""
    names = _IDENTITY if kind is HandoffKind.PRECHECK else _IDENTITY + _CONTACT
    payload: Json = {
        "kind": kind.value,
        "request_reference": request.reference,
        "support_person": support_person,
        "applicant": await _person(session, request, request.applicant_id, names),
        "co_applicant": await _person(session, request, request.co_applicant_id, names),
    }
    if kind is HandoffKind.LOAN_FILE:
        payload |= await _loan_file(session, request)
    return payload


async def _person(session: AsyncSession, request: Request, person_id: Any, names: tuple[str, ...]) -> Json | None:
    if person_id is None:
        return None
    person = await session.get_one(Person, (request.tenant_id, person_id))
    return _plain(person, names)


async def _loan_file(session: AsyncSession, request: Request) -> Json:
    endorsement = await decisions.endorsement(session, request.id)
    plan = await revisions.latest(session, FinancingPlan, request.id)
    lines = await plans.lines_of(session, plan) if plan else ()
    return {
        "project": _plain(request, _PROJECT),
        "household": _plain(request, ("adults", "minor_children")),
        "budget": await _budget(session, request),
        "financing_plan": [{"kind": str(line.kind), "amount_cents": line.amount_cents} for line in lines],
        "endorsement": {
            "decided_on": endorsement.decided_on.isoformat(),
            "amount_cents": endorsement.loan_amount_cents,
            "duration_months": endorsement.duration_months,
        },
    }


async def _budget(session: AsyncSession, request: Request) -> list[Json]:
    budget = await revisions.latest(session, Budget, request.id)
    if budget is None:
        return []
    statement = (
        select(BudgetLine)
        .where(of_tenant(session, BudgetLine), col(BudgetLine.budget_id) == budget.id)
        .order_by(col(BudgetLine.position))
    )
    return [_plain(line, _BUDGET_LINE) for line in (await session.scalars(statement)).all()]


def _plain(row: Any, names: tuple[str, ...]) -> Json:
    content: Json = json.loads(row.model_dump_json(include=set(names)))
    return content

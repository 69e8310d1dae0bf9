"""What is handed over: as little as its kind may tell, in one exact text that is kept and hashed."""

import json
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import handoff_fields
from app.domain.handoff_errors import PayloadUnchanged
from app.domain.handoff_lifecycle import HandoffKind
from app.services import decisions, plans, revisions
from app.tables import (
    BorneInterestLine,
    BorneInterestStatement,
    Budget,
    BudgetLine,
    FinancingPlan,
    GuaranteeClaim,
    Handoff,
    HandoffPayload,
    Loan,
    Person,
    Request,
)
from app.tenancy import of_tenant, widened

# The lender's key to the file is made of the birth name and date; the name in use would find somebody else.
_IDENTITY = ("first_names", "birth_name", "birth_on", "birth_place")
_BORROWER = (*_IDENTITY, "usage_name", "commune_insee_code", "phone", "email")
# A lender writes to people and calls them: it is given the ways that are safe, where they said which are.
_SAFE = {"phone": (None, "phone", "text_message"), "email": (None, "email")}
_BUDGET_LINE = ("side", "kind", "amount_cents")
_CLAIM = ("guarantor", "lost_on", "principal_cents", "interest_cents", "base", "cap_cents", "cap_of", "claimed_cents")
_STATEMENT_LINE = ("instalment_ref", "due_on", "cents", "correction")

Json = dict[str, Any]


def canonical(payload: Json) -> str:
    """The exact text: keys sorted, no spaces, nothing escaped that JSON does not ask for (RFC 8785)."""
    return json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(text: str) -> str:
    """The SHA-256 of the text in UTF-8, in hexadecimal."""
    return sha256(text.encode()).hexdigest()


async def write(session: AsyncSession, handoff: Handoff) -> HandoffPayload:
    """The exact text of what a handoff tells now, to be kept under its next number; the handoff bears its hash.

    Raises PayloadUnchanged where the lender was last told the same, handoff_fields.NotToTell rather than tell more
    than the kind may.
    """
    content = await build(session, handoff)
    handoff_fields.check(handoff.kind, content)
    text = canonical(content)
    told = await texts(session, handoff)
    if told and told[-1].text == text:
        raise PayloadUnchanged
    handoff.payload_sha256 = digest(text)
    return HandoffPayload(
        tenant_id=handoff.tenant_id,
        handoff_id=handoff.id,
        number=len(told) + 1,
        text=text,
        payload_sha256=handoff.payload_sha256,
    )


async def texts(session: AsyncSession, handoff: Handoff) -> list[HandoffPayload]:
    """The texts of a handoff, the last being what its lender reads."""
    statement = (
        select(HandoffPayload)
        .where(of_tenant(session, HandoffPayload), col(HandoffPayload.handoff_id) == handoff.id)
        .order_by(col(HandoffPayload.number))
    )
    return list((await session.scalars(statement)).all())


async def of_same_people(session: AsyncSession, handoff: Handoff) -> list[UUID]:
    """The handoffs of the same kind, of the request of a file, that told of the same borrowers as it does."""
    statement = (
        select(col(HandoffPayload.handoff_id), col(HandoffPayload.text))
        .join(Handoff, and_(of_tenant(session, Handoff), col(Handoff.id) == HandoffPayload.handoff_id))
        .where(
            of_tenant(session, HandoffPayload),
            col(Handoff.request_id) == handoff.request_id,
            col(Handoff.kind) == handoff.kind,
        )
        .order_by(col(HandoffPayload.number))
    )
    people = {handoff_id: _borrowers(json.loads(text)) for handoff_id, text in await session.execute(statement)}
    return [handoff_id for handoff_id, borrowers in people.items() if borrowers == people[handoff.id]]


async def build(session: AsyncSession, handoff: Handoff) -> Json:
    """The content of a handoff, of whatever it is of, as it is now."""
    if handoff.kind is HandoffKind.INTEREST_STATEMENT:
        content = await _statement(session, handoff)
    elif handoff.kind is HandoffKind.GUARANTEE_CLAIM:
        content = await _claim(session, handoff)
    else:
        content = await _file(session, handoff)
    return {"kind": handoff.kind.value, **content}


async def _file(session: AsyncSession, handoff: Handoff) -> Json:
    request = await session.get_one(Request, (handoff.tenant_id, handoff.request_id))
    identified = handoff.kind is HandoffKind.PRECHECK
    content: Json = {
        "request_reference": request.reference,
        "applicant": await _person(session, request, request.applicant_id, identified=identified),
        "co_applicant": await _person(session, request, request.co_applicant_id, identified=identified),
    }
    if not identified:
        content |= {"support_person": handoff.support_person, **await _loan_file(session, request)}
    return content


async def _person(session: AsyncSession, request: Request, person_id: Any, *, identified: bool) -> Json | None:
    if person_id is None:
        return None
    person = await session.get_one(Person, (request.tenant_id, person_id))
    if identified:
        return _plain(person, _IDENTITY)
    unsafe = {name: None for name, ways in _SAFE.items() if person.safe_contact not in ways}
    return _plain(person, _BORROWER) | unsafe


async def _loan_file(session: AsyncSession, request: Request) -> Json:
    endorsement = await decisions.endorsement(session, request.id)
    plan = await revisions.latest(session, FinancingPlan, request.id)
    lines = await plans.lines_of(session, plan) if plan else ()
    return {
        "project": _plain(request, ("purpose", "project_cost_cents")),
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


def _borrowers(payload: Json) -> list[Json | None]:
    """Who the borrowers of a file are, apart from how they are reached."""
    told = (payload["applicant"], payload["co_applicant"])
    return [{name: person[name] for name in _IDENTITY} if person else None for person in told]


async def _claim(session: AsyncSession, handoff: Handoff) -> Json:
    claim = await session.get_one(GuaranteeClaim, (handoff.tenant_id, handoff.guarantee_claim_id))
    loan = await session.get_one(Loan, (handoff.tenant_id, claim.loan_id))
    return {
        "offer_number": loan.offer_number,
        "loss_reference": claim.reference,
        "share_percent": format(claim.share_percent.normalize(), "f"),
        **_plain(claim, _CLAIM),
    }


async def _statement(session: AsyncSession, handoff: Handoff) -> Json:
    """The lines of all communes, whatever those that the caller sees: the statement is numbered as a whole."""
    of = await session.get_one(BorneInterestStatement, (handoff.tenant_id, handoff.borne_interest_statement_id))
    statement = (
        select(BorneInterestLine, col(Loan.offer_number))
        .join(Loan, and_(col(Loan.tenant_id) == BorneInterestLine.tenant_id, col(Loan.id) == BorneInterestLine.loan_id))
        .where(of_tenant(session, BorneInterestLine), col(BorneInterestLine.statement_id) == of.id)
        .order_by(col(BorneInterestLine.id))
    )
    async with widened(session):
        rows = (await session.execute(statement)).all()
    return {
        "statement_reference": of.reference,
        **_plain(of, ("payer", "year", "month")),
        "lines": [{"offer_number": number, **_plain(line, _STATEMENT_LINE)} for line, number in rows],
        "total_cents": sum(line.cents for line, _ in rows),
    }


def _plain(row: Any, names: tuple[str, ...]) -> Json:
    content: Json = json.loads(row.model_dump_json(include=set(names)))
    return content

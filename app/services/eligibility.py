"""What the rules of a CCAS and the national caps say of an aid: one engine for submissions and decisions."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import messages
from app.domain import eligibility, law_limits
from app.domain.aids import Aid
from app.domain.breaches import Breach, Severity
from app.domain.financing import PlanLineKind, cents_of
from app.domain.permissions import Caller
from app.domain.products import Product
from app.domain.rules import RuleVersion
from app.messages import Language
from app.parameters.law import national_law
from app.schemas.eligibility import EligibilityRead, ToldBreach
from app.services import aid_facts, plans, revisions, rules
from app.services import request_steps as steps
from app.tables import FinancingPlan, Request


async def read(
    session: AsyncSession, request_id: UUID, *, caller: Caller, on: date, language: Language
) -> EligibilityRead:
    """What a request asks for under the rules of a day; stores nothing.

    Raises NotFound, NoRulesInForce, UnknownProduct.
    """
    request = await steps.load(session, request_id)
    version, found = await of_request(session, request, caller=caller, on=on)
    refusing = [breach for breach in found if breach.severity is Severity.REFUSE]
    return EligibilityRead(
        on=on,
        rules_version=version.version,
        eligible=not refusing,
        breaches=told(refusing, language),
        warnings=told([breach for breach in found if breach.severity is Severity.WARN], language),
    )


async def of_request(
    session: AsyncSession, request: Request, *, caller: Caller, on: date
) -> tuple[RuleVersion, list[Breach]]:
    """The version of the rules of a day, and all that what is asked does not meet, with the lender named first.

    Raises NoRulesInForce, UnknownProduct.
    """
    _, version = await rules.in_force(session, on)
    facts = await aid_facts.of_request(session, request, served=caller.served_insee_codes, on=on)
    product = rules.product(version, request.product, on=on, age=facts.applicant_age)
    asked = await _asked(session, request, aid_facts.for_lender(product, facts))
    unstated = eligibility.of_unstated_grant(product, asked, reference=version.reference)
    return version, [*of_aid(product, asked, reference=version.reference), *unstated]


def of_aid(product: Product, aid: Aid, *, reference: str) -> list[Breach]:
    """Every rule of a settled product, and every national cap on its lender, that an aid of a day does not meet."""
    found = eligibility.breaches(product, aid, reference=reference)
    amount, months = aid.loan_amount_cents, aid.duration_months
    if amount is None or aid.on is None:
        return found
    law = national_law()
    return found + law_limits.breaches(product, amount_cents=amount, duration_months=months, on=aid.on, law=law)


def told(breaches: Iterable[Breach], language: Language) -> list[ToldBreach]:
    """The breaches with the sentences that tell them."""
    return [ToldBreach(**breach.facts(), message=messages.of_breach(breach, language)) for breach in breaches]


async def _asked(session: AsyncSession, request: Request, facts: Aid) -> Aid:
    """The facts with the loan and the grant of the latest financing plan; without either, the loan asked for."""
    plan = await revisions.latest(session, FinancingPlan, request.id)
    lines = await plans.lines_of(session, plan) if plan else []
    loan, grant = (cents_of(lines, kind) for kind in (PlanLineKind.LOAN, PlanLineKind.GRANT))
    if not loan and not grant:
        loan = request.requested_amount_cents
    return replace(facts, loan_amount_cents=loan or None, grant_cents=grant)

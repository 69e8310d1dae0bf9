"""Decisions: every breach told, the version of the rules and the facts kept."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import law_limits, loan_terms, overrides
from app.domain.aids import Aid
from app.domain.breaches import Breach
from app.domain.dates import check_day
from app.domain.decisions import ACTIONS, GIVES, OF_OWN_FUNDS, OF_PARTNERS, Outcome
from app.domain.errors import ImpossibleSchedule, NotFound, PlanMissing, RuleNotStated
from app.domain.financing import check_balanced, check_plan_matches
from app.domain.lenders import Lending
from app.domain.loan_terms import EndorsedTerms
from app.domain.loan_terms import LoanTerms as CompleteTerms
from app.domain.partner_errors import NoLender, PartnerLends
from app.domain.permissions import Caller
from app.domain.products import Product
from app.domain.request_lifecycle import after
from app.domain.rules import RuleVersion
from app.parameters.law import usury_table
from app.schemas.base import Page
from app.schemas.decisions import (
    BreachRead,
    DecisionCreate,
    DecisionItem,
    DecisionQuery,
    DecisionRead,
    LoanTerms,
    LoanTermsRead,
    OverrideRead,
)
from app.services import action_plans, aid_facts, eligibility, other_answers, plans, revisions, rules
from app.services import request_steps as steps
from app.services.pages import page
from app.tables import Budget, Decision, FinancingPlan, Request
from app.tenancy import bound_tenant, of_tenant

Terms = CompleteTerms | EndorsedTerms

_ITEM_COLUMNS = [getattr(Decision, name) for name in DecisionItem.model_fields]
_ITEMS = TypeAdapter(list[DecisionItem])


async def create(
    session: AsyncSession, request_id: UUID, *, caller: Caller, today: date, body: DecisionCreate
) -> DecisionRead:
    """Decides on a submitted request, under the rules in force on the day of the decision.

    Where these dropped the product of the file, it may still be adjourned, refused or declined: no rule of theirs is
    then broken.

    Raises IllegalTransition, PartnerLends, NoLender, UnknownLender, PlanMissing, PlanUnbalanced,
    PlanDiffersFromDecision, ActionPlanMissing, ActionBegunBeforeValidation, RuleNotStated, ImpossibleSchedule,
    RulesBreached, OverrideNotNeeded, OverrideNotAllowed, DateInFuture, DateOutOfOrder.
    """
    request = await steps.locked(session, request_id)
    after(request.status, ACTIONS[body.outcome])
    check_day("decided_on", body.decided_on, not_before=await steps.last_act_on(session, request), today=today)
    version_id, version = await rules.in_force(session, body.decided_on, held=True)
    facts = await aid_facts.of_request(session, request, served=caller.served_insee_codes, on=body.decided_on)
    age = facts.applicant_age
    known = await rules_for(session, request, version, body.outcome, on=body.decided_on)
    product = rules.product(known, request.product, on=body.decided_on, lender=body.lender, age=age)
    check_outcome(product, body.outcome)
    check_grant(product, body.grant_cents)
    facts = aid_facts.for_lender(product, facts)
    terms, aid = _terms_and_aid(product, facts, body, version.reference, caller=caller)
    breaches = _breaches(product, aid, body, version.reference, caller=caller, terms=terms) if known is version else []
    if body.outcome in GIVES:
        await action_plans.check_to_come(session, request, product, on=body.decided_on)
    plan = await _plan(session, request, body)
    decision = Decision(
        tenant_id=request.tenant_id,
        request_id=request.id,
        number=await _next_number(session, request.id),
        outcome=body.outcome,
        **_stored_terms(terms),
        grant_cents=body.grant_cents,
        financing_plan_id=plan.id,
        budget_id=await _budget_id(session, request),
        **_said(body),
        rule_version_id=version_id,
        facts=aid.facts(),
        breaches=[breach.facts() for breach in breaches],
        overrides=[override.model_dump() for override in body.overrides],
        account_id=caller.account_id,
    )
    session.add(decision)
    if body.other_answer is not None:
        await other_answers.record(session, request, body.other_answer, since=request.received_on, today=today)
    steps.move(session, request, ACTIONS[body.outcome], caller=caller, effect_on=body.decided_on)
    return _read(decision, version)


async def list_page(session: AsyncSession, *, query: DecisionQuery) -> Page[DecisionItem]:
    """Decisions, newest entry first."""
    statement = select(*_ITEM_COLUMNS)
    if query.request_id is not None:
        statement = statement.where(col(Decision.request_id) == query.request_id)
    if query.outcome is not None:
        statement = statement.where(col(Decision.outcome) == query.outcome)
    if query.decided_from is not None:
        statement = statement.where(col(Decision.decided_on) >= query.decided_from)
    if query.decided_to is not None:
        statement = statement.where(col(Decision.decided_on) <= query.decided_to)
    return await page(session, statement, Decision, query=query, items=_ITEMS)


async def read(session: AsyncSession, decision_id: UUID) -> DecisionRead:
    """One decision, or NotFound."""
    decision = await session.get(Decision, (bound_tenant(session), decision_id))
    if decision is None:
        raise NotFound
    return _read(decision, await rules.by_id(session, decision.rule_version_id))


async def approval(session: AsyncSession, request_id: UUID) -> Decision:
    """The approval that a contract rests on."""
    return await _last(session, request_id, Outcome.APPROVE)


async def endorsement(session: AsyncSession, request_id: UUID) -> Decision:
    """The endorsement with which a file goes to the lender."""
    return await _last(session, request_id, Outcome.ENDORSE)


async def chosen_lender(session: AsyncSession, request_id: UUID) -> str | None:
    """The code of the lender that the file was last endorsed to; null before it was."""
    endorsed = (await session.scalars(_newest(session, request_id, Outcome.ENDORSE))).one_or_none()
    return endorsed.facts.get("lender") if endorsed else None


async def _last(session: AsyncSession, request_id: UUID, outcome: Outcome) -> Decision:
    return (await session.scalars(_newest(session, request_id, outcome))).one()


def _newest(session: AsyncSession, request_id: UUID, outcome: Outcome) -> Select[Decision]:
    return (
        select(Decision)
        .where(
            of_tenant(session, Decision),
            col(Decision.request_id) == request_id,
            col(Decision.outcome) == outcome,
        )
        .order_by(col(Decision.number).desc())
        .limit(1)
    )


async def rules_for(
    session: AsyncSession, request: Request, version: RuleVersion, outcome: Outcome, *, on: date
) -> RuleVersion:
    """The rules whose product a decision speaks of: those of the day, the last that had it where nothing is given."""
    return version if outcome in GIVES else await rules.last_with(session, version, request.product, on=on)


def check_outcome(product: Product, outcome: Outcome) -> None:
    """Raises PartnerLends where a partner lends (the CCAS then neither approves nor refuses a loan), NoLender where
    none does (there is nobody to endorse a file to), RuleNotStated.
    """
    if product.lending is Lending.PARTNER and outcome in OF_OWN_FUNDS:
        raise PartnerLends
    if product.lending is Lending.OWN_FUNDS and outcome in OF_PARTNERS:
        raise NoLender
    check_grant(product, int(outcome is Outcome.GRANT_ONLY))


def check_grant(product: Product, grant_cents: int) -> None:
    """Raises RuleNotStated for a grant where the rules do not speak of grants."""
    if grant_cents and product.grant is None:
        raise RuleNotStated(path="grant")


async def _plan(session: AsyncSession, request: Request, body: DecisionCreate) -> FinancingPlan:
    """The plan that the decision carries: balanced, and wherever money is given the same as what is decided."""
    if body.financing_plan is not None:
        plan: FinancingPlan | None = await plans.record_plan(session, request, body.financing_plan)
    else:
        plan = await revisions.latest(session, FinancingPlan, request.id)
    if plan is None:
        raise PlanMissing
    lines = await plans.lines_of(session, plan)
    check_balanced(lines, project_cost_cents=request.project_cost_cents)
    if body.outcome not in GIVES:
        return plan
    loan_cents = body.loan.amount_cents if body.loan else 0
    check_plan_matches(lines, loan_cents=loan_cents, grant_cents=body.grant_cents)
    return plan


async def check_person(
    session: AsyncSession, request: Request, product: Product, outcome: Outcome, *, caller: Caller, on: date
) -> None:
    """Raises RulesBreached where an aid is out of the question for this person, whatever its terms, and the caller
    may not go past the rule; ActionPlanMissing, ActionBegunBeforeValidation.
    """
    if outcome in GIVES:
        facts = await aid_facts.of_request(session, request, served=caller.served_insee_codes, on=on)
        found = eligibility.of_aid(product, aid_facts.for_lender(product, facts), reference="")
        overrides.check_refusals(product, found, overridden={breach.rule for breach in found}, roles=caller.roles)
        await action_plans.check_to_come(session, request, product, on=on)


def _terms_and_aid(
    product: Product, facts: Aid, body: DecisionCreate, reference: str, *, caller: Caller
) -> tuple[Terms | None, Aid]:
    """The terms, whole where the CCAS lends, and the facts that the rules apply to, the aid among them.

    Terms that no schedule fits are told with the rules they break, where they break any.
    """
    aid = replace(
        facts,
        lender=product.lender.code,
        grant_cents=body.grant_cents,
        exceptional_reason=body.exceptional_reason,
    )
    if body.loan is None:
        return None, aid
    try:
        settle = loan_terms.complete if body.outcome is Outcome.APPROVE else loan_terms.endorsed
        terms: Terms = settle(product, body.loan, on=body.decided_on)
    except ImpossibleSchedule:
        _breaches(product, _with_terms(aid, body.loan), body, reference, caller=caller)
        raise
    return terms, _with_terms(aid, terms)


def _with_terms(aid: Aid, terms: Terms | LoanTerms) -> Aid:
    return replace(
        aid,
        loan_amount_cents=terms.amount_cents,
        duration_months=terms.duration_months,
        instalment_cents=terms.instalment_cents,
        rounding_unit_cents=terms.rounding_unit_cents,
        rounding=terms.rounding,
        remainder_on=terms.remainder_on,
    )


def _breaches(
    product: Product, aid: Aid, body: DecisionCreate, reference: str, *, caller: Caller, terms: Terms | None = None
) -> list[Breach]:
    """The breaches to be kept with the decision, usury among them where the CCAS lends on whole terms.

    Raises as `overrides.check` does where an aid is given, ImpossibleSchedule.
    """
    breaches = eligibility.of_aid(product, aid, reference=reference)
    if isinstance(terms, CompleteTerms):
        breaches += law_limits.usury_of_terms(product, terms, on=body.decided_on, table=usury_table())
    if body.outcome in GIVES:
        overridden = {override.rule for override in body.overrides}
        overrides.check(product, breaches, overridden=overridden, roles=caller.roles)
    return breaches


async def _next_number(session: AsyncSession, request_id: UUID) -> int:
    statement = select(func.count()).where(of_tenant(session, Decision), col(Decision.request_id) == request_id)
    return (await session.scalars(statement)).one() + 1


async def _budget_id(session: AsyncSession, request: Request) -> UUID | None:
    budget = await revisions.latest(session, Budget, request.id)
    return budget.id if budget else None


def _stored_terms(terms: Terms | None) -> dict[str, Any]:
    names = (
        "duration_months",
        "instalment_cents",
        "rate_percent",
        "rounding_unit_cents",
        "rounding",
        "remainder_on",
    )
    stored = {name: getattr(terms, name, None) for name in names}
    return {**stored, "loan_amount_cents": terms.amount_cents if terms else None}


def _said(body: DecisionCreate) -> dict[str, Any]:
    return body.model_dump(
        include={
            "reason_code", "reason", "decided_on", "signatory", "signatory_capacity", "delegation_reference", "body",
        }
    )  # fmt: skip


def _read(decision: Decision, version: RuleVersion) -> DecisionRead:
    fields = decision.model_dump(exclude={"breaches", "overrides"})
    terms = None
    if decision.loan_amount_cents is not None:
        names = LoanTermsRead.model_fields.keys() - {"amount_cents"}
        stored = {name: getattr(decision, name) for name in names}
        terms = LoanTermsRead(amount_cents=decision.loan_amount_cents, **stored)
    return DecisionRead(
        **{name: fields[name] for name in DecisionRead.model_fields if name in fields},
        version=1,
        loan=terms,
        rules_version=version.version,
        breaches=[BreachRead(**breach) for breach in decision.breaches],
        overrides=[OverrideRead(**override) for override in decision.overrides],
    )

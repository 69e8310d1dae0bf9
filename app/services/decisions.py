"""Decisions: every breach told, the version of the rules and the facts kept."""

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.dates import check_day, check_order
from app.domain.decisions import ACTIONS, GIVES, Outcome
from app.domain.errors import PlanMissing
from app.domain.financing import check_balanced, check_plan_matches
from app.domain.permissions import Caller
from app.domain.products import Product
from app.domain.request_lifecycle import RequestAction, after
from app.schemas.base import Page
from app.schemas.decisions import DecisionCreate, DecisionItem, DecisionQuery, DecisionRead
from app.services import (
    action_plans,
    aid_facts,
    decision_reads,
    decision_rules,
    decision_sessions,
    decision_steps,
    decision_terms,
    envelopes,
    four_eyes,
    other_answers,
    plans,
    revisions,
    rules,
)
from app.services import request_steps as steps
from app.services.pages import page
from app.tables import Budget, Decision, FinancingPlan, Request
from app.tenancy import of_tenant

_ITEM_COLUMNS = [getattr(Decision, name) for name in DecisionItem.model_fields]
_ITEMS = TypeAdapter(list[DecisionItem])


async def create(
    session: AsyncSession, request_id: UUID, *, caller: Caller, today: date, body: DecisionCreate
) -> DecisionRead:
    """Decides on a submitted request, under the rules in force on the day of the decision.

    Where these dropped the product of the file, it may still be adjourned, refused or declined: no rule of theirs is
    then broken. Ahead of a session that must ratify it (fast track), the decision is provisional.

    Raises IllegalTransition, SessionRequired, FourEyes, SecondPersonMissing, PartnerLends, NoLender, UnknownLender,
    PlanMissing, PlanUnbalanced, PlanDiffersFromDecision, ActionPlanMissing, ActionBegunBeforeValidation,
    RuleNotStated, ImpossibleSchedule, RulesBreached, OverrideNotNeeded, OverrideNotAllowed, DateInFuture,
    DateOutOfOrder, and as `_take` does.
    """
    await decision_sessions.take_turn(session, body.session_id)
    request = await steps.locked(session, request_id)
    after(request.status, ACTIONS[body.outcome])
    check_day("decided_on", body.decided_on, not_before=await steps.last_act_on(session, request), today=today)
    if body.next_on is not None:
        check_order("next_on", body.next_on, not_before=body.decided_on)
    version_id, version = await rules.in_force(session, body.decided_on, held=True)
    decision_sessions.check_required(version, body.session_id, fast_track=body.fast_track)
    facts = await aid_facts.of_request(session, request, served=caller.served_insee_codes, on=body.decided_on)
    known = await decision_rules.rules_for(session, request, version, body.outcome, on=body.decided_on)
    product = rules.product(known, request.product, on=body.decided_on, lender=body.lender, age=facts.applicant_age)
    await _check_who(session, request, product, caller=caller, body=body)
    decision_rules.check_outcome(product, body.outcome)
    decision_rules.check_grant(product, body.grant_cents)
    facts = aid_facts.for_lender(product, facts)
    terms, aid = decision_terms.terms_and_aid(product, facts, body, version.reference, caller=caller)
    told = (product, aid, body, version.reference)
    breaches = decision_terms.breaches_of(*told, caller=caller, terms=terms) if known is version else []
    if body.outcome in GIVES:
        await action_plans.check_to_come(session, request, product, on=body.decided_on)
    plan = await _plan(session, request, body)
    decision = Decision(
        tenant_id=request.tenant_id,
        request_id=request.id,
        number=await _next_number(session, request.id),
        provisional=body.fast_track and bool(product.fast_track_ratified),
        financing_plan_id=plan.id,
        budget_id=await _budget_id(session, request),
        **decision_terms.stored(terms),
        **_said(body),
        rule_version_id=version_id,
        facts=aid.facts(),
        breaches=[breach.facts() for breach in breaches],
        overrides=[override.model_dump() for override in body.overrides],
        account_id=caller.account_id,
    )
    return await _take(session, request, decision, version.version, product, caller=caller, today=today, body=body)


async def _check_who(
    session: AsyncSession, request: Request, product: Product, *, caller: Caller, body: DecisionCreate
) -> None:
    """Raises FourEyes, SecondPersonMissing where the caller decides alone on what they instructed, or records it
    in a session that they close themselves.
    """
    if body.session_id is None:
        by = product.fast_track_by if body.fast_track else None
        await four_eyes.check(session, request, product, caller=caller, second_person=body.second_person, by=by)
    elif await decision_sessions.is_chaired_by(session, body.session_id, caller):
        await four_eyes.check(session, request, product, caller=caller, second_person=body.second_person)


async def _take(
    session: AsyncSession,
    request: Request,
    decision: Decision,
    rules_version: int,
    product: Product,
    *,
    caller: Caller,
    today: date,
    body: DecisionCreate,
) -> DecisionRead:
    """Writes the decision down, and makes of the request what follows.

    Raises ReasonNotGiven, EnvelopeExceeded, and what the session named refuses.
    """
    decision_rules.check_reason(decision, await decision_reads.differences_of(session, decision, request))
    lent_cents = decision.loan_amount_cents if decision.outcome is Outcome.APPROVE else None
    await envelopes.hold(
        session, decided_on=decision.decided_on, loan_cents=lent_cents or 0, grant_cents=decision.grant_cents
    )
    session.add(decision)
    if decision.session_id is not None:
        away = await four_eyes.without_vote(session, request, product)
        await decision_sessions.decided(session, decision.session_id, decision, away=away)
    if body.other_answer is not None:
        await other_answers.record(session, request, body.other_answer, since=request.received_on, today=today)
    action = RequestAction.APPROVE_PROVISIONALLY if decision.provisional else ACTIONS[decision.outcome]
    steps.move(session, request, action, caller=caller, effect_on=decision.decided_on)
    rule = product.fast_track_notice
    return await decision_reads.newly_taken(session, decision, request, rules_version=rules_version, rule=rule)


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
    return await decision_reads.read(session, await decision_steps.load(session, decision_id))


async def approval(session: AsyncSession, request_id: UUID) -> Decision:
    """The approval that a contract rests on."""
    return (await session.scalars(_newest(session, request_id, Outcome.APPROVE))).one()


async def endorsement(session: AsyncSession, request_id: UUID) -> Decision:
    """The endorsement with which a file goes to the lender."""
    return (await session.scalars(_newest(session, request_id, Outcome.ENDORSE))).one()


async def chosen_lender(session: AsyncSession, request_id: UUID) -> str | None:
    """The code of the lender that the file was last endorsed to; null before it was."""
    endorsed = (await session.scalars(_newest(session, request_id, Outcome.ENDORSE))).one_or_none()
    return endorsed.facts.get("lender") if endorsed else None


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


async def _next_number(session: AsyncSession, request_id: UUID) -> int:
    statement = select(func.count()).where(of_tenant(session, Decision), col(Decision.request_id) == request_id)
    return (await session.scalars(statement)).one() + 1


async def _budget_id(session: AsyncSession, request: Request) -> UUID | None:
    budget = await revisions.latest(session, Budget, request.id)
    return budget.id if budget else None


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


def _said(body: DecisionCreate) -> dict[str, Any]:
    return body.model_dump(
        exclude={"loan", "financing_plan", "other_answer", "lender", "exceptional_reason", "overrides"}
    )

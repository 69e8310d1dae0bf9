"""The page of one file for the members of a committee: what they decide on, and nothing that could hurt the person."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import financing
from app.domain.aids import age_on
from app.domain.decisions import GIVES
from app.domain.errors import NotFound
from app.domain.financing import Month
from app.domain.loan_lifecycle import LoanStage
from app.domain.relations import RelationKind
from app.schemas.agenda_pages import (
    AgendaPageRead,
    PageAid,
    PageAssessment,
    PageBudget,
    PageLoan,
    PagePerson,
    PagePlanLine,
    PageProject,
)
from app.schemas.assessments import ProposalRead
from app.services import loan_states, money_left, people, plans, revisions, seats
from app.services import session_steps as steps
from app.tables import (
    AgendaItem,
    Assessment,
    Budget,
    Decision,
    FinancingPlan,
    Loan,
    Person,
    PersonRelation,
    Request,
)
from app.tenancy import bound_tenant, of_tenant, widened

Whose = Literal["applicant", "co_applicant", "household"]
_HOUSEHOLD = (RelationKind.PARTNER, RelationKind.PARENT)


async def read(
    session: AsyncSession, committee_id: UUID, session_id: UUID, item_id: UUID, *, today: date
) -> AgendaPageRead:
    """The page of one item, as of the day of the session or today if it is to come. Raises NotFound."""
    sitting = await steps.load(session, committee_id, session_id)
    item = await session.get(AgendaItem, (bound_tenant(session), item_id))
    if item is None or item.session_id != sitting.id:
        raise NotFound
    on = min(sitting.held_on, today)
    rule = await seats.commission_rule(session, sitting)
    anonymised = bool(rule and rule.pages_anonymised)
    request = await session.get_one(Request, (item.tenant_id, item.request_id))
    assessment = await revisions.latest(session, Assessment, request.id)
    proposed = assessment.instalment_cents if assessment else None
    plan = await revisions.latest(session, FinancingPlan, request.id)
    return AgendaPageRead(
        agenda_item_id=item.id,
        **item.model_dump(include={"position", "kind", "review_reason"}),
        anonymised=anonymised,
        people=await _people(session, request, on=on, anonymised=anonymised),
        project=PageProject.model_validate(request),
        assessment=_assessment(assessment) if assessment else None,
        budget=await _budget(session, request, instalment_cents=None if item.loan_id else proposed),
        financing_plan=[PagePlanLine.model_validate(line) for line in await plans.lines_of(session, plan)]
        if plan
        else [],
        loan=await _loan(session, item.loan_id, on=on) if item.loan_id else None,
        earlier=await _earlier(session, request, on=on),
        money_left=await money_left.of_session(session, sitting),
    )


async def _people(session: AsyncSession, request: Request, *, on: date, anonymised: bool) -> list[PagePerson]:
    roles: Mapping[UUID | None, Literal["applicant", "co_applicant"]] = {
        request.co_applicant_id: "co_applicant",
        request.applicant_id: "applicant",
    }
    statement = select(Person).where(of_tenant(session, Person), col(Person.id).in_([key for key in roles if key]))
    found = [
        PagePerson(
            role=roles[person.id],
            name=None if anonymised else f"{person.first_names} {person.usage_name or person.birth_name}",
            age=age_on(person.birth_on, on),
            capacity=person.capacity,
        )
        for person in await session.scalars(statement)
    ]
    return sorted(found, key=lambda person: person.role)


def _assessment(assessment: Assessment) -> PageAssessment:
    fields = assessment.model_dump(include=set(PageAssessment.model_fields))
    return PageAssessment(**fields, proposal=ProposalRead.model_validate(assessment))


async def _budget(session: AsyncSession, request: Request, *, instalment_cents: int | None) -> PageBudget | None:
    budget = await revisions.latest(session, Budget, request.id)
    if budget is None:
        return None
    month: Month = financing.month(await plans.budget_lines_of(session, budget))
    debts, after = month.debt_instalments_cents, instalment_cents
    return PageBudget(
        resources_cents=month.resources_cents,
        debt_instalments_cents=debts,
        instalment_cents=instalment_cents,
        left_to_live_before_cents=month.left_to_live_cents,
        left_to_live_after_cents=None if after is None else month.left_to_live_cents - after,
        debt_ratio_before_percent=financing.debt_ratio_percent(debts, month.resources_cents),
        debt_ratio_after_percent=None
        if after is None
        else financing.debt_ratio_percent(debts + after, month.resources_cents),
    )


async def _loan(session: AsyncSession, loan_id: UUID, *, on: date) -> PageLoan:
    return PageLoan.model_validate(await loan_states.read(session, loan_id, as_of=on))


async def _earlier(session: AsyncSession, request: Request, *, on: date) -> list[PageAid]:
    """What was given before to the applicant, the co-applicant and who lives with them, oldest first, in all the
    communes of the tenant: a loan that runs elsewhere is still theirs.
    """
    async with widened(session):
        whose = await _household(session, request)
        found = []
        for decision, applicant_id, co_applicant_id, loan in await _given(session, request, list(whose), on=on):
            of = {whose[person_id] for person_id in (applicant_id, co_applicant_id) if person_id in whose}
            found.append(
                PageAid(
                    whose=min(of),
                    outcome=decision.outcome,
                    decided_on=decision.decided_on,
                    loan_cents=decision.loan_amount_cents,
                    grant_cents=decision.grant_cents,
                    loan=await _loan(session, loan.id, on=on) if loan is not None else None,
                )
            )
    return found


async def _household(session: AsyncSession, request: Request) -> dict[UUID, Whose]:
    """Who counts, under every row they ever had: the two who ask, their partners, children and parents."""
    asking: dict[UUID, Whose] = {}
    roles: tuple[tuple[UUID | None, Whose], ...] = (
        (request.co_applicant_id, "co_applicant"),
        (request.applicant_id, "applicant"),
    )
    for person_id, role in roles:
        if person_id is not None:
            rows = await session.scalars(people.rows_of(session, person_id))
            asking |= dict.fromkeys((person_id, *rows), role)
    relation = PersonRelation
    statement = select(col(relation.person_id), col(relation.other_person_id)).where(
        of_tenant(session, relation),
        col(relation.ended_on).is_(None),
        col(relation.kind).in_(_HOUSEHOLD),
        or_(col(relation.person_id).in_(list(asking)), col(relation.other_person_id).in_(list(asking))),
    )
    related: dict[UUID, Whose] = {
        person_id: "household" for pair in (await session.execute(statement)).all() for person_id in pair if person_id
    }
    return {**related, **asking}


async def _given(
    session: AsyncSession, request: Request, person_ids: list[UUID], *, on: date
) -> Sequence[tuple[Any, ...]]:
    """The decisions on other requests of these people that gave an aid, each with the loan that followed."""
    of_request = and_(of_tenant(session, Request), col(Request.id) == Decision.request_id)
    contracted = and_(
        of_tenant(session, Loan),
        col(Loan.decision_id) == Decision.id,
        col(Loan.stage) != LoanStage.CANCELLED,
        col(Loan.offered_on) <= on,
    )
    statement = (
        select(Decision, col(Request.applicant_id), col(Request.co_applicant_id), Loan)
        .join(Request, of_request)
        .outerjoin(Loan, contracted)
        .where(
            of_tenant(session, Decision),
            col(Decision.request_id) != request.id,
            col(Decision.outcome).in_(sorted(GIVES)),
            col(Decision.decided_on) <= on,
            or_(col(Request.applicant_id).in_(person_ids), col(Request.co_applicant_id).in_(person_ids)),
        )
        .order_by(col(Decision.decided_on), col(Decision.id))
    )
    return [tuple(row) for row in (await session.execute(statement)).all()]

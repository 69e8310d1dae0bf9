"""The facts of a file that rules are applied to: gathered here, stored with a decision, read back from it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import financing
from app.domain.aids import Aid, age_on
from app.domain.lenders import Lending
from app.domain.loan_lifecycle import LoanStage
from app.domain.products import Product
from app.services import attestations, loan_books, papers, plans, revisions
from app.tables import Budget, Loan, Person, Request
from app.tenancy import of_tenant, widened

_AID = TypeAdapter(Aid)
_NOT_PAID_OUT = (LoanStage.OFFERED, LoanStage.ACCEPTED)


async def of_request(session: AsyncSession, request: Request, *, served: frozenset[str], on: date) -> Aid:
    """What a decision of a day rests on, but for the aid itself. `served` are the communes of the CCAS, by code."""
    people = await _borrowers(session, request)
    applicant, other = people[request.applicant_id], people.get(request.co_applicant_id)
    budget = await revisions.latest(session, Budget, request.id)
    ended = await _ends_of_other_loans(session, request, on=on)
    return Aid(
        on=on,
        purpose=request.purpose,
        applicant_age=age_on(applicant.birth_on, on),
        capacity=applicant.capacity,
        co_applicant_age=age_on(other.birth_on, on) if other else None,
        co_applicant_capacity=other.capacity if other else None,
        adults=request.adults,
        minor_children=request.minor_children,
        lives_in_served_commune=applicant.commune_insee_code in served,
        commune_insee_code=applicant.commune_insee_code,
        resident_since_on=applicant.resident_since_on,
        attested=await attestations.latest(session, request.id, on=on),
        documents=await papers.provided_by(session, request, on=on),
        running_loans=sum(end is None for end in ended),
        last_loan_ended_on=max((end for end in ended if end is not None), default=None),
        is_complete=True,
        **(await _of_budget(session, budget) if budget else {}),
    )


def for_lender(product: Product, aid: Aid) -> Aid:
    """The facts that the lender of a settled product may be decided on: where a partner lends, what its own
    consultations would tell is left out.
    """
    if product.lending is not Lending.PARTNER:
        return aid
    kept = {fact: holds for fact, holds in aid.attested.items() if fact not in attestations.OF_CONSULTATIONS}
    return replace(aid, attested=kept)


def read_back(facts: Mapping[str, Any], *, on: date) -> Aid:
    """The facts stored with a decision of a day, as they were when it was taken."""
    return _AID.validate_python({"on": on, **facts})


async def _borrowers(session: AsyncSession, request: Request) -> dict[UUID | None, Person]:
    wanted = (request.applicant_id, request.co_applicant_id)
    statement = select(Person).where(of_tenant(session, Person), col(Person.id).in_(wanted))
    return {person.id: person for person in (await session.scalars(statement)).all()}


async def _of_budget(session: AsyncSession, budget: Budget) -> dict[str, Any]:
    month = financing.month(await plans.budget_lines_of(session, budget))
    return {**asdict(month), "assessed_capacity_cents": budget.assessed_capacity_cents}


async def _ends_of_other_loans(session: AsyncSession, request: Request, *, on: date) -> Sequence[date | None]:
    """The day on which each loan that the applicant has or had by another request was repaid; null while it runs."""
    statement = (
        select(Loan)
        .join(Request, (col(Request.tenant_id) == Loan.tenant_id) & (col(Request.id) == Loan.request_id))
        .where(
            of_tenant(session, Loan),
            or_(
                col(Request.applicant_id) == request.applicant_id, col(Request.co_applicant_id) == request.applicant_id
            ),
            col(Loan.request_id) != request.id,
            col(Loan.stage) != LoanStage.CANCELLED,
            col(Loan.offered_on) <= on,
        )
    )
    async with widened(session):
        return [await _ended_on(session, loan, on=on) for loan in (await session.scalars(statement)).all()]


async def _ended_on(session: AsyncSession, loan: Loan, *, on: date) -> date | None:
    if loan.stage in _NOT_PAID_OUT:
        return None
    return await loan_books.settled_on(session, loan, on=on)

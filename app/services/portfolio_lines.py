"""One line of a spreadsheet of loans: the person, the demand, the decision and the loan that it tells of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import loan_terms
from app.domain.accounting_errors import BalanceDiffers, LineDiffers, RemainderNotTold
from app.domain.accounting_files import amount
from app.domain.aids import age_on
from app.domain.amortization import Instalment, RemainderOn
from app.domain.dates import check_day, check_order
from app.domain.decisions import Outcome
from app.domain.errors import ImpossibleSchedule
from app.domain.financing import PlanLineKind, PlanLineStatus
from app.domain.lenders import Lending
from app.domain.loan_lifecycle import LoanAction, LoanStage
from app.domain.loan_terms import LoanTerms
from app.domain.partner_errors import DateAfterPosition, PartnerLends
from app.domain.permissions import Caller
from app.domain.portfolio_files import ToldLoan
from app.domain.products import Product
from app.domain.request_lifecycle import RequestAction, RequestStatus
from app.domain.settled_rules import stated_rate
from app.schemas.decisions import LoanTerms as AskedTerms
from app.schemas.people import PersonCreate
from app.schemas.plans import FinancingPlanReplace, PlanLineReplace
from app.services import (
    assignments,
    contracts,
    decision_terms,
    loan_books,
    loan_steps,
    loans,
    people,
    plans,
    portfolio_money,
    rules,
    transfers,
)
from app.services import request_steps as steps
from app.services.references import next_reference
from app.tables import Decision, Loan, Person, Request
from app.tenancy import bound_tenant, of_tenant

_COLUMNS = {
    "principal_cents": "MONTANT_PRET",
    "instalment_cents": "MENSUALITE",
    "duration_months": "NB_ECHEANCES",
    "first_due_on": "PREMIERE_ECHEANCE",
    "remainder_on": "RELIQUAT",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOver:
    """What became of a line. `person_id` is whom it made, null where the loan was known; amounts are in cents."""

    loan_id: UUID
    is_known: bool
    principal_cents: int
    outstanding_cents: int
    person_id: UUID | None = None
    similar_person_ids: tuple[UUID, ...] = ()

    @property
    def made(self) -> tuple[UUID, ...]:
        """Whom and what was not there before."""
        return () if self.person_id is None else (self.person_id, self.loan_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """What was agreed of a loan, as the rules of the day of its decision complete the line."""

    rule_version_id: UUID
    product: Product
    terms: LoanTerms
    rows: Sequence[Instalment]


async def record(session: AsyncSession, told: ToldLoan, *, caller: Caller, today: date) -> TakenOver:
    """Records a line that can be read, unless it was recorded before.

    Raises LineDiffers, CommuneNotServed, NoRulesInForce, UnknownProduct, ProductNotChosen, PartnerLends,
    RuleNotStated, RemainderNotTold, ImpossibleSchedule, ReferenceAlreadyUsed, LossAboveDebt, BalanceDiffers,
    DateAfterPosition, DateOutOfOrder, DateInFuture.
    """
    known = await _known(session, told)
    if known is not None:
        books = await loan_books.books(session, known, on=told.position_on)
        return TakenOver(
            loan_id=known.id,
            is_known=True,
            principal_cents=known.principal_cents,
            outstanding_cents=books.outstanding_cents,
        )
    _check_days(told, today=today)
    transfers.check_commune(caller, told.commune_insee_code)
    agreed = await _agreed(session, told)
    applicant = _applicant(told)
    similar = await people.same_as(session, applicant)
    person = await people.add(session, today=today, body=applicant)
    request = await _request(session, told, person, agreed.product, caller=caller)
    decision = await _decision(session, told, request, agreed, caller=caller)
    loan = await _loan(session, told, request, decision, agreed, caller=caller)
    payee = portfolio_money.payee_of(told, agreed.product)
    await portfolio_money.enter(session, loan, told, payee=payee, caller=caller, today=today)
    return TakenOver(
        loan_id=loan.id,
        is_known=False,
        principal_cents=loan.principal_cents,
        outstanding_cents=await _reconciled(session, loan, told),
        person_id=person.id,
        similar_person_ids=tuple(similar),
    )


async def _known(session: AsyncSession, told: ToldLoan) -> Loan | None:
    statement = select(Loan).where(of_tenant(session, Loan), col(Loan.former_reference) == told.reference)
    loan = (await session.scalars(statement)).one_or_none()
    if loan is not None and loan.former_line_sha256 != told.digest:
        raise LineDiffers
    return loan


def _check_days(told: ToldLoan, *, today: date) -> None:
    """Raises DateInFuture, DateOutOfOrder, DateAfterPosition, each naming its column."""
    not_before: date | None = None
    for column, on in told.days:
        check_day(column, on, not_before=not_before, today=today)
        not_before = on
    check_order("PREMIERE_ECHEANCE", told.first_due_on, not_before=told.disbursed_on)
    for column, on in told.days_of_life:
        check_order(column, on, not_before=told.disbursed_on)
        if on > told.position_on:
            raise DateAfterPosition(field=column, position_on=told.position_on.isoformat())


async def _agreed(session: AsyncSession, told: ToldLoan) -> Agreed:
    version_id, version = await rules.in_force(session, told.decided_on, held=True)
    age = age_on(told.birth_on, told.decided_on)
    product = rules.product(version, told.product, on=told.decided_on, age=age)
    if product.lending is not Lending.OWN_FUNDS:
        raise PartnerLends
    terms, rows = _planned(product, told)
    return Agreed(rule_version_id=version_id, product=product, terms=terms, rows=rows)


def _planned(product: Product, told: ToldLoan) -> tuple[LoanTerms, Sequence[Instalment]]:
    """The terms and the schedule. Raises RuleNotStated, RemainderNotTold, ImpossibleSchedule."""
    asked = AskedTerms(
        amount_cents=told.principal_cents,
        duration_months=told.duration_months,
        instalment_cents=told.instalment_cents,
    )
    sides = [told.remainder_on] if told.remainder_on else [RemainderOn.LAST, RemainderOn.FIRST]
    if stated_rate(product) and told.remainder_on is None:
        sides = [RemainderOn.LAST]
    try:
        found = [
            loan_terms.planned(product, asked, first_due_on=told.first_due_on, remainder_on=side) for side in sides
        ]
    except ImpossibleSchedule as impossible:
        raise _in_words_of_the_file(impossible) from impossible
    if any(rows != found[0][1] for _, rows in found):
        raise RemainderNotTold
    return found[0]


def _in_words_of_the_file(impossible: ImpossibleSchedule) -> ImpossibleSchedule:
    """The same refusal with the name of the column, and amounts in euros."""
    field, bound = str(impossible.facts["field"]), impossible.facts["bound"]
    if field.endswith("_cents") and isinstance(bound, int):
        bound = amount(bound)
    return ImpossibleSchedule(field=_COLUMNS.get(field, field), bound=bound)


def _applicant(told: ToldLoan) -> PersonCreate:
    return PersonCreate(
        first_names=told.first_names,
        birth_name=told.birth_name,
        birth_on=told.birth_on,
        commune_insee_code=told.commune_insee_code,
    )


async def _request(
    session: AsyncSession, told: ToldLoan, person: Person, product: Product, *, caller: Caller
) -> Request:
    """The demand, with the steps that led to its approval: the days of those between are not told."""
    _, version = await rules.in_force(session, told.received_on)
    request = Request(
        tenant_id=bound_tenant(session),
        reference=await next_reference(session, series="D", year=told.received_on.year),
        status=RequestStatus.INTAKE,
        applicant_id=person.id,
        co_applicant_id=None,
        instructing_agent_id=caller.account_id,
        adults=None,
        minor_children=None,
        commune_insee_code=told.commune_insee_code,
        channel=None,
        prescriber=None,
        purpose=told.purpose,
        project_description=told.project,
        project_cost_cents=told.project_cost_cents,
        requested_amount_cents=told.requested_cents,
        product=product.code,
        received_on=told.received_on,
        rules_version=version.version,
    )
    session.add(request)
    await assignments.start(session, request, by=caller.account_id)
    for action in (RequestAction.ASSESS, RequestAction.SUBMIT):
        steps.move(session, request, action, caller=caller, effect_on=None)
    steps.move(session, request, RequestAction.APPROVE, caller=caller, effect_on=told.decided_on)
    return request


async def _decision(
    session: AsyncSession, told: ToldLoan, request: Request, agreed: Agreed, *, caller: Caller
) -> Decision:
    """The approval as a fact: no rule is applied to it, and who signed it is not told."""
    plan = await plans.record_plan(session, request, _plan(told))
    decision = Decision(
        tenant_id=request.tenant_id,
        request_id=request.id,
        number=1,
        outcome=Outcome.APPROVE,
        **decision_terms.stored(agreed.terms),
        grant_cents=told.grant_cents,
        financing_plan_id=plan.id,
        budget_id=None,
        reason_code=None,
        reason=None,
        decided_on=told.decided_on,
        signatory=None,
        signatory_capacity=None,
        delegation_reference=None,
        body=None,
        rule_version_id=agreed.rule_version_id,
        facts={"taken_over_as": told.reference, "applicant_age": age_on(told.birth_on, told.decided_on)},
        account_id=caller.account_id,
    )
    session.add(decision)
    await session.flush()  # the loan refers to it through a foreign key without an ORM relation
    return decision


def _plan(told: ToldLoan) -> FinancingPlanReplace:
    """What the CCAS gave of the cost; who paid the rest is not told."""
    given = [("Microcrédit", PlanLineKind.LOAN, told.principal_cents)]
    if told.grant_cents:
        given.append(("Subvention", PlanLineKind.GRANT, told.grant_cents))
    return FinancingPlanReplace(
        lines=[
            PlanLineReplace(label=label, kind=kind, amount_cents=cents, status=PlanLineStatus.CONFIRMED)
            for label, kind, cents in given
        ]
    )


async def _loan(
    session: AsyncSession, told: ToldLoan, request: Request, decision: Decision, agreed: Agreed, *, caller: Caller
) -> Loan:
    """The loan that all accepted; who signed when is not told, but that it was by the day of the contract."""
    loan = Loan(
        tenant_id=request.tenant_id,
        reference=await next_reference(session, series="P", year=told.contracted_on.year),
        request_id=request.id,
        decision_id=decision.id,
        stage=LoanStage.OFFERED,
        principal_cents=told.principal_cents,
        rate_percent=agreed.terms.rate_percent,
        offered_on=told.contracted_on,
        expected_disbursed_on=None,
        legal_regime=contracts.regime(agreed.product, offered_on=told.contracted_on),
        former_reference=told.reference,
        former_line_sha256=told.digest,
        former_position_on=told.position_on,
    )
    await loans.enter_offer(session, loan, agreed.rows, [()] * len(agreed.rows), caller=caller)
    loan_steps.move(session, loan, LoanAction.ACCEPT, caller=caller, effect_on=told.contracted_on)
    steps.move(session, request, RequestAction.CONTRACT, caller=caller, effect_on=told.contracted_on)
    return loan


async def _reconciled(session: AsyncSession, loan: Loan, told: ToldLoan) -> int:
    """What the ledger holds on the day of the balance, in cents. Raises BalanceDiffers where the line says other."""
    books = await loan_books.books(session, loan, on=told.position_on)
    if books.outstanding_cents != told.balance_cents:
        raise BalanceDiffers(balance=amount(told.balance_cents), outstanding=amount(books.outstanding_cents))
    return books.outstanding_cents

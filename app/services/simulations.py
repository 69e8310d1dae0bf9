"""Simulations: the rules of a CCAS, or none, asked of a loan that nobody has decided."""

from dataclasses import asdict
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain import interest_subsidies, simulations
from app.domain.aids import Aid, age_on
from app.domain.errors import DateInFuture, DateOutOfOrder
from app.domain.loan_days import loan_days
from app.domain.products import Product
from app.domain.simulations import Simulation
from app.messages import Language
from app.parameters.law import national_law, usury_table
from app.schemas.loans import ScheduleRowRead
from app.schemas.simulations import (
    RefundRead,
    SimulationApplicant,
    SimulationCreate,
    SimulationRead,
    SimulationTerms,
    SimulationTotals,
    UsuryRead,
)
from app.services import eligibility, rules, tenants

_TOLD = SimulationApplicant.model_fields.keys() - {"birth_on", "commune_insee_code"}
_PARIS = ZoneInfo("Europe/Paris")


async def create(session: AsyncSession, *, now: datetime, language: Language, body: SimulationCreate) -> SimulationRead:
    """The loan asked for, with every breach of the rules of the day; stores nothing.

    Raises NotFound for an unknown tenant, NoRulesInForce, UnknownProduct, ProductNotChosen, UnknownLender,
    RuleNotStated, BirthDateMissing, ImpossibleSchedule, DateOutOfOrder, DateInFuture.
    """
    if body.tenant is None:
        on = body.on or now.astimezone(_PARIS).date()
        return _read(body, _simulate(body, simulations.NO_RULES, on, aid=_aid(body, on, None), reference=""), language)
    tenant = await tenants.bound(session, body.tenant)
    on = body.on or now.astimezone(ZoneInfo(tenant.time_zone)).date()
    _, version = await rules.in_force(session, on)
    aid = _aid(body, on, frozenset(commune["insee_code"] for commune in tenant.communes))
    product = rules.product(version, body.product, on=on, lender=body.lender, age=aid.applicant_age)
    simulated = _simulate(body, product, on, aid=aid, reference=version.reference)
    return _read(body, simulated, language, product=product, rules_version=version.version)


def _simulate(body: SimulationCreate, product: Product, on: date, *, aid: Aid, reference: str) -> Simulation:
    _check_dates(body, on)
    days = loan_days(on, disbursed_on=body.disbursed_on, first_due_on=body.first_due_on, anchor_day=body.anchor_day)
    return simulations.simulate(
        product,
        body,
        days,
        rate_percent=body.rate_percent,
        fee_cents=body.fee_cents,
        aid=aid,
        table=usury_table(),
        law=national_law(),
        reference=reference,
    )


def _check_dates(body: SimulationCreate, on: date) -> None:
    paid_on = body.disbursed_on or on
    for field, day, not_before in (("disbursed_on", paid_on, on), ("first_due_on", body.first_due_on, paid_on)):
        if day is not None and day < not_before:
            raise DateOutOfOrder(field=field, not_before=not_before.isoformat())
    if body.applicant is not None and body.applicant.birth_on is not None and body.applicant.birth_on > on:
        raise DateInFuture(field="birth_on")


def _aid(body: SimulationCreate, on: date, served: frozenset[str] | None) -> Aid:
    """What is told of the person; what is not told is not tested."""
    told = body.applicant or SimulationApplicant()
    commune = told.commune_insee_code
    return Aid(
        on=on,
        purpose=body.purpose,
        exceptional_reason=body.exceptional_reason,
        applicant_age=age_on(told.birth_on, on) if told.birth_on else None,
        commune_insee_code=commune,
        **{name: getattr(told, name) for name in _TOLD},
        lives_in_served_commune=served is None or commune is None or commune in served,
    )


def _read(
    body: SimulationCreate,
    simulated: Simulation,
    language: Language,
    *,
    product: Product | None = None,
    rules_version: int | None = None,
) -> SimulationRead:
    return SimulationRead(
        terms=_terms(body, simulated, product),
        instalments=_rows(simulated),
        totals=_totals(body, simulated),
        refunds=[RefundRead.model_validate(refund) for refund in simulated.refunds],
        apr_percent=simulated.apr.percent,
        apr_percent_exact=simulated.apr.exact_percent,
        borrower_apr_percent=simulated.borrower_apr.percent,
        usury=UsuryRead.model_validate(simulated.usury),
        eligible=not simulated.breaches,
        breaches=eligibility.told(simulated.breaches, language),
        warnings=eligibility.told(simulated.warnings, language),
        rules_version=rules_version,
    )


def _terms(body: SimulationCreate, simulated: Simulation, product: Product | None) -> SimulationTerms:
    filled = ("rate_percent", "rounding", "interest_borne_by")
    return SimulationTerms(
        **asdict(simulated.terms),
        tenant=body.tenant,
        product=product.code if product else None,
        lender=product.lender.code if product else None,
        on=simulated.dates.on,
        disbursed_on=simulated.dates.disbursed_on,
        first_due_on=simulated.dates.first_due_on,
        anchor_day=simulated.dates.anchor_day,
        fee_cents=body.fee_cents,
        not_stated=[path for path in product.not_stated if path in filled] if product else [],
    )


def _rows(simulated: Simulation) -> list[ScheduleRowRead]:
    borrowers = interest_subsidies.borrower_rows(simulated.rows, simulated.parts)
    return [
        ScheduleRowRead(
            **asdict(row),
            borrower_cents=borrower.total_cents,
            third_parties=[asdict(share) for share in part],
        )
        for row, borrower, part in zip(simulated.rows, borrowers, simulated.parts, strict=True)
    ]


def _totals(body: SimulationCreate, simulated: Simulation) -> SimulationTotals:
    subsidy = sum(share.cents for part in simulated.parts for share in part)
    return SimulationTotals(
        principal_cents=sum(row.principal_cents for row in simulated.rows),
        interest_cents=sum(row.interest_cents for row in simulated.rows),
        paid_by_borrower_cents=sum(row.total_cents for row in simulated.rows) - subsidy,
        interest_subsidy_cents=subsidy,
        fee_cents=body.fee_cents,
        fee_subsidy_cents=sum(share.cents for share in simulated.fee_shares),
    )

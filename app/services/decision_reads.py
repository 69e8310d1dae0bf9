"""Decisions as they are read: with what differs from what was asked, and what came after."""

from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.decision_differences import Asked, Differences, Given, differences
from app.domain.decisions import GIVES
from app.domain.notices import FastTrackNotice
from app.schemas.conditions import ConditionRead
from app.schemas.decisions import BreachRead, DecisionRead, LoanTermsRead, OverrideRead, RequestDifferenceRead
from app.services import check_standings, conditions, notices, ratifications, rectifications, rules
from app.services import request_steps as steps
from app.tables import Assessment, Decision, Request
from app.tenancy import of_tenant


async def read(session: AsyncSession, decision: Decision) -> DecisionRead:
    """One decision, as of now."""
    request = await steps.load(session, decision.request_id)
    version = await rules.by_id(session, decision.rule_version_id)
    met = await conditions.met(session, decision)
    ratification = await ratifications.of_decision(session, decision)
    rectified = await rectifications.of_decision(session, decision)
    told = await newly_taken(session, decision, request, rules_version=version.version, rule=None)
    notice = await notices.of_decision(session, decision)
    return told.model_copy(
        update={
            "version": 1 + len(met) + (ratification is not None) + len(rectified),
            "rectifications": rectified,
            "conditions": [one.model_copy(update={"met_on": met.get(one.number)}) for one in told.conditions],
            "ratification": ratifications.read(ratification) if ratification else None,
            "notice": notice,
        }
    )


async def newly_taken(
    session: AsyncSession, decision: Decision, request: Request, *, rules_version: int, rule: FastTrackNotice | None
) -> DecisionRead:
    """A decision of which nothing has come yet; `rule` says when one taken ahead of a session is notified."""
    fields = decision.model_dump(exclude={"breaches", "overrides", "conditions"})
    terms = None
    if decision.loan_amount_cents is not None:
        names = LoanTermsRead.model_fields.keys() - {"amount_cents"}
        stored = {name: getattr(decision, name) for name in names}
        terms = LoanTermsRead(amount_cents=decision.loan_amount_cents, **stored)
    differs = await differences_of(session, decision, request)
    return DecisionRead(
        **{name: fields[name] for name in DecisionRead.model_fields if name in fields},
        version=1,
        loan=terms,
        differs_from_request=RequestDifferenceRead(**asdict(differs)),
        conditions=[
            ConditionRead(number=number, text=text, met_on=None)
            for number, text in enumerate(decision.conditions, start=1)
        ],
        ratification=None,
        notice=notices.told(fields, None, rule=rule, minutes_open=decision.session_id is not None),
        rectifications=[],
        rules_version=rules_version,
        breaches=[BreachRead(**breach) for breach in decision.breaches],
        overrides=[OverrideRead(**override) for override in decision.overrides],
        check_warnings=await check_standings.warnings(session, request.id),
    )


async def differences_of(session: AsyncSession, decision: Decision, request: Request) -> Differences:
    """In what the aid that a decision gives differs from the one asked; nothing where it gives none."""
    if decision.outcome not in GIVES:
        return Differences()
    assessment = await _assessment(session, decision)
    asked = Asked(
        amount_cents=request.requested_amount_cents,
        duration_months=assessment.duration_months if assessment else None,
        instalment_cents=assessment.instalment_cents if assessment else None,
    )
    given = Given(
        loan_cents=decision.loan_amount_cents or 0,
        grant_cents=decision.grant_cents,
        duration_months=decision.duration_months,
        instalment_cents=decision.instalment_cents,
    )
    return differences(asked, given)


async def _assessment(session: AsyncSession, decision: Decision) -> Assessment | None:
    """The assessment that the deciding body had before it."""
    statement = (
        select(Assessment)
        .where(
            of_tenant(session, Assessment),
            col(Assessment.request_id) == decision.request_id,
            col(Assessment.entered_at) <= decision.entered_at,
        )
        .order_by(col(Assessment.revision).desc())
        .limit(1)
    )
    return (await session.scalars(statement)).one_or_none()

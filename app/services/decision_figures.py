"""What was decided over a time, counted in the database."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, not_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.decisions import Outcome
from app.domain.loan_lifecycle import CONTRACTED
from app.domain.rectifications import ENDING, RectificationKind
from app.schemas.decision_figures import (
    DecisionFiguresQuery,
    DecisionFiguresRead,
    FastTrackFigures,
    Figure,
    LoanFigures,
    OutcomeFigures,
)
from app.tables import Decision, Loan, Ratification, Rectification, Request
from app.tenancy import of_tenant

_LOANS = ("contracted", "not_contracted", "late", "another_amount")


async def read(session: AsyncSession, *, today: date, query: DecisionFiguresQuery) -> DecisionFiguresRead:
    """The decisions of a time, in the communes that the caller sees; what became of them is as known today."""
    within = _within(session, query)
    rows = {row.outcome: row._asdict() for row in await session.execute(_by_outcome(query, within, today))}
    requests = select(func.count(col(Decision.request_id).distinct())).where(
        *within, ~_ended(), ~_answered(ratified=False)
    )
    delayed = query.not_contracted_after_days is not None
    return DecisionFiguresRead(
        requests=(await session.scalars(requests)).one(),
        outcomes=[_outcome(outcome, rows.get(outcome, {})) for outcome in Outcome],
        approved=_loans(rows.get(Outcome.APPROVE, {}), delayed=delayed),
        endorsed=_loans(rows.get(Outcome.ENDORSE, {}), delayed=delayed),
        fast_track=await _fast_track(session, within),
        withdrawn=await _number_ended(session, within, RectificationKind.WITHDRAWAL),
        abrogated=await _number_ended(session, within, RectificationKind.ABROGATION),
    )


def _within(session: AsyncSession, query: DecisionFiguresQuery) -> list[ColumnElement[bool]]:
    conditions = [of_tenant(session, Decision)]
    if query.since is not None:
        conditions.append(col(Decision.decided_on) >= query.since)
    if query.until is not None:
        conditions.append(col(Decision.decided_on) <= query.until)
    return conditions


def _by_outcome(query: DecisionFiguresQuery, within: list[ColumnElement[bool]], today: date) -> Any:
    contracted = exists().where(
        col(Loan.tenant_id) == Decision.tenant_id,
        col(Loan.decision_id) == Decision.id,
        col(Loan.stage).in_(sorted(CONTRACTED)),
    )
    old_enough = today - timedelta(days=query.not_contracted_after_days or 0)
    loan, grant = col(Decision.loan_amount_cents), col(Decision.grant_cents)
    conditions = {
        "contracted": contracted,
        "not_contracted": ~contracted,
        "late": and_(~contracted, col(Decision.decided_on) <= old_enough),
        # As decision_differences tells one decision.
        "another_amount": not_(col(Request.requested_amount_cents).between(loan, loan + grant)),
    }
    return (
        select(
            col(Decision.outcome).label("outcome"),
            func.count().label("count"),
            func.sum(loan).label("loan_cents"),
            func.count().filter(grant > 0).label("grant_count"),
            func.sum(grant).label("grant_cents"),
            *(func.count().filter(condition).label(f"{name}_count") for name, condition in conditions.items()),
            *(func.sum(loan).filter(condition).label(f"{name}_cents") for name, condition in conditions.items()),
        )
        .join(Request, and_(col(Request.tenant_id) == Decision.tenant_id, col(Request.id) == Decision.request_id))
        .where(*within, ~_ended(), ~_answered(ratified=False))
        .group_by(col(Decision.outcome))
    )


def _ended(*kinds: RectificationKind) -> ColumnElement[bool]:
    """The condition that a decision was withdrawn or abrogated, or ended so."""
    return exists().where(
        col(Rectification.tenant_id) == Decision.tenant_id,
        col(Rectification.decision_id) == Decision.id,
        col(Rectification.kind).in_(kinds or ENDING),
    )


def _answered(*, ratified: bool) -> ColumnElement[bool]:
    """The condition that a session ratified a decision taken ahead of it, or did not."""
    return exists().where(
        col(Ratification.tenant_id) == Decision.tenant_id,
        col(Ratification.decision_id) == Decision.id,
        col(Ratification.ratified).is_(ratified),
    )


async def _fast_track(session: AsyncSession, within: list[ColumnElement[bool]]) -> FastTrackFigures:
    """What was decided ahead of a session, in count and in cents of loans and grants."""
    conditions = {
        "provisional": and_(col(Decision.provisional), ~_answered(ratified=True), ~_answered(ratified=False)),
        "ratified": _answered(ratified=True),
        "not_ratified": _answered(ratified=False),
        "at_once": ~col(Decision.provisional),
    }
    given = func.coalesce(col(Decision.loan_amount_cents), 0) + col(Decision.grant_cents)
    statement = select(
        *(func.count().filter(condition).label(f"{name}_count") for name, condition in conditions.items()),
        *(func.sum(given).filter(condition).label(f"{name}_cents") for name, condition in conditions.items()),
    ).where(*within, col(Decision.fast_track), ~_ended())
    row = (await session.execute(statement)).one()._asdict()
    return FastTrackFigures(
        **{name: Figure(count=row[f"{name}_count"], cents=int(row[f"{name}_cents"] or 0)) for name in conditions}
    )


async def _number_ended(session: AsyncSession, within: list[ColumnElement[bool]], kind: RectificationKind) -> int:
    statement = select(func.count()).select_from(Decision).where(*within, _ended(kind))
    return (await session.scalars(statement)).one()


def _outcome(outcome: Outcome, row: Mapping[str, Any]) -> OutcomeFigures:
    names = ("count", "loan_cents", "grant_count", "grant_cents")
    return OutcomeFigures(outcome=outcome, **{name: int(row.get(name) or 0) for name in names})


def _loans(row: Mapping[str, Any], *, delayed: bool) -> LoanFigures:
    told = {
        name: Figure(count=row.get(f"{name}_count", 0), cents=int(row.get(f"{name}_cents") or 0)) for name in _LOANS
    }
    return LoanFigures(
        decided=Figure(count=row.get("count", 0), cents=int(row.get("loan_cents") or 0)),
        contracted=told["contracted"],
        not_contracted=told["not_contracted"],
        not_contracted_late=told["late"] if delayed else None,
        another_amount=told["another_amount"],
    )

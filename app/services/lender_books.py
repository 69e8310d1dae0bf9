"""What a lender's reports make of our copy of its loan: its stage, its schedules, its ledger.

Nothing here depends on the order in which facts are told: each time, all that is known is laid out anew by the days of
their effect, and what is missing of it is added.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import lender_reports as domain
from app.domain.amortization import Instalment
from app.domain.interest_subsidies import Shares
from app.domain.ledger import EntryKind
from app.domain.lender_reports import Laid, ReportKind
from app.domain.loan_lifecycle import LoanAction, LoanStage
from app.domain.permissions import Caller
from app.schemas.offers import OfferRow
from app.services import (
    lender_losses,
    lender_reversals,
    loan_states,
    loan_steps,
    offer_rows,
    running_schedules,
    schedule_versions,
    schedules,
)
from app.tables import LedgerEntry, LenderReport, Loan, LoanTransition, Schedule
from app.tenancy import of_tenant

_IN_FORCE = (LoanStage.DISBURSED, LoanStage.LITIGATION)


@dataclass(frozen=True, slots=True)
class _Link:
    """A version with the day from which it is in force, null from the start, and the decision that put it there."""

    effective_on: date | None
    schedule: Schedule
    decision_id: UUID | None


async def start(session: AsyncSession, loan: Loan, *, caller: Caller) -> None:
    """Starts a partner's loan that all have signed and that was paid out, whichever was told first; what the partner
    has already reported of it takes its effect.
    """
    if loan.partner_id is None:
        return
    paid_on = await _paid_on(session, loan)
    if not paid_on:
        return
    if loan.stage in (LoanStage.ACCEPTED, *_IN_FORCE):
        await session.flush()  # the acceptance may just have been logged
        accepted_on = await loan_states.reached_on(session, loan, LoanStage.ACCEPTED)
        first = min(paid_on)
        effect_on, started_on = max(first, accepted_on or first), await _started_on(session, loan)
        # A part that was paid before the others may be told after them.
        if started_on is None or effect_on < started_on:
            _move_to_paid(session, loan, effect_on=effect_on, caller=caller)
    await settle(session, loan, caller=caller)


async def settle(session: AsyncSession, loan: Loan, *, caller: Caller) -> None:
    """Gives the reports on a loan that is held their effect, once it was paid out."""
    await session.flush()  # one may just have been added
    reports = await of_loan(session, loan)
    if not reports:
        return
    await lender_reversals.settle(session, loan, caller=caller)
    lent_cents = sum(cents for _, cents in await running_schedules.parts(session, loan, on=date.max))
    await _accelerate(session, loan, reports, caller=caller)
    if lent_cents:
        await _lay(session, loan, reports, lent_cents=lent_cents, caller=caller)
    await lender_losses.settle(session, loan, reports, lent_cents=lent_cents, caller=caller)


async def of_loan(session: AsyncSession, loan: Loan) -> Sequence[LenderReport]:
    """What was reported of a loan, by the days of its effect: on one day, what calls the whole due comes last."""
    statement = select(LenderReport).where(of_tenant(session, LenderReport), col(LenderReport.loan_id) == loan.id)
    found = (await session.scalars(statement)).all()
    return sorted(found, key=lambda one: (one.effect_on, one.kind is ReportKind.ACCELERATION, one.reference))


def _move_to_paid(session: AsyncSession, loan: Loan, *, effect_on: date, caller: Caller) -> None:
    if loan.stage is not LoanStage.LITIGATION:
        loan_steps.move(session, loan, LoanAction.DISBURSE, caller=caller, effect_on=effect_on)
        return
    # It started earlier than was known, and stands where it has come to since.
    loan.version += 1
    session.add(
        LoanTransition(
            tenant_id=loan.tenant_id,
            loan_id=loan.id,
            action=LoanAction.DISBURSE,
            from_stage=LoanStage.ACCEPTED,
            to_stage=LoanStage.DISBURSED,
            effect_on=effect_on,
            **caller.author,
        )
    )


async def _paid_on(session: AsyncSession, loan: Loan) -> Sequence[date]:
    """The days of what was told to be paid out, also of what was taken back since."""
    statement = select(col(LedgerEntry.effect_on)).where(
        of_tenant(session, LedgerEntry),
        col(LedgerEntry.loan_id) == loan.id,
        col(LedgerEntry.kind) == EntryKind.DISBURSEMENT,
    )
    return (await session.scalars(statement)).all()


async def _started_on(session: AsyncSession, loan: Loan) -> date | None:
    statement = select(func.min(LoanTransition.effect_on)).where(
        of_tenant(session, LoanTransition),
        col(LoanTransition.loan_id) == loan.id,
        col(LoanTransition.action) == LoanAction.DISBURSE,
    )
    return (await session.scalars(statement)).one()


async def _accelerate(session: AsyncSession, loan: Loan, reports: Sequence[LenderReport], *, caller: Caller) -> None:
    told = [one for one in reports if one.kind is ReportKind.ACCELERATION]
    if not told or loan.stage not in _IN_FORCE:
        return
    statement = (
        select(col(LoanTransition.decision_id), func.min(LoanTransition.effect_on).label("first_on"))
        .where(
            of_tenant(session, LoanTransition),
            col(LoanTransition.loan_id) == loan.id,
            col(LoanTransition.action) == LoanAction.ACCELERATE,
        )
        .group_by(col(LoanTransition.decision_id))
    )
    known = {row.decision_id: row.first_on for row in await session.execute(statement)}
    started_on = await _started_on(session, loan)
    for one in told:
        effect_on = max(one.effect_on, started_on or one.effect_on)
        # A loan that started earlier than was known was called due earlier, too.
        if one.decision_id not in known or effect_on < known[one.decision_id]:
            loan_steps.move(
                session, loan, LoanAction.ACCELERATE, caller=caller, effect_on=effect_on, decision_id=one.decision_id
            )


async def _lay(
    session: AsyncSession, loan: Loan, reports: Sequence[LenderReport], *, lent_cents: int, caller: Caller
) -> None:
    """Brings the versions that the reports make into force, each from its day."""
    versions = [one for one in reports if one.kind in domain.VERSIONS]
    if not versions:
        return
    links = [
        _Link(activation.effective_on, schedule, activation.decision_id)
        for activation, schedule in (await schedules.timeline(session, loan)).activations
    ]
    stored = {link.decision_id: link.schedule for link in links}
    wanted = links[:1]
    before = await schedule_versions.laid(session, links[0].schedule)
    for report in versions:
        after = await _after(session, loan, report, before, lent_cents=lent_cents)
        if after == before:
            continue
        schedule = stored.get(report.decision_id)
        if schedule is None or await schedule_versions.laid(session, schedule) != after:
            kind = domain.version_kind(report.kind, report.schedule_kind)
            rate = report.rate_percent or loan.rate_percent
            schedule = await schedule_versions.add_told(session, loan, kind, after, rate=rate)
        wanted.append(_Link(report.effect_on, schedule, report.decision_id))
        before = after
    coming = _missing(_standing(links), _standing(wanted))
    if coming:
        await schedule_versions.put_in_force(session, loan, coming, caller=caller)


async def _after(session: AsyncSession, loan: Loan, report: LenderReport, before: Laid, *, lent_cents: int) -> Laid:
    if report.kind is ReportKind.ACCELERATION:
        return domain.accelerated(before, on=report.effect_on)
    told = await rows_told(session, loan, report)
    return domain.laid(before, told, on=report.effect_on, lent_cents=lent_cents)


async def rows_told(session: AsyncSession, loan: Loan, report: LenderReport) -> list[tuple[Instalment, Shares]]:
    """The rows of a schedule that the lender told, each with what third parties pay of it. Raises RuleNotStated."""
    told = [OfferRow.model_validate(row) for row in report.rows]
    rows = offer_rows.instalments(told, amount_cents=sum(row.principal_cents for row in told))
    _, product = await loan_steps.rules_of(session, loan)
    parts = offer_rows.parts(product, rows, told, rate_percent=report.rate_percent or loan.rate_percent)
    return list(zip(rows, parts, strict=True))


def _standing(links: Sequence[_Link]) -> list[_Link]:
    """Those of them that hold on some day: one that came after and from no later a day takes the place of others."""
    found: list[_Link] = []
    for link in links:
        while found and link.effective_on is not None and link.effective_on <= (found[-1].effective_on or date.min):
            found.pop()
        found.append(link)
    return found


def _missing(known: Sequence[_Link], wanted: Sequence[_Link]) -> list[tuple[date, Schedule, UUID]]:
    """What is to be put in force for the versions wanted to be those that stand."""
    same = 0
    while same < min(len(known), len(wanted)) and (known[same].effective_on, known[same].schedule.id) == (
        wanted[same].effective_on,
        wanted[same].schedule.id,
    ):
        same += 1
    return [
        (link.effective_on, link.schedule, link.decision_id)
        for link in wanted[same:]
        if link.effective_on is not None and link.decision_id is not None
    ]

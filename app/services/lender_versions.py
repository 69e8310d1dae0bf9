"""The versions of the schedule that a lender's reports make: each in force from its day, whatever the order of telling.

What the lender took back makes none: the version before is in force again, as if it had never been told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import lender_reports as domain
from app.domain.amortization import Instalment
from app.domain.interest_subsidies import Shares
from app.domain.lender_reports import Laid, ReportKind
from app.domain.permissions import Caller
from app.schemas.offers import OfferRow
from app.services import lender_reversals, loan_steps, offer_rows, schedule_versions, schedules
from app.tables import LenderReport, Loan, Schedule
from app.tenancy import of_tenant


@dataclass(frozen=True, slots=True)
class _Link:
    """Rows with the day from which they hold and what the lender reported; null is the contract's, from the start."""

    effective_on: date | None
    decision_id: UUID | None
    laid: Laid
    schedule: Schedule | None = None
    report: LenderReport | None = None

    @property
    def key(self) -> tuple[date | None, UUID | None, Laid]:
        """What tells whether two are the same."""
        return self.effective_on, self.decision_id, self.laid


async def told(session: AsyncSession, loan: Loan, *, until: date = date.max) -> list[LenderReport]:
    """The reports that make a version with effect by a day: neither taken back nor overtaken, by their days."""
    statement = select(LenderReport).where(
        of_tenant(session, LenderReport),
        col(LenderReport.loan_id) == loan.id,
        col(LenderReport.kind).in_(domain.VERSIONS),
        col(LenderReport.effect_on) <= until,
        ~lender_reversals.is_reversed(session),
    )
    found = in_order((await session.scalars(statement)).all())
    return [one for one in found if not is_overtaken(one, found)]


def in_order(reports: Sequence[LenderReport]) -> list[LenderReport]:
    """By the days of their effect: on one day, what calls the whole due comes last."""
    return sorted(reports, key=lambda one: (one.effect_on, one.kind is ReportKind.ACCELERATION, one.reference))


def is_overtaken(report: LenderReport, standing: Sequence[LenderReport]) -> bool:
    """Whether rows are without effect, as the whole was called due between; `standing` are not taken back."""
    called_due_on = [one.effect_on for one in standing if one.kind is ReportKind.ACCELERATION]
    return report.decided_on is not None and domain.is_overtaken(report.decided_on, report.effect_on, called_due_on)


async def called_due_since(session: AsyncSession, loan: Loan, *, on: date) -> date | None:
    """The day since which the lender has called the whole due, as it holds on a day."""
    return domain.called_due_since((one.effect_on, one.kind) for one in await told(session, loan, until=on))


async def rows_told(session: AsyncSession, loan: Loan, report: LenderReport) -> list[tuple[Instalment, Shares]]:
    """The rows of a schedule that the lender told, each with what third parties pay of it. Raises RuleNotStated."""
    told_rows = [OfferRow.model_validate(row) for row in report.rows]
    rows = offer_rows.instalments(told_rows, amount_cents=sum(row.principal_cents for row in told_rows))
    _, product = await loan_steps.rules_of(session, loan)
    parts = offer_rows.parts(product, rows, told_rows, rate_percent=report.rate_percent or loan.rate_percent)
    return list(zip(rows, parts, strict=True))


async def lay(
    session: AsyncSession, loan: Loan, reports: Sequence[LenderReport], *, lent_cents: int, caller: Caller
) -> None:
    """Brings the versions of these reports into force, each from its day, and no other."""
    activations = (await schedules.timeline(session, loan)).activations
    if not reports and len(activations) == 1:
        return
    rows = {schedule.id: await schedule_versions.laid(session, schedule) for _, schedule in activations}
    known = [_Link(one.effective_on, one.decision_id, rows[schedule.id], schedule) for one, schedule in activations]
    wanted = [known[0]]
    for report in reports:
        before = wanted[-1].laid
        after = await _after(session, loan, report, before, lent_cents=lent_cents)
        if after != before:
            wanted.append(_Link(report.effect_on, report.decision_id, after, report=report))
    coming = [
        (effective_on, await _stored(session, loan, link, known), link.decision_id)
        for effective_on, link in _missing(_standing(known), _standing(wanted))
    ]
    if coming:
        await schedule_versions.put_in_force(session, loan, coming, caller=caller)


async def _after(session: AsyncSession, loan: Loan, report: LenderReport, before: Laid, *, lent_cents: int) -> Laid:
    if report.kind is ReportKind.ACCELERATION:
        return domain.accelerated(before, on=report.effect_on)
    rows = await rows_told(session, loan, report)
    return domain.laid(before, rows, on=report.effect_on, lent_cents=lent_cents)


async def _stored(session: AsyncSession, loan: Loan, link: _Link, known: Sequence[_Link]) -> Schedule:
    """The version of a link, written down where none of its report has been in force with these rows."""
    for one in known:
        if one.schedule is not None and one.key[1:] == link.key[1:]:
            return one.schedule
    assert link.report is not None  # noqa: S101 - the contract's is always known
    kind = domain.version_kind(link.report.kind, link.report.schedule_kind)
    rate = link.report.rate_percent or loan.rate_percent
    return await schedule_versions.add_told(session, loan, kind, link.laid, rate=rate)


def _standing(links: Sequence[_Link]) -> list[_Link]:
    """Those of them that hold on some day, each once: what came after and from no later a day takes their place."""
    found: list[_Link] = []
    for link in links:
        while found and link.effective_on is not None and link.effective_on <= (found[-1].effective_on or date.min):
            found.pop()
        if not found or found[-1].key[1:] != link.key[1:]:
            found.append(link)
    return found


def _missing(known: Sequence[_Link], wanted: Sequence[_Link]) -> list[tuple[date, _Link]]:
    """What is to be put in force, and from which days, for those wanted to be those that stand."""
    same = 0
    while same < min(len(known), len(wanted)) and known[same].key == wanted[same].key:
        same += 1
    coming = [(link.effective_on, link) for link in wanted[same:] if link.effective_on is not None]
    undone_on = known[same].effective_on if same < len(known) else None
    if undone_on is not None and (not coming or undone_on < coming[0][0]):
        coming.insert(0, (undone_on, wanted[same - 1]))
    return coming

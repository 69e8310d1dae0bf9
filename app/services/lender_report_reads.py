"""The lender's reports as they are shown: beside our rules and our copy of its loan, whichever was told first."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import guarantees
from app.domain.books import Books, SlotsOn, books
from app.domain.channels import SOURCE_OF, Channel
from app.domain.errors import RuleNotStated
from app.domain.guarantee_errors import GuarantorNotNamed, NoGuarantor
from app.domain.guarantees import Lost
from app.domain.ledger import EntryKind, Fact, standing
from app.domain.lender_reports import ReportAnomaly, ReportKind
from app.schemas.lender_reports import LenderReportRead
from app.services import (
    guarantee_claims,
    guarantee_facts,
    lender_books,
    lender_reversals,
    lender_versions,
    loan_books,
    loan_steps,
    schedules,
)
from app.tables import GuaranteeRecovery, LenderReport, Loan, Telling
from app.tenancy import of_tenant

_PLAIN_FIELDS = [name for name in LenderReportRead.model_fields if name in LenderReport.model_fields]


@dataclass(frozen=True, slots=True)
class _Copy:
    """Our copy of the loan beside what was reported of it and stands; `waiting` are reversals of what is not told."""

    reports: Sequence[LenderReport]
    facts: Sequence[Fact]
    slots_on: SlotsOn
    waiting: Collection[UUID]

    def loss(self, reference: str | None) -> LenderReport | None:
        """The loss of a reference, null where it is not told."""
        losses = (one for one in self.reports if one.kind is ReportKind.LOSS)
        return next((one for one in losses if one.reference == reference), None)

    def before(self, report: LenderReport, *, days: int = 0) -> Books:
        """The books of the day of a report, or of some days before, as they are without the lender's losses."""
        on = report.effect_on - timedelta(days=days)
        earlier = [fact for fact in self.facts if fact.kind is not EntryKind.LOSS]
        return books(earlier, self.slots_on(on), on=on)


@dataclass(frozen=True, slots=True)
class _Registered:
    """What our rules give of a call, and what the staff have entered of a report."""

    computed_cents: int | None = None
    rule_not_stated: str | None = None
    claim_id: UUID | None = None
    recovery_id: UUID | None = None
    anomalies: list[ReportAnomaly] = field(default_factory=list)


async def of_loan(session: AsyncSession, loan: Loan) -> list[LenderReportRead]:
    """What was reported of a loan, in the order of entry."""
    reports = await lender_books.of_loan(session, loan)
    if not reports:
        return []
    backs = {(one.reversed_kind.value, one.reversed_reference): one for one in reports if one.reversed_kind}
    reversed_on = {one.id: _back_on(one, backs) for one in reports}
    copy = _Copy(
        [one for one in reports if reversed_on[one.id] is None],
        await loan_books.facts(session, loan),
        await schedules.slots_on(session, await schedules.timeline(session, loan)),
        await _waiting(session, loan, reports, backs.values()),
    )
    claims = await guarantee_facts.of_loans(session, [loan.id])
    channels = await _channels(session, reports)
    items = []
    for report in sorted(reports, key=lambda one: one.id):
        known = await _registered(session, loan, copy, claims, report)
        found = [*_anomalies(copy, report), *known.anomalies]
        items.append(
            LenderReportRead(
                **{name: getattr(report, name) for name in _PLAIN_FIELDS},
                reversed_on=reversed_on[report.id],
                computed_cents=known.computed_cents,
                rule_not_stated=known.rule_not_stated,
                claim_id=known.claim_id,
                recovery_id=known.recovery_id,
                anomalies=[] if reversed_on[report.id] else found,
                source=SOURCE_OF[channels.get(report.telling_id, Channel.API)],
            )
        )
    return items


def _back_on(report: LenderReport, backs: Mapping[tuple[str, str | None], LenderReport]) -> date | None:
    """The day on which a report is taken back."""
    back = backs.get((report.kind.value, report.reference))
    return None if back is None else back.effect_on


async def _waiting(
    session: AsyncSession, loan: Loan, reports: Sequence[LenderReport], backs: Iterable[LenderReport]
) -> set[UUID]:
    """The reversals of what the lender has not told yet."""
    told = {(one.kind.value, one.reference) for one in reports}
    return {
        back.id
        for back in backs
        if (back.reversed_kind, back.reversed_reference) not in told
        and await lender_reversals.entry_of(session, loan, back) is None
    }


async def _channels(session: AsyncSession, reports: Sequence[LenderReport]) -> dict[UUID | None, Channel]:
    """How what was told otherwise than by a machine was told."""
    statement = select(Telling).where(
        of_tenant(session, Telling), col(Telling.id).in_({one.telling_id for one in reports})
    )
    return {telling.id: telling.channel for telling in await session.scalars(statement)}


def _anomalies(copy: _Copy, report: LenderReport) -> Iterator[ReportAnomaly]:
    if report.kind is ReportKind.REVERSAL:
        if report.id in copy.waiting:
            yield ReportAnomaly.REVERSED_NOT_TOLD
        return
    if report.kind in (ReportKind.GUARANTEE_CALL, ReportKind.RECOVERY):
        yield from _of_loss_cited(copy, report)
        return
    paid = [one.effect_on for one in standing(copy.facts, on=report.effect_on) if one.kind is EntryKind.DISBURSEMENT]
    if not paid:
        yield ReportAnomaly.NOT_PAID_OUT
        return
    if report.kind is not ReportKind.LOSS:
        yield from _of_version(copy, report)
    elif (report.principal_cents or 0) > copy.before(report).outstanding_cents:
        yield ReportAnomaly.LOSS_ABOVE_OUTSTANDING


def _of_version(copy: _Copy, report: LenderReport) -> Iterator[ReportAnomaly]:
    owed, owed_before = (copy.before(report, days=days).outstanding_cents for days in (0, 1))
    if not owed:
        yield ReportAnomaly.NOTHING_OWED
    if lender_versions.is_overtaken(report, copy.reports):
        yield ReportAnomaly.OVERTAKEN
    told = report.principal_cents
    if report.kind is ReportKind.SCHEDULE:
        told = sum(row["principal_cents"] for row in report.rows)
    if told is not None and told not in (owed, owed_before):
        yield ReportAnomaly.BALANCE_DIFFERS


def _of_loss_cited(copy: _Copy, report: LenderReport) -> Iterator[ReportAnomaly]:
    loss = copy.loss(report.loss_reference)
    if loss is None:
        yield ReportAnomaly.LOSS_NOT_TOLD
    elif report.kind is ReportKind.RECOVERY:
        recovered = sum(
            one.amount_cents or 0
            for one in copy.reports
            if one.kind is ReportKind.RECOVERY and one.loss_reference == loss.reference
        )
        if recovered > (loss.principal_cents or 0) + (loss.interest_cents or 0):
            yield ReportAnomaly.RECOVERY_ABOVE_LOSS


async def _registered(
    session: AsyncSession, loan: Loan, copy: _Copy, facts: guarantee_facts.Facts, report: LenderReport
) -> _Registered:
    if report.kind is ReportKind.RECOVERY:
        entered: Sequence[GuaranteeRecovery] = facts.standing(facts.recoveries)
        found = next((one.id for one in entered if one.reference == report.reference), None)
        return _Registered(recovery_id=found)
    if report.kind is not ReportKind.GUARANTEE_CALL:
        return _Registered()
    claims = facts.standing(facts.claims)
    names = (report.guarantor, report.loss_reference)
    claim_id = next((one.id for one in claims if (one.guarantor, one.reference) == names), None)
    return await _computed(session, loan, copy.loss(report.loss_reference), report, claim_id)


async def _computed(
    session: AsyncSession, loan: Loan, loss: LenderReport | None, report: LenderReport, claim_id: UUID | None
) -> _Registered:
    """The guarantor's part of the loss by the rules of the loan, beside what was asked of it."""
    _, product = await loan_steps.rules_of(session, loan)
    try:
        place, guarantee = guarantees.chosen(product, report.guarantor)
        guarantees.check_stated(product, place)
    except RuleNotStated as refusal:
        return _Registered(rule_not_stated=str(refusal.facts["path"]), claim_id=claim_id)
    except (NoGuarantor, GuarantorNotNamed):
        return _Registered(claim_id=claim_id, anomalies=[ReportAnomaly.GUARANTOR_NOT_IN_RULES])
    if loss is None or not loss.principal_cents:
        return _Registered(claim_id=claim_id)
    lost = Lost(principal_cents=loss.principal_cents, interest_cents=loss.interest_cents or 0)
    called = await guarantee_claims.called_cents(session, loan, guarantee, but_for=claim_id)
    computed = guarantees.part_of_loss(product, place, lost, called_cents=called).cents
    above = [ReportAnomaly.CALL_ABOVE_RULES] if (report.amount_cents or 0) > computed else []
    return _Registered(computed_cents=computed, claim_id=claim_id, anomalies=above)

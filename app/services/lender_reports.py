"""Facts that a lender reports of its loan: recorded as told, in any order, and shown with what they contradict."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.dates import check_day
from app.domain.errors import ReferenceAlreadyUsed
from app.domain.lender_reports import DECISIONS, ReportKind
from app.domain.loan_decisions import LoanAuthority, LoanDecisionKind
from app.domain.permissions import Caller
from app.schemas.lender_reports import (
    AccelerationCreate,
    GuaranteeCallCreate,
    LenderRecoveryCreate,
    LenderReportList,
    LenderReportRead,
    LenderReversalCreate,
    LenderScheduleCreate,
    LossCreate,
    ReportAnswer,
)
from app.schemas.statements import ScheduleLine
from app.services import (
    events,
    lender_books,
    lender_report_reads,
    lender_reversals,
    lender_versions,
    loan_steps,
    offers,
)
from app.tables import LenderReport, Loan, LoanDecision
from app.tenancy import of_tenant

_CONTENT = (
    "loan_id", "effect_on", "schedule_kind", "decided_on", "rate_percent", "rows", "principal_cents", "interest_cents",
    "amount_cents", "guarantor", "loss_reference", "reversed_kind", "reversed_reference",
)  # fmt: skip


async def reschedule(
    session: AsyncSession, handoff_id: UUID, *, caller: Caller, today: date, body: LenderScheduleCreate | ScheduleLine
) -> ReportAnswer:
    """The lender's rows from a day on, which may be one to come, as a new version of the schedule.

    Raises NotFound, IllegalTransition where no loan was offered, ReferenceAlreadyUsed, DateInFuture, RuleNotStated
    where neither the rows nor the rules say who pays their interest.
    """
    loan = await offers.reported_loan(session, caller, handoff_id, ReportKind.SCHEDULE)
    check_day("decided_on", body.decided_on, not_before=None, today=today)
    told = LenderReport(
        **_head(loan, caller, ReportKind.SCHEDULE, body.reference, body.effective_on),
        schedule_kind=body.schedule_kind,
        decided_on=body.decided_on,
        rate_percent=body.rate_percent,
        rows=[row.model_dump(mode="json") for row in body.rows],
    )
    await lender_versions.rows_told(session, loan, told)
    return await _record(session, loan, told, caller=caller)


async def accelerate(
    session: AsyncSession, handoff_id: UUID, *, caller: Caller, today: date, body: AccelerationCreate
) -> ReportAnswer:
    """The whole is due from a day on. Raises NotFound, IllegalTransition, ReferenceAlreadyUsed, DateInFuture."""
    loan = await offers.reported_loan(session, caller, handoff_id, ReportKind.ACCELERATION)
    check_day("accelerated_on", body.accelerated_on, not_before=None, today=today)
    told = LenderReport(
        **_head(loan, caller, ReportKind.ACCELERATION, body.reference, body.accelerated_on),
        principal_cents=body.outstanding_principal_cents,
    )
    return await _record(session, loan, told, caller=caller)


async def lose(
    session: AsyncSession, handoff_id: UUID, *, caller: Caller, today: date, body: LossCreate
) -> ReportAnswer:
    """A loss of principal, of interest or of both. Raises NotFound, IllegalTransition, ReferenceAlreadyUsed,
    DateInFuture.
    """
    loan = await offers.reported_loan(session, caller, handoff_id, ReportKind.LOSS)
    check_day("lost_on", body.lost_on, not_before=None, today=today)
    told = LenderReport(
        **_head(loan, caller, ReportKind.LOSS, body.reference, body.lost_on),
        principal_cents=body.principal_cents,
        interest_cents=body.interest_cents,
    )
    return await _record(session, loan, told, caller=caller)


async def call(
    session: AsyncSession, handoff_id: UUID, *, caller: Caller, today: date, body: GuaranteeCallCreate
) -> ReportAnswer:
    """A call on a guarantor. Raises NotFound, IllegalTransition, ReferenceAlreadyUsed, DateInFuture."""
    loan = await offers.reported_loan(session, caller, handoff_id, ReportKind.GUARANTEE_CALL)
    check_day("called_on", body.called_on, not_before=None, today=today)
    told = LenderReport(
        **_head(loan, caller, ReportKind.GUARANTEE_CALL, body.reference, body.called_on),
        **body.model_dump(include={"guarantor", "amount_cents", "loss_reference"}),
    )
    return await _record(session, loan, told, caller=caller)


async def recover(
    session: AsyncSession, handoff_id: UUID, *, caller: Caller, today: date, body: LenderRecoveryCreate
) -> ReportAnswer:
    """What was recovered of a loss. Raises NotFound, IllegalTransition, ReferenceAlreadyUsed, DateInFuture."""
    loan = await offers.reported_loan(session, caller, handoff_id, ReportKind.RECOVERY)
    check_day("recovered_on", body.recovered_on, not_before=None, today=today)
    told = LenderReport(
        **_head(loan, caller, ReportKind.RECOVERY, body.reference, body.recovered_on),
        **body.model_dump(include={"amount_cents", "loss_reference"}),
    )
    return await _record(session, loan, told, caller=caller)


async def reverse(
    session: AsyncSession, handoff_id: UUID, *, caller: Caller, today: date, body: LenderReversalCreate
) -> ReportAnswer:
    """What the lender told by mistake is taken back, whether it is told yet or not. Raises NotFound,
    IllegalTransition, ReferenceAlreadyUsed, AlreadyReversed, DateInFuture.
    """
    loan = await offers.reported_loan(session, caller, handoff_id, ReportKind.REVERSAL)
    check_day("reversed_on", body.reversed_on, not_before=None, today=today)
    told = LenderReport(
        **_head(loan, caller, ReportKind.REVERSAL, body.reference, body.reversed_on),
        **body.model_dump(include={"reversed_kind", "reversed_reference"}),
    )
    return await _record(session, loan, told, caller=caller)


async def list_all(session: AsyncSession, loan_id: UUID) -> LenderReportList:
    """All that was reported of a loan, in the order of entry. Raises NotFound."""
    loan = await loan_steps.load(session, loan_id)
    items = await _reads(session, loan)
    return LenderReportList(items=items, next_cursor=None)


def _head(loan: Loan, caller: Caller, kind: ReportKind, reference: str, effect_on: date) -> dict[str, Any]:
    return {
        "tenant_id": loan.tenant_id,
        "loan_id": loan.id,
        "partner_id": loan.partner_id,
        "kind": kind,
        "reference": reference,
        "effect_on": effect_on,
        **caller.author,
    }


async def _record(session: AsyncSession, loan: Loan, told: LenderReport, *, caller: Caller) -> ReportAnswer:
    """Records a fact and gives it its effect; the same reference with the same content is the same fact."""
    statement = select(LenderReport).where(
        of_tenant(session, LenderReport),
        col(LenderReport.partner_id) == told.partner_id,
        col(LenderReport.kind) == told.kind,
        col(LenderReport.reference) == told.reference,
    )
    known = (await session.scalars(statement)).one_or_none()
    if known is None:
        if told.kind is ReportKind.REVERSAL:
            await lender_reversals.check_free(session, loan, told)
        await _decide(session, loan, told, caller=caller)
        session.add(told)
        loan.version += 1
        _tell(session, loan, told)
        await lender_books.settle(session, loan, caller=caller)
    elif any(getattr(known, name) != getattr(told, name) for name in _CONTENT):
        raise ReferenceAlreadyUsed
    report = known or told
    (read,) = [one for one in await _reads(session, loan) if one.id == report.id]
    return ReportAnswer(
        id=report.id,
        handoff_id=loan.handoff_id,
        kind=report.kind,
        reference=report.reference,
        effect_on=report.effect_on,
        known=known is not None,
        anomalies=read.anomalies,
    )


def _tell(session: AsyncSession, loan: Loan, told: LenderReport) -> None:
    events.of_loan(session, loan, f"{told.kind.value}_reported")


async def _decide(session: AsyncSession, loan: Loan, told: LenderReport, *, caller: Caller) -> None:
    """Writes the lender's decision down, where the fact is one."""
    kind = DECISIONS.get(told.kind)
    if told.schedule_kind is not None:
        kind = LoanDecisionKind(told.schedule_kind.value)
    if kind is None:
        return
    decision = LoanDecision(
        tenant_id=loan.tenant_id,
        loan_id=loan.id,
        kind=kind,
        decided_on=told.decided_on or told.effect_on,
        decided_by=LoanAuthority.LENDER,
        reference=told.reference,
        **caller.author,
    )
    session.add(decision)
    await session.flush()  # the report refers to it through a foreign key without an ORM relation
    told.decision_id = decision.id


async def _reads(session: AsyncSession, loan: Loan) -> Sequence[LenderReportRead]:
    return await lender_report_reads.of_loan(session, loan)

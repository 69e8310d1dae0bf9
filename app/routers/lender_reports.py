"""Facts that a lender reports of its loan beside its statements."""

from fastapi import status

from app.dependencies import Caller, HandoffId, LoanId, TodayAtCcas, Transaction
from app.routing import router as strict_router
from app.schemas.lender_reports import (
    AccelerationCreate,
    GuaranteeCallCreate,
    LenderRecoveryCreate,
    LenderReportList,
    LenderReversalCreate,
    LenderScheduleCreate,
    LossCreate,
    ReportAnswer,
)
from app.services import lender_reports

router = strict_router("/v1", "lender reports")


@router.post(
    "/partner/handoffs/{handoff_id}/schedules", status_code=status.HTTP_201_CREATED, summary="The lender's new rows"
)
async def reschedule(
    session: Transaction, caller: Caller, today: TodayAtCcas, handoff_id: HandoffId, body: LenderScheduleCreate
) -> ReportAnswer:
    """From a day on: a deferral, a rescheduling, an early repayment; a new version of the schedule."""
    return await lender_reports.reschedule(session, handoff_id, caller=caller, today=today, body=body)


@router.post(
    "/partner/handoffs/{handoff_id}/accelerations",
    status_code=status.HTTP_201_CREATED,
    summary="The lender calls the whole due",
)
async def accelerate(
    session: Transaction, caller: Caller, today: TodayAtCcas, handoff_id: HandoffId, body: AccelerationCreate
) -> ReportAnswer:
    """From a day on (déchéance du terme): the loan is in litigation."""
    return await lender_reports.accelerate(session, handoff_id, caller=caller, today=today, body=body)


@router.post("/partner/handoffs/{handoff_id}/losses", status_code=status.HTTP_201_CREATED, summary="The lender's loss")
async def lose(
    session: Transaction, caller: Caller, today: TodayAtCcas, handoff_id: HandoffId, body: LossCreate
) -> ReportAnswer:
    """Principal and interest; what is lost leaves the books and stays due."""
    return await lender_reports.lose(session, handoff_id, caller=caller, today=today, body=body)


@router.post(
    "/partner/handoffs/{handoff_id}/guarantee-calls",
    status_code=status.HTTP_201_CREATED,
    summary="The lender calls on a guarantor",
)
async def call(
    session: Transaction, caller: Caller, today: TodayAtCcas, handoff_id: HandoffId, body: GuaranteeCallCreate
) -> ReportAnswer:
    """For its part of a loss; the staff see it beside what the rules give, and enter the claim."""
    return await lender_reports.call(session, handoff_id, caller=caller, today=today, body=body)


@router.post(
    "/partner/handoffs/{handoff_id}/recoveries",
    status_code=status.HTTP_201_CREATED,
    summary="The lender recovered after a loss",
)
async def recover(
    session: Transaction, caller: Caller, today: TodayAtCcas, handoff_id: HandoffId, body: LenderRecoveryCreate
) -> ReportAnswer:
    """The staff see it, and share it back among those who bear the loss."""
    return await lender_reports.recover(session, handoff_id, caller=caller, today=today, body=body)


@router.post(
    "/partner/handoffs/{handoff_id}/reversals",
    status_code=status.HTTP_201_CREATED,
    summary="The lender takes back what it told by mistake",
)
async def reverse(
    session: Transaction, caller: Caller, today: TodayAtCcas, handoff_id: HandoffId, body: LenderReversalCreate
) -> ReportAnswer:
    """A payment, a repayment, a loss, a call or a recovery, by its reference; before or after it is told."""
    return await lender_reports.reverse(session, handoff_id, caller=caller, today=today, body=body)


@router.get("/loans/{loan_id}/lender-reports", summary="What the lender reports of its loan")
async def list_(session: Transaction, caller: Caller, loan_id: LoanId) -> LenderReportList:
    """In the order of entry, with what each contradicts of our copy."""
    return await lender_reports.list_all(session, loan_id)

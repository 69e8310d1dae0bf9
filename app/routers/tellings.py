"""What lenders tell by letter, entered by the staff: the same rules as for their machines."""

from fastapi import status

from app.dependencies import Answer, Caller, HandoffId, Language, Now, Today, Transaction
from app.routing import router as strict_router
from app.schemas.ficp_checks import FicpCheckRead
from app.schemas.lender_reports import ReportAnswer
from app.schemas.offers import OfferRead
from app.schemas.statements import StatementRead
from app.schemas.tellings import (
    ReportedAccelerationCreate,
    ReportedAnswerCreate,
    ReportedAnswerRead,
    ReportedCallCreate,
    ReportedCheckCreate,
    ReportedDisbursementCreate,
    ReportedLossCreate,
    ReportedOfferCreate,
    ReportedRecoveryCreate,
    ReportedReversalCreate,
    ReportedScheduleCreate,
    ReportedStatementCreate,
    ReportedStatementFileCreate,
)
from app.services import tellings

router = strict_router("/v1", "tellings")


@router.post(
    "/handoffs/{handoff_id}/answers", status_code=status.HTTP_201_CREATED, summary="The lender's answer, by letter"
)
async def answer(
    session: Transaction,
    caller: Caller,
    today: Today,
    handoff_id: HandoffId,
    body: ReportedAnswerCreate,
    answer: Answer,
) -> ReportedAnswerRead:
    """As the lender's machine would give it; the letter is named, and never dated before what it tells."""
    return answer.tagged(await tellings.answer(session, handoff_id, caller=caller, today=today, body=body))


@router.post(
    "/handoffs/{handoff_id}/ficp-checks", status_code=status.HTTP_201_CREATED, summary="The lender's check, by letter"
)
async def check(
    session: Transaction, caller: Caller, today: Today, now: Now, handoff_id: HandoffId, body: ReportedCheckCreate
) -> FicpCheckRead:
    """A conclusion and its date, nothing of the file itself; a wrong one is corrected by a later one."""
    return await tellings.check(session, handoff_id, caller=caller, today=today, now=now, body=body)


@router.post(
    "/handoffs/{handoff_id}/offers", status_code=status.HTTP_201_CREATED, summary="The lender's offer, by letter"
)
async def offer(
    session: Transaction, caller: Caller, today: Today, handoff_id: HandoffId, body: ReportedOfferCreate
) -> OfferRead:
    """With the lender's own rows, within the agreement and the rules of the CCAS."""
    return await tellings.offer(session, handoff_id, caller=caller, today=today, body=body)


@router.post(
    "/handoffs/{handoff_id}/disbursements",
    status_code=status.HTTP_201_CREATED,
    summary="The lender paid its loan out, by letter",
)
async def disburse(
    session: Transaction, caller: Caller, today: Today, handoff_id: HandoffId, body: ReportedDisbursementCreate
) -> OfferRead:
    """Whole or in part, under the lender's own reference: a fact, recorded wherever the loan stands."""
    return await tellings.disburse(session, handoff_id, caller=caller, today=today, body=body)


@router.post(
    "/handoffs/{handoff_id}/schedules", status_code=status.HTTP_201_CREATED, summary="The lender's new rows, by letter"
)
async def reschedule(
    session: Transaction, caller: Caller, today: Today, handoff_id: HandoffId, body: ReportedScheduleCreate
) -> ReportAnswer:
    """From a day on, which may be one to come: a new version of the schedule."""
    return await tellings.reschedule(session, handoff_id, caller=caller, today=today, body=body)


@router.post(
    "/handoffs/{handoff_id}/accelerations",
    status_code=status.HTTP_201_CREATED,
    summary="The lender calls the whole due, by letter",
)
async def accelerate(
    session: Transaction, caller: Caller, today: Today, handoff_id: HandoffId, body: ReportedAccelerationCreate
) -> ReportAnswer:
    """From a day on (déchéance du terme): the loan is in litigation."""
    return await tellings.accelerate(session, handoff_id, caller=caller, today=today, body=body)


@router.post(
    "/handoffs/{handoff_id}/losses", status_code=status.HTTP_201_CREATED, summary="The lender's loss, by letter"
)
async def lose(
    session: Transaction, caller: Caller, today: Today, handoff_id: HandoffId, body: ReportedLossCreate
) -> ReportAnswer:
    """Principal and interest; what is lost leaves the books and stays due."""
    return await tellings.lose(session, handoff_id, caller=caller, today=today, body=body)


@router.post(
    "/handoffs/{handoff_id}/guarantee-calls",
    status_code=status.HTTP_201_CREATED,
    summary="The lender calls on a guarantor, by letter",
)
async def call(
    session: Transaction, caller: Caller, today: Today, handoff_id: HandoffId, body: ReportedCallCreate
) -> ReportAnswer:
    """For its part of a loss; the claim itself is entered beside it."""
    return await tellings.call(session, handoff_id, caller=caller, today=today, body=body)


@router.post(
    "/handoffs/{handoff_id}/recoveries",
    status_code=status.HTTP_201_CREATED,
    summary="The lender recovered after a loss, by letter",
)
async def recover(
    session: Transaction, caller: Caller, today: Today, handoff_id: HandoffId, body: ReportedRecoveryCreate
) -> ReportAnswer:
    """To be shared back among those who bear the loss."""
    return await tellings.recover(session, handoff_id, caller=caller, today=today, body=body)


@router.post(
    "/handoffs/{handoff_id}/reversals",
    status_code=status.HTTP_201_CREATED,
    summary="The lender takes back what it told by mistake, by letter",
)
async def reverse(
    session: Transaction, caller: Caller, today: Today, handoff_id: HandoffId, body: ReportedReversalCreate
) -> ReportAnswer:
    """By the reference of what it told, by its machine or by letter."""
    return await tellings.reverse(session, handoff_id, caller=caller, today=today, body=body)


@router.post("/lender-statements", summary="A lender's statement of its loans, by letter")
async def state(
    session: Transaction, caller: Caller, today: Today, language: Language, body: ReportedStatementCreate
) -> StatementRead:
    """Each line is answered for itself; of the loans of this CCAS alone."""
    return await tellings.state(session, caller=caller, today=today, language=language, body=body)


@router.post("/lender-statement-files", summary="A lender's statement of its loans, from a file that it sent")
async def state_file(
    session: Transaction, caller: Caller, today: Today, language: Language, body: ReportedStatementFileCreate
) -> StatementRead:
    """Each line is answered for itself, as those of a statement; a file that cannot be read is refused whole."""
    return await tellings.state_file(session, caller=caller, today=today, language=language, body=body)

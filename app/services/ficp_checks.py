"""The lenders' checks of the FICP as they are told: recorded once, and followed by what they open or park."""

from datetime import date, datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import handoff_lifecycle
from app.domain.errors import DateInFuture
from app.domain.handoff_lifecycle import STAGE_OF, HandoffAction, HandoffKind, HandoffStatus
from app.domain.partner_errors import ConsultationRefReused, HandoffClosed, StageDoesNotFit
from app.domain.permissions import Caller
from app.domain.request_lifecycle import ENDED, RequestAction
from app.messages import Language
from app.schemas.batches import BatchRead
from app.schemas.ficp_checks import FicpCheckBatch, FicpCheckCreate, FicpCheckRead
from app.services import batches, handoff_steps
from app.services import request_steps as steps
from app.services.check_standings import weigh
from app.tables import FicpCheck, Handoff, Request
from app.tenancy import of_tenant

# How far the clock of a lender's machine may be ahead of ours.
CLOCK_SKEW = timedelta(minutes=5)
_OF_REQUEST = {HandoffAction.ACCEPT: RequestAction.LENDER_ACCEPT, HandoffAction.PARK: RequestAction.LENDER_PARK}
_COMPARED = ("handoff_id", "stage", "outcome", "consulted_at", "evidence_sha256")


async def push(
    session: AsyncSession, *, caller: Caller, now: datetime, language: Language, body: FicpCheckCreate | FicpCheckBatch
) -> FicpCheckRead | BatchRead:
    """Records one check or many.

    Raises for one, and answers for each of many: NotFound, ConsultationRefReused, HandoffClosed, StageDoesNotFit,
    DateInFuture.
    """
    record = partial(_record, session, caller, now)
    if isinstance(body, FicpCheckBatch):
        return await batches.each(
            session, body.items, record, order=lambda check: str(check.handoff_id), caller=caller, language=language
        )
    identifier, known = await record(body)
    return FicpCheckRead(
        id=identifier, handoff_id=body.handoff_id, stage=body.stage, status="known" if known else "recorded"
    )


async def _record(session: AsyncSession, caller: Caller, now: datetime, check: FicpCheckCreate) -> tuple[UUID, bool]:
    handoff, request = await handoff_steps.held_by_partner(session, caller, check.handoff_id)
    told = await _told_before(session, handoff, check)
    if told is not None:
        return told, True
    _check_takes(handoff, request, check)
    if check.consulted_at > now + CLOCK_SKEW:
        raise DateInFuture(field="consulted_at")
    row = FicpCheck(
        tenant_id=handoff.tenant_id,
        request_id=request.id,
        partner_id=handoff.partner_id,
        partner_client_id=caller.account_id,
        **check.model_dump(),
    )
    session.add(row)
    await session.flush()  # what now holds is read back
    await _follow(session, handoff, request, caller=caller, today=now.astimezone(caller.time_zone).date())
    return row.id, False


async def _told_before(session: AsyncSession, handoff: Handoff, check: FicpCheckCreate) -> UUID | None:
    statement = select(FicpCheck).where(
        of_tenant(session, FicpCheck),
        col(FicpCheck.partner_id) == handoff.partner_id,
        col(FicpCheck.consultation_ref) == check.consultation_ref,
    )
    known = (await session.scalars(statement)).one_or_none()
    if known is None:
        return None
    if any(getattr(known, name) != getattr(check, name) for name in _COMPARED):
        raise ConsultationRefReused
    return known.id


def _check_takes(handoff: Handoff, request: Request, check: FicpCheckCreate) -> None:
    over = {HandoffStatus.WITHDRAWN}
    if handoff.kind is HandoffKind.LOAN_FILE:
        over.add(HandoffStatus.REFUSED)
    if handoff.status in over or request.status in ENDED:
        raise HandoffClosed
    if check.stage is not STAGE_OF[handoff.kind]:
        raise StageDoesNotFit(stage=STAGE_OF[handoff.kind].value)


async def _follow(session: AsyncSession, handoff: Handoff, request: Request, *, caller: Caller, today: date) -> None:
    """Brings the handoff, and the request with it, to where the conclusion that now holds leads.

    What was accepted is weighed on the day of the acceptance. Once the offer is made, nothing moves any more.
    """
    weighed = await weigh(session, handoff, on=handoff.answered_on or today)
    action = handoff_lifecycle.action_upon_check(handoff.kind, handoff.status, weighed.standing)
    if action is None or await steps.live_loan(session, request.id) is not None:
        return
    known = [on for on in (handoff.answered_on, weighed.consulted_on) if on is not None]
    moves_request = handoff.kind is HandoffKind.LOAN_FILE and action in _OF_REQUEST
    effect_on = max([*known, await steps.last_act_on(session, request)] if moves_request else known)
    await handoff_steps.move(session, handoff, action, caller=caller, effect_on=effect_on)
    if moves_request:
        steps.move(session, request, _OF_REQUEST[action], caller=caller, effect_on=effect_on)

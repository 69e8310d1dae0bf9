"""The lenders' checks of the FICP as they are told: recorded once, and followed by what they open or park."""

from datetime import date, datetime, timedelta
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import handoff_lifecycle
from app.domain.channels import Source
from app.domain.errors import DateInFuture
from app.domain.handoff_lifecycle import STAGE_OF, HandoffAction, HandoffKind
from app.domain.partner_errors import ConsultationRefReused, HandoffClosed, StageDoesNotFit
from app.domain.permissions import Caller
from app.domain.request_lifecycle import RequestAction, RequestStatus
from app.messages import Language
from app.schemas.batches import BatchRead
from app.schemas.ficp_checks import FicpCheckBatch, FicpCheckCreate, FicpCheckRead
from app.services import batches, check_standings, checks_wanted, handoff_steps
from app.services import request_steps as steps
from app.tables import FicpCheck, Handoff, Request, Tenant
from app.tenancy import of_tenant

# How far the clock of a lender's machine may be ahead of ours.
CLOCK_SKEW = timedelta(minutes=5)
_OF_REQUEST = {HandoffAction.ACCEPT: RequestAction.LENDER_ACCEPT, HandoffAction.PARK: RequestAction.LENDER_PARK}
_LEFT_WHEN_PURGED = ("handoff_id", "stage", "consulted_at")
_COMPARED = (*_LEFT_WHEN_PURGED, "outcome")


async def push(
    session: AsyncSession, *, caller: Caller, now: datetime, language: Language, body: FicpCheckCreate | FicpCheckBatch
) -> FicpCheckRead | BatchRead:
    """Records one check or many.

    Raises for one, and answers for each of many: NotFound, SignatureMissing, NotAFile, ConsultationRefReused,
    HandoffClosed, StageDoesNotFit, DateInFuture.
    """
    record = partial(_record, session, caller, now)
    if isinstance(body, FicpCheckBatch):
        return await batches.each(
            session, body.items, record, order=lambda check: str(check.handoff_id), caller=caller, language=language
        )
    return await tell(session, caller=caller, now=now, check=body)


async def tell(session: AsyncSession, *, caller: Caller, now: datetime, check: FicpCheckCreate) -> FicpCheckRead:
    """Records one check, whoever speaks for the partner. Raises as `push` does for one."""
    identifier, known = await _record(session, caller, now, check)
    return FicpCheckRead(
        id=identifier, handoff_id=check.handoff_id, stage=check.stage, status="known" if known else "recorded"
    )


async def _record(session: AsyncSession, caller: Caller, now: datetime, check: FicpCheckCreate) -> tuple[UUID, bool]:
    handoff, request = await handoff_steps.held_by_partner(session, caller, check.handoff_id)
    told = await _told_before(session, caller, handoff, check)
    source = await check_standings.source_of_caller(session, caller)
    # From another source it is heard anew, as long as anything is: a gate may open to that source alone.
    if told and (source in told or not await _is_heard(session, handoff, request)):
        return told.get(source) or next(iter(told.values())), True
    await _check_takes(session, handoff, request, check)
    if check.consulted_at > now + CLOCK_SKEW:
        raise DateInFuture(field="consulted_at")
    row = FicpCheck(
        tenant_id=handoff.tenant_id,
        request_id=request.id,
        partner_id=handoff.partner_id,
        partner_client_id=caller.partner_client_id,
        telling_id=caller.telling_id,
        **check.model_dump(),
    )
    was_wanted = await checks_wanted.is_wanted(session, handoff)
    session.add(row)
    await session.flush()  # what now holds is read back
    handoff.version += was_wanted and not await checks_wanted.is_wanted(session, handoff)
    tenant = await session.get_one(Tenant, handoff.tenant_id)
    today = now.astimezone(ZoneInfo(tenant.time_zone)).date()
    await _follow(session, handoff, request, caller=caller, today=today)
    return row.id, False


async def _told_before(
    session: AsyncSession, caller: Caller, handoff: Handoff, check: FicpCheckCreate
) -> dict[Source, UUID]:
    """The consultation as it was told before, by its sources. Raises ConsultationRefReused where it was another."""
    statement = (
        select(FicpCheck, check_standings.source_of(FicpCheck))
        .where(
            of_tenant(session, FicpCheck),
            col(FicpCheck.partner_id) == handoff.partner_id,
            col(FicpCheck.consultation_ref) == check.consultation_ref,
        )
        .order_by(col(FicpCheck.id))
    )
    told = {}
    for known, source in (await session.execute(statement)).all():
        left = _COMPARED if known.purged_at is None else _LEFT_WHEN_PURGED
        if any(getattr(known, name) != getattr(check, name) for name in left) or _proofs_differ(known, check, caller):
            raise ConsultationRefReused
        told[Source(source)] = known.id
    return told


def _proofs_differ(known: FicpCheck, check: FicpCheckCreate, caller: Caller) -> bool:
    """Whether another proof is told than the one that was; a letter names none, and then differs from no other."""
    proofs = (known.evidence_sha256, check.evidence_sha256)
    by_letter = known.telling_id is not None or caller.telling_id is not None
    return known.purged_at is None and proofs[0] != proofs[1] and not (by_letter and None in proofs)


async def _check_takes(session: AsyncSession, handoff: Handoff, request: Request, check: FicpCheckCreate) -> None:
    if not await _is_heard(session, handoff, request):
        raise HandoffClosed
    if check.stage is not STAGE_OF[handoff.kind]:
        raise StageDoesNotFit(stage=STAGE_OF[handoff.kind].value)


async def _is_heard(session: AsyncSession, handoff: Handoff, request: Request) -> bool:
    return not (handoff_steps.is_closed(handoff, request) or await _is_purged(session, request))


async def _is_purged(session: AsyncSession, request: Request) -> bool:
    """Whether the contract was concluded so long ago that nobody keeps what a lender tells."""
    purged = exists().where(
        of_tenant(session, FicpCheck), col(FicpCheck.request_id) == request.id, col(FicpCheck.purged_at).is_not(None)
    )
    return request.status is RequestStatus.CONTRACTED and bool(await session.scalar(select(purged)))


async def _follow(session: AsyncSession, handoff: Handoff, request: Request, *, caller: Caller, today: date) -> None:
    """Brings the handoff, and the request with it, to where the conclusion that now holds leads.

    What was accepted is weighed on the day of the acceptance. Once the offer is made, nothing moves any more.
    """
    weighed = await check_standings.weigh(session, handoff, on=handoff.answered_on or today)
    action = handoff_lifecycle.action_upon_check(handoff.kind, handoff.status, weighed.standing, opens=weighed.opens)
    if action is None or await steps.live_loan(session, request.id) is not None:
        return
    known = [on for on in (handoff.answered_on, weighed.consulted_on) if on is not None] or [today]
    moves_request = handoff.kind is HandoffKind.LOAN_FILE and action in _OF_REQUEST
    effect_on = max([*known, await steps.last_act_on(session, request)] if moves_request else known)
    await handoff_steps.move(session, handoff, action, caller=caller, effect_on=effect_on)
    if moves_request:
        steps.move(session, request, _OF_REQUEST[action], caller=caller, effect_on=effect_on)

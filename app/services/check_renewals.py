"""Asking a lender to check again once its check has expired."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.check_errors import CheckAlreadyWanted, CheckNotAsked, CheckNotToRenew
from app.domain.dates import check_day
from app.domain.ficp import CheckEffect, Standing
from app.domain.handoff_lifecycle import OVER, STAGE_OF
from app.domain.partner_errors import HandoffClosed
from app.domain.permissions import Caller
from app.domain.request_lifecycle import ENDED
from app.schemas.check_renewals import CheckRenewalCreate, CheckRenewalRead
from app.services import check_standings, checks_wanted, events, handoff_steps
from app.services import request_steps as steps
from app.tables import CheckRenewal, Handoff, Request


async def create(
    session: AsyncSession, handoff_id: UUID, *, caller: Caller, today: date, body: CheckRenewalCreate | None
) -> CheckRenewalRead:
    """Asks the lender that has the file for another check: an event and its inbox tell that one is wanted, until it
    tells of it.

    Raises NotFound, NotAFile, HandoffClosed, CheckNotAsked, CheckNotToRenew, CheckAlreadyWanted, DateInFuture,
    DateOutOfOrder.
    """
    on = (body.wanted_on if body else None) or today
    handoff, request = await handoff_steps.held_file(session, handoff_id)
    await _check_open(session, handoff, request)
    check_day("wanted_on", on, not_before=await handoff_steps.last_act_on(session, request, handoff.kind), today=today)
    stage = STAGE_OF[handoff.kind]
    if handoff.check_effect is CheckEffect.IGNORE:
        raise CheckNotAsked(stage=stage.value)
    weighed = await check_standings.weigh(session, handoff, on=on)
    if weighed.standing is not Standing.TO_RENEW or weighed.consulted_at is None:
        raise CheckNotToRenew(stage=stage.value, standing=weighed.standing.value)
    if await checks_wanted.is_wanted(session, handoff):
        raise CheckAlreadyWanted
    renewal = CheckRenewal(
        tenant_id=handoff.tenant_id,
        request_id=request.id,
        handoff_id=handoff.id,
        wanted_on=on,
        expired_at=weighed.consulted_at,
        account_id=caller.account_id,
    )
    session.add(renewal)
    handoff.version += 1
    events.of_handoff(session, handoff, "check_wanted")
    return CheckRenewalRead(
        id=renewal.id, handoff_id=handoff.id, stage=stage, wanted_on=on, entered_at=renewal.entered_at
    )


async def _check_open(session: AsyncSession, handoff: Handoff, request: Request) -> None:
    is_over = handoff.kind not in STAGE_OF or handoff.status in OVER or request.status in ENDED
    if is_over or await steps.live_loan(session, request.id) is not None:
        raise HandoffClosed

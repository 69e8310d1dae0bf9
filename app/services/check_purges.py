"""The conclusions of the lenders' checks are erased at the end of their retention; their reference and date stay.

When, is told by `app.domain.ficp.purge_from`. The proof (justificatif) stays with the lender, who alone must keep it:
its hash goes with the conclusion. So does all that tells which way a precheck went, for it goes the way of its check:
where it stands, its steps, and their events (docs/decisions/0013-what-tells-of-a-purged-conclusion.md).
"""

from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import ficp
from app.domain.ficp import CheckStage
from app.domain.national_law import Law, Scope
from app.domain.request_lifecycle import ENDED, RequestStatus
from app.parameters.law import national_law
from app.services import kept_answers
from app.services import request_steps as steps
from app.tables import (
    Decision,
    Event,
    FicpCheck,
    Handoff,
    HandoffRoute,
    HandoffTransition,
    Notification,
    PartnerEvent,
    Request,
    RequestTransition,
    Tenant,
)
from app.tables.base import utc_now
from app.tenancy import bind_partner, bound_tenant, of_tenant

# Where it is told how a precheck stands or stood: the columns of each table, found by what names the handoff.
_TELLING: tuple[tuple[Any, str, tuple[str, ...]], ...] = (
    (Handoff, "id", ("status",)),
    (HandoffRoute, "handoff_id", ("status",)),
    (HandoffTransition, "handoff_id", ("action", "from_status", "to_status")),
    (Event, "subject_id", ("kind", "status")),
    (PartnerEvent, "handoff_id", ("kind", "status")),
)
_OVER = ENDED | {RequestStatus.CONTRACTED}


async def due(session: AsyncSession, *, on: date) -> list[UUID]:
    """The requests of the tenant with a conclusion to erase on a day, oldest first."""
    kept = (
        select(col(FicpCheck.request_id))
        .join(Request, (col(Request.tenant_id) == FicpCheck.tenant_id) & (col(Request.id) == FicpCheck.request_id))
        .where(of_tenant(session, FicpCheck), col(FicpCheck.purged_at).is_(None), col(Request.status).in_(_OVER))
        .distinct()
    )
    found = sorted(await session.scalars(kept))
    return [request_id for request_id in found if await _is_due(session, request_id, on=on)]


async def purge(session: AsyncSession, request_id: UUID, *, on: date) -> int:
    """Erases what the lenders concluded of a request, if it is still due; how many checks lost their conclusion."""
    request = await steps.locked(session, request_id)
    if request.status not in _OVER or not await _is_due(session, request_id, on=on):
        return 0
    statement = (
        update(FicpCheck)
        .where(
            of_tenant(session, FicpCheck),
            col(FicpCheck.request_id) == request_id,
            col(FicpCheck.purged_at).is_(None),
        )
        .values(outcome=None, evidence_sha256=None, purged_at=utc_now())
        .returning(col(FicpCheck.id))
    )
    purged = await session.scalars(statement.execution_options(synchronize_session=False))
    count = len(purged.all())
    await _forget_the_ways(session, request_id)
    return count


async def _forget_the_ways(session: AsyncSession, request_id: UUID) -> None:
    """Whatever is kept of the prechecks that were answered says no more than that they were.

    The database knows what tells of a conclusion and what is left of it, and takes no other change.
    """
    answered = (
        select(Handoff)
        .where(
            of_tenant(session, Handoff),
            col(Handoff.request_id) == request_id,
            exists().where(
                of_tenant(session, FicpCheck),
                col(FicpCheck.handoff_id) == Handoff.id,
                col(FicpCheck.stage) == CheckStage.PRECHECK,
            ),
        )
        .order_by(col(Handoff.id))
    )
    for handoff in (await session.scalars(answered)).all():
        await bind_partner(session, handoff.partner_id)
        for table, key, names in _TELLING:
            left = {name: func.without_conclusion(getattr(table, name)) for name in names}
            told = (table.tenant_id == handoff.tenant_id, getattr(table, key) == handoff.id)
            changes = or_(*(left[name] != getattr(table, name) for name in names))
            statement = update(table).where(*told, changes).values(left)
            await session.execute(statement.execution_options(synchronize_session=False))
        handoff.version += 1
        await kept_answers.forget_of_precheck(session, handoff)


async def _is_due(session: AsyncSession, request_id: UUID, *, on: date) -> bool:
    ended_on = await _ended_on(session, request_id)
    months = national_law().whole(Law.APPEAL_MONTHS, scope=Scope.PUBLIC_DECISIONS, on=ended_on)
    return months is not None and on >= ficp.purge_from(ended_on, appeal_months=months)


async def _ended_on(session: AsyncSession, request_id: UUID) -> date:
    """The day on which a request came to its end, or to its contract; that of the last notification if later."""
    tenant = await session.get_one(Tenant, bound_tenant(session))
    last = (
        select(col(RequestTransition.effect_on), col(RequestTransition.entered_at))
        .where(of_tenant(session, RequestTransition), col(RequestTransition.request_id) == request_id)
        .order_by(col(RequestTransition.id).desc())
        .limit(1)
    )
    effect_on, entered_at = (await session.execute(last)).one()
    notified = (
        select(func.max(col(Notification.notified_on)))
        .join(
            Decision,
            (col(Decision.tenant_id) == Notification.tenant_id) & (col(Decision.id) == Notification.decision_id),
        )
        .where(of_tenant(session, Notification), col(Decision.request_id) == request_id)
    )
    ended_on: date = effect_on or entered_at.astimezone(ZoneInfo(tenant.time_zone)).date()
    notified_on: date | None = await session.scalar(notified)
    return max(ended_on, notified_on) if notified_on else ended_on

"""How much one full-time post may bear: set from a day on by the manager, never changed; no source tells a limit."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.permissions import Caller
from app.domain.workload import Measure
from app.schemas.workload_thresholds import ThresholdCreate, ThresholdList, ThresholdRead
from app.tables import WorkloadThreshold
from app.tenancy import bound_tenant, of_tenant

_IN_ORDER = (col(WorkloadThreshold.valid_from), col(WorkloadThreshold.entered_at), col(WorkloadThreshold.id))


async def create(session: AsyncSession, *, caller: Caller, body: ThresholdCreate) -> ThresholdRead:
    """Sets a limit from a day on, or lifts it."""
    threshold = WorkloadThreshold(tenant_id=bound_tenant(session), account_id=caller.account_id, **body.model_dump())
    session.add(threshold)
    return ThresholdRead.model_validate(threshold)


async def list_all(session: AsyncSession) -> ThresholdList:
    """Every limit that was set."""
    statement = select(WorkloadThreshold).where(of_tenant(session, WorkloadThreshold)).order_by(*_IN_ORDER)
    rows = (await session.scalars(statement)).all()
    return ThresholdList(items=[ThresholdRead.model_validate(row) for row in rows], next_cursor=None)


async def in_force(session: AsyncSession, *, on: date) -> dict[Measure, int | None]:
    """The limits that count on a day; what is not named has none."""
    statement = (
        select(col(WorkloadThreshold.measure), col(WorkloadThreshold.per_fte_max))
        .where(of_tenant(session, WorkloadThreshold), col(WorkloadThreshold.valid_from) <= on)
        .order_by(*_IN_ORDER)
    )
    return {row.measure: row.per_fte_max for row in await session.execute(statement)}

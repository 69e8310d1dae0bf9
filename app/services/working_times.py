"""The time that someone spends on the scheme: told from a day on, never changed."""

from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.permissions import Caller
from app.schemas.working_times import WorkingTimeCreate, WorkingTimeList, WorkingTimeRead
from app.services import users
from app.tables import WorkingTime
from app.tenancy import bound_tenant, of_tenant

_IN_ORDER = (col(WorkingTime.valid_from), col(WorkingTime.entered_at), col(WorkingTime.id))


async def create(session: AsyncSession, user_id: UUID, *, caller: Caller, body: WorkingTimeCreate) -> WorkingTimeRead:
    """Tells someone's working time from a day on. Raises NotFound."""
    await users.check_known(session, user_id)
    told = WorkingTime(
        tenant_id=bound_tenant(session), worker_id=user_id, account_id=caller.account_id, **body.model_dump()
    )
    session.add(told)
    return WorkingTimeRead.model_validate(told)


async def list_all(session: AsyncSession, user_id: UUID) -> WorkingTimeList:
    """What was told of someone's working time. Raises NotFound."""
    await users.check_known(session, user_id)
    statement = select(WorkingTime).where(of_tenant(session, WorkingTime), col(WorkingTime.worker_id) == user_id)
    rows = (await session.scalars(statement.order_by(*_IN_ORDER))).all()
    return WorkingTimeList(items=[WorkingTimeRead.model_validate(row) for row in rows], next_cursor=None)


async def in_force(session: AsyncSession, *, on: date) -> dict[UUID, int]:
    """The working times that count on a day, in percent of a full-time post, by account."""
    statement = (
        select(col(WorkingTime.worker_id), col(WorkingTime.fte_percent))
        .where(of_tenant(session, WorkingTime), col(WorkingTime.valid_from) <= on)
        .order_by(*_IN_ORDER)
    )
    return {row.worker_id: row.fte_percent for row in await session.execute(statement)}

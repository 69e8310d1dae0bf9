"""The parts of a file that are kept as numbered revisions: each change adds one, none is overwritten."""

from typing import TypeVar
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.tables import ActionPlan, Assessment, Budget, FinancingPlan
from app.tenancy import of_tenant

Part = TypeVar("Part", ActionPlan, Assessment, Budget, FinancingPlan)


async def latest(session: AsyncSession, part: type[Part], request_id: UUID) -> Part | None:
    """The latest revision of a part of the file."""
    statement = (
        select(part)
        .where(of_tenant(session, part), col(part.request_id) == request_id)
        .order_by(col(part.revision).desc())
        .limit(1)
    )
    return (await session.scalars(statement)).one_or_none()


async def next_number(session: AsyncSession, part: type[Part], request_id: UUID) -> int:
    """The number of the revision to come."""
    statement = select(func.max(col(part.revision))).where(of_tenant(session, part), col(part.request_id) == request_id)
    return ((await session.scalars(statement)).one() or 0) + 1

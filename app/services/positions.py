"""Positions of the public accountant: up to which day what was paid is known, and so what was not."""

from datetime import date, datetime

from pydantic import TypeAdapter
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.dates import check_day
from app.domain.permissions import Caller
from app.schemas.base import Page, PageQuery
from app.schemas.positions import PositionCreate, PositionRead
from app.services.pages import page
from app.tables import Position
from app.tenancy import bound_tenant, of_tenant

_COLUMNS = [getattr(Position, name) for name in PositionRead.model_fields]
_ITEMS = TypeAdapter(list[PositionRead])


async def create(session: AsyncSession, *, caller: Caller, today: date, body: PositionCreate) -> PositionRead:
    """Records a position of the loans of own funds. Raises DateInFuture."""
    check_day("position_on", body.position_on, not_before=None, today=today)
    position = Position(tenant_id=bound_tenant(session), account_id=caller.account_id, **body.model_dump())
    session.add(position)
    return PositionRead.model_validate(position)


async def list_page(session: AsyncSession, *, query: PageQuery) -> Page[PositionRead]:
    """Positions, newest first."""
    return await page(session, select(*_COLUMNS), Position, query=query, items=_ITEMS)


async def latest(session: AsyncSession, *, known_at: datetime | None = None) -> date | None:
    """The last day up to which the accountant has told all; null before the first position."""
    statement = select(func.max(Position.position_on)).where(of_tenant(session, Position))
    if known_at is not None:
        statement = statement.where(col(Position.entered_at) <= known_at)
    return (await session.scalars(statement)).one()

"""Whether the service can work."""

from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.errors import Unavailable
from app.schemas.health import HealthRead


async def ready(session: AsyncSession, *, revision: str) -> HealthRead:
    """In order, or Unavailable when the database is not at the revision that this code expects."""
    try:
        found = (await session.execute(text("select version_num from alembic_version"))).scalar_one_or_none()
    except ProgrammingError as error:
        raise Unavailable from error
    if found != revision:
        raise Unavailable
    return HealthRead(status="ok")

"""References that people read and write: one series a year for each kind of thing."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from app.tenancy import bound_tenant

_NEXT = text(
    """
    insert into reference_counters (tenant_id, id, series, year, last_number)
    values (:tenant_id, :id, :series, :year, 1)
    on conflict (tenant_id, series, year) do update set last_number = reference_counters.last_number + 1
    returning last_number
    """
)


async def next_reference(session: AsyncSession, *, series: str, year: int) -> str:
    """The next reference of the series, such as D-2011-0042; without holes, as the row stays locked until the end."""
    number = (
        await session.execute(
            _NEXT, {"tenant_id": bound_tenant(session), "id": uuid7(), "series": series, "year": year}
        )
    ).scalar_one()
    return f"{series}-{year}-{number:04d}"

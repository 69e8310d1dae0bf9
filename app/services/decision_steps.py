"""The row of a decision as other acts need it."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.errors import NotFound
from app.tables import Decision
from app.tenancy import bound_tenant


async def load(session: AsyncSession, decision_id: UUID) -> Decision:
    """The row of a decision, or NotFound."""
    decision = await session.get(Decision, (bound_tenant(session), decision_id))
    if decision is None:
        raise NotFound
    return decision

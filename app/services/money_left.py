"""What is left of the year's envelopes, for the members of a committee."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.schemas.agenda_pages import PageMoneyLeft
from app.services import envelopes
from app.tables import CommitteeSession


async def of_session(session: AsyncSession, sitting: CommitteeSession) -> list[PageMoneyLeft] | None:
    """Each envelope without what the session decided, and with it, in cents; null where the CCAS keeps none."""
    year = sitting.held_on.year
    standing = await envelopes.left(session, year=year)
    if not standing:
        return None
    held = await envelopes.held_by(session, sitting.id, year=year)
    return [
        PageMoneyLeft(kind=one.kind.value, before_cents=one.left_cents + held[one.kind], left_cents=one.left_cents)
        for one in standing
    ]

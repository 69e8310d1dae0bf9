"""Who owes a loan: those who borrowed, and the estate of those who died."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain import liabilities
from app.domain.liabilities import Liable
from app.services import letterheads
from app.tables import Loan, Request


async def liable(session: AsyncSession, loan: Loan, *, on: date) -> list[Liable]:
    """Who owes a loan on a day, of all that is known now of the borrowers' deaths."""
    request = await session.get_one(Request, (loan.tenant_id, loan.request_id))
    borrowers = await letterheads.people_of(session, request)
    return liabilities.liable([person.deceased_on for person in borrowers], on=on)

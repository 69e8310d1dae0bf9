"""Whether the partner that something was handed over to may still read it."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.handoff_lifecycle import Withheld
from app.domain.loan_lifecycle import CONTRACTED, LoanStage
from app.domain.partner_errors import AuthorisationMissing
from app.services import authorisations, handoff_steps, loan_states
from app.tables import Handoff, Loan
from app.tenancy import of_tenant


async def withheld(session: AsyncSession, handoff: Handoff, *, on: date) -> Withheld | None:
    """Why its partner does not read on a day what a handoff holds; null where it does. Staff read it all the same.

    A file is read under the authorisation of that day. Once a contract came of it, under that of the day of the
    contract: a contract in force is carried out, whatever was withdrawn since.
    """
    request = await handoff_steps.file_of(session, handoff)
    if handoff_steps.is_closed(handoff, request):
        return Withheld.HANDOFF_CLOSED
    if request is None:
        return None
    try:
        asked_on = await _contracted_on(session, handoff) or on
        await authorisations.check_still_given(session, request, handoff, on=asked_on)
    except AuthorisationMissing:
        return Withheld.AUTHORISATION_MISSING
    return None


async def _contracted_on(session: AsyncSession, handoff: Handoff) -> date | None:
    """The day of the last signature of the contract in force that came of a handoff; null without one."""
    statement = select(Loan).where(
        of_tenant(session, Loan), col(Loan.handoff_id) == handoff.id, col(Loan.stage).in_(sorted(CONTRACTED))
    )
    loan = (await session.scalars(statement)).one_or_none()
    return await loan_states.reached_on(session, loan, LoanStage.ACCEPTED) if loan else None

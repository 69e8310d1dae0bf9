"""A person takes an authorisation back: the partner is told of each file that it reads no more."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.handoff_lifecycle import FILES, Withheld
from app.schemas.authorisations import AuthorisationRead, WithdrawalCreate
from app.services import authorisations, events, handoff_contents, handoff_steps
from app.tables import Authorisation, Handoff, Request
from app.tenancy import of_tenant, widened


async def create(
    session: AsyncSession, person_id: UUID, authorisation_id: UUID, *, today: date, body: WithdrawalCreate
) -> AuthorisationRead:
    """Ends one. Raises as `authorisations.withdraw`."""
    async with widened(session):
        files = await _files(session, person_id, authorisation_id)
        read_until_now = [file.id for file in files if await handoff_contents.withheld(session, file, on=today) is None]
    ended = await authorisations.withdraw(session, person_id, authorisation_id, today=today, body=body)
    await session.flush()  # what it ends is read back
    async with widened(session):
        for handoff_id in read_until_now:
            await _tell(session, handoff_id, today=today)
        await session.flush()  # in whatever commune they are
    return ended


async def _files(session: AsyncSession, person_id: UUID, authorisation_id: UUID) -> Sequence[Handoff]:
    """What lies with the partner of an authorisation of the files of a person, oldest first."""
    borrows = or_(col(Request.applicant_id) == person_id, col(Request.co_applicant_id) == person_id)
    statement = (
        select(Handoff)
        .join(Request, and_(col(Request.tenant_id) == Handoff.tenant_id, col(Request.id) == Handoff.request_id))
        .join(
            Authorisation,
            and_(
                col(Authorisation.tenant_id) == Handoff.tenant_id, col(Authorisation.partner_id) == Handoff.partner_id
            ),
        )
        .where(
            of_tenant(session, Handoff),
            col(Authorisation.id) == authorisation_id,
            borrows,
            col(Handoff.kind).in_(sorted(FILES)),
        )
        .order_by(col(Handoff.id))
    )
    return (await session.scalars(statement)).all()


async def _tell(session: AsyncSession, handoff_id: UUID, *, today: date) -> None:
    handoff, _ = await handoff_steps.held_file(session, handoff_id)
    if await handoff_contents.withheld(session, handoff, on=today) is not Withheld.AUTHORISATION_MISSING:
        return
    handoff.version += 1
    events.of_handoff(session, handoff, "authorisation_withdrawn")

"""Members who leave for a file (déport), for a conflict of interest."""

from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.committee_errors import AlreadyRecused, VotesRecorded
from app.domain.permissions import Caller
from app.domain.session_lifecycle import check_attended
from app.schemas.recusals import RecusalCreate, RecusalRead
from app.services import committee_members, votes
from app.services import session_steps as steps
from app.tables import CommitteeMember, Recusal
from app.tenancy import of_tenant


async def create(
    session: AsyncSession, committee_id: UUID, session_id: UUID, item_id: UUID, *, caller: Caller, body: RecusalCreate
) -> RecusalRead:
    """A member leaves for an item that has no outcome yet.

    Raises NotFound, SessionOver, SessionNotOpen before the members are convened, ItemSettled, NotInOffice,
    AlreadyRecused, VotesRecorded.
    """
    sitting = await steps.locked(session, committee_id, session_id)
    item = await steps.locked_item(session, sitting, item_id)
    check_attended(sitting.status)
    steps.check_unsettled(item)
    members = await committee_members.in_office(session, sitting.committee_id, on=sitting.held_on)
    member = committee_members.check_in_office(members, body.member_id, field="member_id", on=sitting.held_on)
    if any(known.member_id == member.id for known in await of_item(session, item.id)):
        raise AlreadyRecused
    if await votes.of_item(session, item.id) is not None:
        raise VotesRecorded
    recusal = Recusal(
        tenant_id=sitting.tenant_id,
        session_id=sitting.id,
        agenda_item_id=item.id,
        account_id=caller.account_id,
        **body.model_dump(),
    )
    session.add(recusal)
    sitting.version += 1
    return RecusalRead(**recusal.model_dump(include=set(RecusalRead.model_fields)), name=member.name)


async def of_item(session: AsyncSession, item_id: UUID) -> list[RecusalRead]:
    """Who left for an item, in the order of entry."""
    columns = [getattr(Recusal, name) for name in RecusalRead.model_fields if name in Recusal.model_fields]
    of_member = and_(of_tenant(session, CommitteeMember), col(CommitteeMember.id) == Recusal.member_id)
    statement = (
        select(*columns, col(CommitteeMember.name))
        .join(CommitteeMember, of_member)
        .where(of_tenant(session, Recusal), col(Recusal.agenda_item_id) == item_id)
        .order_by(col(Recusal.id))
    )
    return [RecusalRead.model_validate(row) for row in (await session.execute(statement)).mappings()]

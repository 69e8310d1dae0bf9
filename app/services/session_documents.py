"""The papers of a session of a committee: its agenda, and the minutes as they were frozen."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import documents
from app.documents import Document
from app.domain.permissions import Caller
from app.schemas.session_documents import SessionDocument
from app.services import agenda_items, committees, letterheads, minutes, money_left, session_papers
from app.services import session_steps as steps
from app.services.letterheads import Data
from app.tables import CommitteeSession


async def of_session(
    session: AsyncSession, committee_id: UUID, session_id: UUID, kind: SessionDocument, *, caller: Caller
) -> Document:
    """A paper of a session. Raises NotFound, for the minutes before the session is closed too."""
    sitting = await steps.load(session, committee_id, session_id)
    if kind is SessionDocument.AGENDA:
        name, data = "ordre-du-jour", await _agenda(session, sitting)
    else:
        name, data = "proces-verbal", await _minutes(session, sitting, caller=caller)
    return await documents.make(kind.value, data, file_name=f"{name}-{sitting.held_on.isoformat()}.pdf")


async def _agenda(session: AsyncSession, sitting: CommitteeSession) -> Data:
    committee = await committees.read(session, sitting.committee_id)
    listed = await agenda_items.list_all(session, sitting.committee_id, sitting.id)
    money = await money_left.of_session(session, sitting)
    head = await letterheads.of_ccas(session, title="Ordre du jour", on=sitting.held_on, reference=None)
    return {
        **head,
        **session_papers.agenda(
            sitting.model_dump(mode="json", include={"held_on", "convened_on", "place"}),
            committee=committee.name,
            items=[item.model_dump(mode="json") for item in listed.items],
            money=None if money is None else [one.model_dump(mode="json") for one in money],
        ),
    }


async def _minutes(session: AsyncSession, sitting: CommitteeSession, *, caller: Caller) -> Data:
    frozen = await minutes.read(session, sitting.committee_id, sitting.id, caller=caller)
    head = await letterheads.of_ccas(session, title="Procès-verbal", on=sitting.held_on, reference=frozen.reference)
    return {**head, **session_papers.minutes(frozen.content)}

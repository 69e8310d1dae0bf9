"""The letter that tells a person which papers are awaited: never a word of money, nor of what banks know."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import messages
from app.domain.meeting_errors import NothingAsked
from app.domain.papers import PaperParty, PaperStatus
from app.messages import Language
from app.parameters.codes import label
from app.schemas.papers import PaperLetter
from app.services import papers
from app.services import request_steps as steps
from app.tables import Paper, Person, Request, Tenant


async def read(session: AsyncSession, request_id: UUID, *, today: date, language: Language) -> PaperLetter:
    """The letter as it would leave today. Raises NotFound, NothingAsked."""
    request = await steps.load(session, request_id)
    asked = await papers.of_request(session, request)
    if not asked:
        raise NothingAsked
    person = await session.get_one(Person, (request.tenant_id, request.applicant_id))
    to = f"{person.first_names} {person.usage_name or person.birth_name}"
    tenant = await session.get_one(Tenant, request.tenant_id)
    lines = [
        messages.of_letter("greeting", {"name": to}, language),
        messages.of_letter("day", {"on": today.isoformat()}, language),
        *_told(request, asked, language),
        messages.of_letter("closing", {}, language),
        tenant.name,
    ]
    return PaperLetter(to=to, lines=lines, text="\n".join(lines))


def _told(request: Request, asked: Sequence[Paper], language: Language) -> list[str]:
    awaited = [paper for paper in asked if paper.status is PaperStatus.ASKED]
    received = [paper for paper in asked if paper.status is PaperStatus.RECEIVED]
    about = {"reference": request.reference, "received_on": request.received_on.isoformat()}
    lines = [messages.of_letter("awaited" if awaited else "nothing_awaited", about, language)]
    lines += [_line(paper, language) for paper in awaited]
    if received:
        lines.append(messages.of_letter("received", {}, language))
        lines += [_line(paper, language) for paper in received]
    return lines


def named(paper: Paper, language: Language) -> str:
    """A paper as letters name it."""
    told = label("papers", paper.code, language)
    if paper.label is not None:
        told = f"{told} ({paper.label})"
    if paper.party is PaperParty.CO_APPLICANT:
        told = messages.of_letter("of_co_applicant", {"paper": told}, language)
    return told


def _line(paper: Paper, language: Language) -> str:
    told = named(paper, language)
    if paper.seen_on is not None:
        told = messages.of_letter("seen", {"paper": told, "on": paper.seen_on.isoformat()}, language)
    elif paper.due_on is not None:
        told = messages.of_letter("due", {"paper": told, "on": paper.due_on.isoformat()}, language)
    return f"- {told}"

"""The papers of a request: what each says is read by a function of its own, and shown by the template of its name."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import documents
from app.documents import Document
from app.schemas.documents import RequestDocument
from app.services import decision_notices, file_papers
from app.services import request_steps as steps
from app.services.letterheads import Data
from app.tables import Request

# The name of the file, and what reads the data.
_PAPERS: dict[RequestDocument, tuple[str, Callable[[AsyncSession, Request], Awaitable[Data]]]] = {
    RequestDocument.INTAKE_SHEET: ("fiche-recueil", file_papers.intake_sheet),
    RequestDocument.PAPERS_LIST: ("pieces", file_papers.papers_list),
    RequestDocument.RECEIPT: ("accuse-de-reception", file_papers.receipt),
    RequestDocument.ASSESSMENT: ("rapport-social", file_papers.assessment),
    RequestDocument.ACTION_PLAN: ("plan-d-action", file_papers.action_plan),
    RequestDocument.DECISION_NOTICE: ("decision", decision_notices.notice),
}


async def of_request(session: AsyncSession, request_id: UUID, kind: RequestDocument) -> Document:
    """A paper of a request. Raises NotFound, DocumentNotReady, NotNotifiable, ReasonNamesRegister."""
    request = await steps.load(session, request_id)
    name, read = _PAPERS[kind]
    return await documents.make(kind.value, await read(session, request), file_name=f"{name}-{request.reference}.pdf")

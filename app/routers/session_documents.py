"""The papers of a session in PDF, made when they are asked for and kept nowhere."""

from app.dependencies import Answer, Caller, CommitteeId, PdfResponse, SessionId, Transaction
from app.routing import PDF
from app.routing import router as strict_router
from app.schemas.session_documents import SessionDocument
from app.services import session_documents

router = strict_router("/v1/committees/{committee_id}/sessions/{session_id}", "documents")


@router.get("/documents/{kind}", response_class=PdfResponse, responses=PDF, summary="A paper of a session, in PDF")
async def read(
    session: Transaction,
    caller: Caller,
    committee_id: CommitteeId,
    session_id: SessionId,
    kind: SessionDocument,
    answer: Answer,
) -> PdfResponse:
    """The agenda of the files that the caller sees, or the minutes once the session is closed."""
    return answer.printed(await session_documents.of_session(session, committee_id, session_id, kind, caller=caller))

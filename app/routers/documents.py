"""The papers in PDF, made when they are asked for and kept nowhere."""

from app.dependencies import Answer, Caller, PdfResponse, RequestId, Transaction
from app.routing import PDF
from app.routing import router as strict_router
from app.schemas.documents import RequestDocument
from app.services import documents

router = strict_router("/v1", "documents")


@router.get(
    "/requests/{request_id}/documents/{kind}",
    response_class=PdfResponse,
    responses=PDF,
    summary="A paper of a request, in PDF",
)
async def read_of_request(
    session: Transaction, caller: Caller, request_id: RequestId, kind: RequestDocument, answer: Answer
) -> PdfResponse:
    """Made of what the file says now; 409 where what it tells has not come."""
    return answer.printed(await documents.of_request(session, request_id, kind))

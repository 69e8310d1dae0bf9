"""Requests that are taken up again."""

from app.dependencies import Answer, Caller, RequestId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.reopenings import ReopenCreate, ReopeningList
from app.schemas.requests import RequestRead
from app.services import reopenings

router = strict_router("/v1/requests/{request_id}", "requests")


@router.post("/reopen", summary="A closed request is taken up again")
async def create(
    session: Transaction, caller: Caller, today: Today, request_id: RequestId, body: ReopenCreate, answer: Answer
) -> RequestRead:
    """Where its instruction stood; how it had been closed is kept. A decision of the CCAS is not undone so."""
    return answer.tagged(await reopenings.create(session, request_id, caller=caller, today=today, body=body))


@router.get("/reopenings", summary="The times a request was taken up again")
async def list_(session: Transaction, caller: Caller, request_id: RequestId) -> ReopeningList:
    """Newest first, each with the closing that it undid."""
    return await reopenings.list_all(session, request_id)

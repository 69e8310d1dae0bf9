"""The papers of a file (pièces justificatives)."""

from fastapi import status

from app.dependencies import Answer, Caller, Language, PaperId, RequestId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.papers import (
    PaperCreate,
    PaperLetter,
    PaperList,
    PaperListCreate,
    PaperRead,
    ReceiptCreate,
    WaiverCreate,
)
from app.services import paper_letters, papers

router = strict_router("/v1", "papers")


@router.post("/requests/{request_id}/papers", status_code=status.HTTP_201_CREATED, summary="A paper is asked for")
async def create(
    session: Transaction, caller: Caller, today: Today, request_id: RequestId, body: PaperCreate, answer: Answer
) -> PaperRead:
    """Of the rules' list or another."""
    return answer.tagged(await papers.create(session, request_id, caller=caller, today=today, body=body))


@router.post(
    "/requests/{request_id}/papers/ask-list",
    status_code=status.HTTP_201_CREATED,
    summary="The papers of the rules are asked for",
)
async def create_list(
    session: Transaction, caller: Caller, today: Today, request_id: RequestId, body: PaperListCreate
) -> PaperList:
    """All at once, but for those that were asked for already."""
    return await papers.create_list(session, request_id, caller=caller, today=today, body=body)


@router.get("/requests/{request_id}/papers", summary="The papers of a request")
async def list_(session: Transaction, caller: Caller, today: Today, request_id: RequestId) -> PaperList:
    """Asked for, received and waived; and what keeps the file from the commission."""
    return await papers.list_all(session, request_id, today=today)


@router.get("/requests/{request_id}/papers/letter", summary="The letter that asks for papers")
async def letter(
    session: Transaction, caller: Caller, today: Today, language: Language, request_id: RequestId
) -> PaperLetter:
    """Plain text, in French or English: what is awaited and until when, and what was received."""
    return await paper_letters.read(session, request_id, today=today, language=language)


@router.post("/papers/{paper_id}/receipt", status_code=status.HTTP_201_CREATED, summary="The caller saw a paper")
async def receive(
    session: Transaction, caller: Caller, today: Today, paper_id: PaperId, body: ReceiptCreate, answer: Answer
) -> PaperRead:
    """The original or a copy; nothing of it is stored here."""
    return answer.tagged(await papers.receive(session, paper_id, caller=caller, today=today, body=body))


@router.post("/papers/{paper_id}/waive", status_code=status.HTTP_201_CREATED, summary="A paper is no longer needed")
async def waive(
    session: Transaction, caller: Caller, today: Today, paper_id: PaperId, body: WaiverCreate, answer: Answer
) -> PaperRead:
    """With a reason."""
    return answer.tagged(await papers.waive(session, paper_id, caller=caller, today=today, body=body))

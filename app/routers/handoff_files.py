"""Handoffs as files, for lenders that take files."""

from app.dependencies import Answer, Caller, CsvResponse, HandoffId, PdfResponse, Today, Transaction
from app.routing import CSV, PDF
from app.routing import router as strict_router
from app.services import handoff_files

router = strict_router("/v1/handoffs/{handoff_id}/files", "handoffs")


@router.get("/payload.csv", response_class=CsvResponse, responses=CSV, summary="What was handed over, line by line")
async def csv(session: Transaction, caller: Caller, today: Today, handoff_id: HandoffId, answer: Answer) -> CsvResponse:
    """As long as the handoff lives. RFC 4180, UTF-8: `handoff_id,payload_sha256,section,number,field,value`."""
    return answer.filed(f"transmission-{handoff_id}", await handoff_files.csv(session, handoff_id, today=today))


@router.get("/payload.pdf", response_class=PdfResponse, responses=PDF, summary="What was handed over, on paper")
async def pdf(session: Transaction, caller: Caller, today: Today, handoff_id: HandoffId, answer: Answer) -> PdfResponse:
    """As long as the handoff lives; with the hash of the text that was handed over."""
    return answer.printed(await handoff_files.pdf(session, handoff_id, today=today))

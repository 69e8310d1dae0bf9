"""Links by which an officer of a lender answers a handoff."""

from fastapi import status

from app.dependencies import Caller, HandoffId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.lender_links import LenderLinkCreate, LenderLinkCreated
from app.services import lender_links

router = strict_router("/v1/handoffs/{handoff_id}/links", "handoffs")


@router.post("", status_code=status.HTTP_201_CREATED, summary="A link for the officer's answer")
async def create(
    session: Transaction, caller: Caller, today: Today, handoff_id: HandoffId, body: LenderLinkCreate
) -> LenderLinkCreated:
    """Good once, and told once: its token is not kept. Asked again, with whatever key, a new link replaces it."""
    return await lender_links.create(session, handoff_id, caller=caller, today=today, body=body)

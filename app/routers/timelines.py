"""The timeline of a file."""

from app.dependencies import Caller, Language, RequestId, Transaction
from app.routing import router as strict_router
from app.schemas.timelines import Timeline
from app.services import timelines

router = strict_router("/v1/requests/{request_id}/timeline", "timelines")


@router.get("", summary="All that happened to a file")
async def read(session: Transaction, caller: Caller, language: Language, request_id: RequestId) -> Timeline:
    """From the contact it came from to its loan, by day of effect, then by entry; of the notes, those one may read."""
    return await timelines.read(session, request_id, caller=caller, language=language)

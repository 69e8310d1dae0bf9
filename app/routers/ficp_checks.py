"""The lenders' checks of the FICP: told by partners, shown to staff by what they are worth."""

from app.dependencies import Answer, Caller, Language, Now, RequestId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.batches import BatchRead
from app.schemas.ficp_checks import FicpCheckRead, FicpPush, StandingList
from app.services import check_standings, ficp_checks

router = strict_router("/v1", "FICP checks")


@router.post(
    "/partner/ficp-checks",
    summary="One check, or up to 500",
    responses={201: {"model": FicpCheckRead, "description": "one check"}},
)
async def push(
    session: Transaction,
    caller: Caller,
    now: Now,
    language: Language,
    body: FicpPush,
    answer: Answer,
) -> FicpCheckRead | BatchRead:
    """A conclusion and its date, nothing of the file itself. Of many, each is answered for itself (200)."""
    return answer.created_unless_batch(
        await ficp_checks.push(session, caller=caller, now=now, language=language, body=body)
    )


@router.get("/requests/{request_id}/ficp-checks", summary="What the lenders' checks are worth today")
async def list_(session: Transaction, caller: Caller, today: Today, request_id: RequestId) -> StandingList:
    """Favourable, unfavourable, pending or to renew; a listing as such is never told."""
    return await check_standings.standings(session, request_id, today=today)

"""What the rules and the law say of what a request asks for, before anybody decides."""

from typing import Annotated

from fastapi import Query

from app.dependencies import Caller, Language, RequestId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.eligibility import EligibilityQuery, EligibilityRead
from app.services import eligibility

router = strict_router("/v1/requests/{request_id}/eligibility", "requests")


@router.get("", summary="What the rules say of what is asked")
async def read(
    session: Transaction,
    caller: Caller,
    today: Today,
    language: Language,
    request_id: RequestId,
    query: Annotated[EligibilityQuery, Query()],
) -> EligibilityRead:
    """Every breach and warning under the rules of `on`, today where no day is given; nothing is stored."""
    return await eligibility.read(session, request_id, caller=caller, on=query.on or today, language=language)

"""What waits for someone."""

from typing import Annotated

from fastapi import Query

from app.dependencies import Answer, Caller, Language, Now, Transaction
from app.routing import router as strict_router
from app.schemas.base import Page
from app.schemas.worklist import WorkItem, WorklistQuery
from app.services import worklist

router = strict_router("/v1/worklist", "worklist")


@router.get("", summary="What waits, the longest first")
async def list_(
    session: Transaction,
    caller: Caller,
    now: Now,
    language: Language,
    answer: Answer,
    query: Annotated[WorklistQuery, Query()],
) -> Page[WorkItem]:
    """Derived from what is recorded, of one kind or all."""
    return answer.linked(await worklist.list_page(session, caller=caller, now=now, language=language, query=query))

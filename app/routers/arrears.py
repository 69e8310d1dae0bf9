"""Loans with an unpaid instalment, from the first one on."""

from typing import Annotated

from fastapi import Query

from app.dependencies import Answer, Caller, Today, Transaction
from app.routing import router as strict_router
from app.schemas.arrears import ArrearsItem, ArrearsQuery
from app.schemas.base import Page
from app.services import arrears

router = strict_router("/v1/arrears", "arrears")


@router.get("", summary="Loans with an unpaid instalment, the longest late first")
async def list_(
    session: Transaction, caller: Caller, today: Today, answer: Answer, query: Annotated[ArrearsQuery, Query()]
) -> Page[ArrearsItem]:
    """Ranked by the oldest due date that is unpaid and uncovered, then by the greater amount, then by the reference of
    the loan. Loans in litigation are with the public accountant, and not here.
    """
    return answer.linked(await arrears.list_page(session, caller=caller, today=today, query=query))

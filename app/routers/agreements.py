"""The conventions of a CCAS with the partners that lend."""

from typing import Annotated

from fastapi import Query

from app.dependencies import AgreementId, Answer, Caller, Transaction
from app.routing import router as strict_router
from app.schemas.agreements import AgreementRead
from app.schemas.base import Page, PageQuery
from app.services import agreements

router = strict_router("/v1/agreements", "agreements")


@router.get("", summary="Agreements with partners, newest first")
async def list_(
    session: Transaction, caller: Caller, answer: Answer, query: Annotated[PageQuery, Query()]
) -> Page[AgreementRead]:
    """Those that are only planned among them."""
    return answer.linked(await agreements.list_page(session, query=query))


@router.get("/{agreement_id}", summary="One agreement")
async def read(session: Transaction, caller: Caller, agreement_id: AgreementId) -> AgreementRead:
    """With its dates and limits."""
    return await agreements.read(session, agreement_id)

"""Exports to the public accountant: titles of what falls due, mandates of what was paid out."""

from typing import Annotated

from fastapi import Query, status

from app.dependencies import Answer, Caller, CsvResponse, SlipId, Today, Transaction
from app.domain.titles import SlipKind
from app.routing import CSV
from app.routing import router as strict_router
from app.schemas.accounting_slips import SlipCreate, SlipFileQuery, SlipItem, SlipListQuery, SlipRead
from app.schemas.base import Page
from app.services import accounting_slips

router = strict_router("/v1/exports", "accounting")


@router.post("/{kind}", status_code=status.HTTP_201_CREATED, summary="A slip of titles or of mandates")
async def create(session: Transaction, caller: Caller, today: Today, kind: SlipKind, body: SlipCreate) -> SlipRead:
    """Each line is told once; what changed of a title that was told comes out as a reduction or an annulment."""
    return await accounting_slips.create(session, kind, caller=caller, today=today, body=body)


@router.get("", summary="Slips, newest first")
async def list_(
    session: Transaction, caller: Caller, answer: Answer, query: Annotated[SlipListQuery, Query()]
) -> Page[SlipItem]:
    """Of one kind or year where it is named."""
    return answer.linked(await accounting_slips.list_page(session, caller=caller, query=query))


@router.get("/{slip_id}.csv", response_class=CsvResponse, responses=CSV, summary="The file of a slip")
async def download(
    session: Transaction,
    caller: Caller,
    slip_id: SlipId,
    query: Annotated[SlipFileQuery, Query()],
    answer: Answer,
) -> CsvResponse:
    """For the finance software: the same bytes whenever it is asked."""
    return answer.downloaded(await accounting_slips.file(session, slip_id, caller=caller, query=query))


@router.get("/{slip_id}", summary="A slip")
async def read(session: Transaction, caller: Caller, slip_id: SlipId) -> SlipRead:
    """With its lines, as its file has them."""
    return await accounting_slips.read(session, slip_id, caller=caller)

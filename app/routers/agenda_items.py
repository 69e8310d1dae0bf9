"""The agenda (ordre du jour) of a session."""

from fastapi import status

from app.dependencies import AgendaItemId, Caller, CommitteeId, SessionId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.agenda_items import (
    AgendaItemCreate,
    AgendaItemDetail,
    AgendaRead,
    ItemWithdrawal,
    LoanReviewCreate,
)
from app.services import agenda_items

router = strict_router("/v1/committees/{committee_id}/sessions/{session_id}/agenda", "sessions")


@router.get("", summary="The agenda of a session")
async def list_(session: Transaction, caller: Caller, committee_id: CommitteeId, session_id: SessionId) -> AgendaRead:
    """In its order: the items of files that the caller sees."""
    return await agenda_items.list_all(session, committee_id, session_id)


@router.post("", status_code=status.HTTP_201_CREATED, summary="A file or a loan is put on the agenda")
async def create(
    session: Transaction,
    caller: Caller,
    today: Today,
    committee_id: CommitteeId,
    session_id: SessionId,
    body: AgendaItemCreate,
) -> AgendaItemDetail:
    """A file that is ready, or a running loan to re-examine."""
    return await agenda_items.create(session, committee_id, session_id, caller=caller, today=today, body=body)


@router.post("/build", status_code=status.HTTP_201_CREATED, summary="All that is ready goes on the agenda")
async def build(session: Transaction, caller: Caller, committee_id: CommitteeId, session_id: SessionId) -> AgendaRead:
    """Decisions to ratify, then files in order of reception; what is on another agenda stays there."""
    return await agenda_items.build(session, committee_id, session_id, caller=caller)


@router.get("/{agenda_item_id}", summary="One item of an agenda")
async def read(
    session: Transaction,
    caller: Caller,
    committee_id: CommitteeId,
    session_id: SessionId,
    agenda_item_id: AgendaItemId,
) -> AgendaItemDetail:
    """With who left for it, and its votes where they are kept."""
    return await agenda_items.read(session, committee_id, session_id, agenda_item_id)


@router.post("/{agenda_item_id}/withdraw", status_code=status.HTTP_201_CREATED, summary="An item is postponed")
async def withdraw(
    session: Transaction,
    caller: Caller,
    today: Today,
    committee_id: CommitteeId,
    session_id: SessionId,
    agenda_item_id: AgendaItemId,
    body: ItemWithdrawal,
) -> AgendaItemDetail:
    """It may go on another agenda."""
    return await agenda_items.withdraw(
        session, committee_id, session_id, agenda_item_id, caller=caller, today=today, body=body
    )


@router.post(
    "/{agenda_item_id}/review", status_code=status.HTTP_201_CREATED, summary="What the committee says of a loan"
)
async def review_loan(
    session: Transaction,
    caller: Caller,
    committee_id: CommitteeId,
    session_id: SessionId,
    agenda_item_id: AgendaItemId,
    body: LoanReviewCreate,
) -> AgendaItemDetail:
    """While the session is open, with its quorum."""
    return await agenda_items.review_loan(session, committee_id, session_id, agenda_item_id, caller=caller, body=body)

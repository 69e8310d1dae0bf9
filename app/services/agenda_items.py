"""The agenda (ordre du jour) of a session: built from what is ready, and settled item by item."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col
from uuid_utils.compat import uuid7

from app.domain.committee_errors import (
    AlreadyOnAgenda,
    FileNotReady,
    LoanNotRunning,
    NotALoanReview,
)
from app.domain.committees import ItemKind, ItemOutcome
from app.domain.dates import check_order
from app.domain.errors import NotFound
from app.domain.loan_lifecycle import LoanStage
from app.domain.permissions import Caller
from app.domain.request_lifecycle import RequestStatus
from app.domain.session_lifecycle import SessionStatus, check_not_over, check_open
from app.schemas.agenda_items import (
    AgendaItemCreate,
    AgendaItemDetail,
    AgendaItemRead,
    AgendaRead,
    ItemWithdrawal,
    LoanReviewCreate,
)
from app.services import fast_track, loan_states, loan_steps, recusals, seats, votes
from app.services import request_steps as requests
from app.services import session_steps as steps
from app.tables import AgendaItem, CommitteeSession, Request
from app.tables.base import utc_now
from app.tenancy import of_tenant, widened

_COLUMNS = [getattr(AgendaItem, name) for name in AgendaItemRead.model_fields if name in AgendaItem.model_fields]


async def list_all(session: AsyncSession, committee_id: UUID, session_id: UUID) -> AgendaRead:
    """The items of files that the caller sees, in their order. Raises NotFound."""
    return await _read(session, await steps.load(session, committee_id, session_id))


async def read(session: AsyncSession, committee_id: UUID, session_id: UUID, item_id: UUID) -> AgendaItemDetail:
    """One item with who left for it and its votes, or NotFound."""
    sitting = await steps.load(session, committee_id, session_id)
    row = (
        (await session.execute(_items(session, sitting).where(col(AgendaItem.id) == item_id))).mappings().one_or_none()
    )
    if row is None:
        raise NotFound
    return AgendaItemDetail(
        **row,
        recusals=await recusals.of_item(session, item_id),
        votes=await votes.of_item(session, item_id),
    )


async def create(
    session: AsyncSession, committee_id: UUID, session_id: UUID, *, caller: Caller, today: date, body: AgendaItemCreate
) -> AgendaItemDetail:
    """Puts one file that is ready, or one running loan, on the agenda.

    Raises NotFound, SessionOver, FileNotReady, LoanNotRunning, NothingOwed, DateOutOfOrder, AlreadyOnAgenda.
    """
    sitting = await steps.locked(session, committee_id, session_id)
    check_not_over(sitting.status)
    if body.request_id is not None:
        found = await _ready(session, sitting, body.request_id)
    else:
        found = await _running(session, sitting, body, today=today)
    added = await _add(session, sitting, [found], caller=caller)
    if not added:
        raise AlreadyOnAgenda
    return await read(session, committee_id, session_id, added[0])


async def build(session: AsyncSession, committee_id: UUID, session_id: UUID, *, caller: Caller) -> AgendaRead:
    """Adds what is to be ratified, and every file that is ready, in order of reception: those the caller sees that were
    received by the day of the session and are on no other agenda. Raises NotFound, SessionOver.
    """
    sitting = await steps.locked(session, committee_id, session_id)
    check_not_over(sitting.status)
    await add_ratifications(session, sitting, caller=caller)
    waiting = and_(
        of_tenant(session, AgendaItem),
        col(AgendaItem.request_id) == Request.id,
        col(AgendaItem.kind) == ItemKind.REQUEST,
        is_open(),
    )
    ready = (
        select(col(Request.id))
        .where(
            of_tenant(session, Request),
            col(Request.status) == RequestStatus.SUBMITTED,
            col(Request.received_on) <= sitting.held_on,
            ~select(col(AgendaItem.id)).where(waiting).exists(),
        )
        .order_by(col(Request.received_on), col(Request.id))
    )
    files = (await session.scalars(ready)).all()
    await _add(session, sitting, [_of_request(request_id) for request_id in files], caller=caller)
    return await _read(session, sitting)


async def withdraw(
    session: AsyncSession,
    committee_id: UUID,
    session_id: UUID,
    item_id: UUID,
    *,
    caller: Caller,
    today: date,
    body: ItemWithdrawal,
) -> AgendaItemDetail:
    """Postpones an item: it may go on another agenda. Raises NotFound, SessionOver, ItemSettled."""
    sitting = await steps.locked(session, committee_id, session_id)
    item = await steps.locked_item(session, sitting, item_id)
    check_not_over(sitting.status)
    steps.check_unsettled(item)
    item.withdrawn_on, item.withdrawn_reason = min(sitting.held_on, today), body.reason
    item.settled_by = caller.account_id
    sitting.version += 1
    await session.flush()  # the answer is read back
    return await read(session, committee_id, session_id, item_id)


async def review_loan(
    session: AsyncSession,
    committee_id: UUID,
    session_id: UUID,
    item_id: UUID,
    *,
    caller: Caller,
    body: LoanReviewCreate,
) -> AgendaItemDetail:
    """Records what the committee says of a loan. Raises NotFound, SessionOver, SessionNotOpen, ItemSettled,
    NotALoanReview, NoQuorum.
    """
    sitting = await steps.locked(session, committee_id, session_id)
    item = await steps.locked_item(session, sitting, item_id)
    check_not_over(sitting.status)
    check_open(sitting.status)
    steps.check_unsettled(item)
    if item.kind is not ItemKind.LOAN_REVIEW:
        raise NotALoanReview
    (await seats.of_session(session, sitting)).check_quorum(item.id)
    item.outcome, item.outcome_months = ItemOutcome(body.outcome), body.months
    item.outcome_reason, item.settled_by = body.reason, caller.account_id
    sitting.version += 1
    await session.flush()  # the answer is read back
    return await read(session, committee_id, session_id, item_id)


async def add_ratifications(session: AsyncSession, sitting: CommitteeSession, *, caller: Caller) -> None:
    """What was decided ahead of the session comes on its agenda by itself, of all communes."""
    async with widened(session):
        await _add(session, sitting, await _ahead_of(session, sitting), caller=caller)


async def withdraw_all(
    session: AsyncSession, sitting: CommitteeSession, *, caller: Caller, on: date, reason: str
) -> None:
    """Postpones every item that has no outcome, of all communes."""
    async with widened(session):
        await session.execute(
            update(AgendaItem)
            .where(of_tenant(session, AgendaItem), col(AgendaItem.session_id) == sitting.id, is_open())
            .values(withdrawn_on=on, withdrawn_reason=reason, settled_by=caller.account_id)
        )


async def open_item(session: AsyncSession, request_id: UUID) -> UUID | None:
    """The item by which a file is before a committee; null where it is on no agenda."""
    statement = select(col(AgendaItem.id)).where(
        of_tenant(session, AgendaItem),
        col(AgendaItem.kind) == ItemKind.REQUEST,
        col(AgendaItem.request_id) == request_id,
        is_open(),
    )
    return (await session.scalars(statement)).one_or_none()


async def check_may_be_put(session: AsyncSession, request: Request) -> None:
    """Raises FileNotReady, AlreadyOnAgenda where a file cannot be put on an agenda."""
    if request.status is not RequestStatus.SUBMITTED:
        raise FileNotReady(state=request.status.value)
    if await open_item(session, request.id) is not None:
        raise AlreadyOnAgenda


async def _ahead_of(session: AsyncSession, sitting: CommitteeSession) -> list[Mapping[str, Any]]:
    """What was decided by the day of the session and it has to ratify, or is only told of, once."""
    of_session = and_(of_tenant(session, CommitteeSession), col(CommitteeSession.id) == AgendaItem.session_id)
    told = (
        select(col(AgendaItem.decision_id))
        .join(CommitteeSession, of_session)
        .where(
            of_tenant(session, AgendaItem),
            col(AgendaItem.kind) == ItemKind.RATIFICATION,
            col(CommitteeSession.status) != SessionStatus.CANCELLED,
        )
    )
    known = set(await session.scalars(told))
    return [
        {
            "kind": ItemKind.RATIFICATION,
            "request_id": one.request_id,
            "decision_id": one.decision_id,
            "outcome": None if one.to_ratify else ItemOutcome.NOTED,
        }
        for one in await fast_track.due(session)
        if one.decided_on <= sitting.held_on and (one.to_ratify or one.decision_id not in known)
    ]


async def _ready(session: AsyncSession, sitting: CommitteeSession, request_id: UUID) -> dict[str, Any]:
    request = await requests.locked(session, request_id)
    await check_may_be_put(session, request)
    check_order("held_on", sitting.held_on, not_before=request.received_on)
    return _of_request(request.id)


async def _running(
    session: AsyncSession, sitting: CommitteeSession, body: AgendaItemCreate, *, today: date
) -> dict[str, Any]:
    if body.loan_id is None:
        raise NotFound
    loan = await loan_steps.load(session, body.loan_id)
    disbursed_on = await loan_states.reached_on(session, loan, LoanStage.DISBURSED)
    if disbursed_on is None or loan.stage is LoanStage.CANCELLED:
        raise LoanNotRunning
    check_order("held_on", sitting.held_on, not_before=disbursed_on)
    await loan_states.check_owed(session, loan, on=min(sitting.held_on, today))
    return {
        "kind": ItemKind.LOAN_REVIEW,
        "request_id": loan.request_id,
        "loan_id": loan.id,
        "review_reason": body.review_reason,
    }


def _of_request(request_id: UUID) -> dict[str, Any]:
    return {"kind": ItemKind.REQUEST, "request_id": request_id}


async def _add(
    session: AsyncSession, sitting: CommitteeSession, found: Sequence[Mapping[str, Any]], *, caller: Caller
) -> Sequence[UUID]:
    """The identifiers of the items added: what is on another agenda by now stays there."""
    if not found:
        return ()
    last = select(func.coalesce(func.max(col(AgendaItem.position)), 0)).where(
        of_tenant(session, AgendaItem), col(AgendaItem.session_id) == sitting.id
    )
    async with widened(session):
        begins = (await session.scalars(last)).one() + 1
    own = {"tenant_id": sitting.tenant_id, "session_id": sitting.id, "account_id": caller.account_id}
    rows = [
        {**own, "id": uuid7(), "position": position, "entered_at": utc_now(), **one}
        for position, one in enumerate(found, start=begins)
    ]
    sitting.version += 1
    statement = insert(AgendaItem).values(rows).on_conflict_do_nothing().returning(col(AgendaItem.id))
    return (await session.scalars(statement)).all()


async def _read(session: AsyncSession, sitting: CommitteeSession) -> AgendaRead:
    rows = (await session.execute(_items(session, sitting))).mappings().all()
    return AgendaRead(items=[AgendaItemRead.model_validate(row) for row in rows], next_cursor=None)


def _items(session: AsyncSession, sitting: CommitteeSession) -> Select[*tuple[Any, ...]]:
    of_request = and_(of_tenant(session, Request), col(Request.id) == AgendaItem.request_id)
    return (
        select(
            *_COLUMNS,
            col(Request.reference).label("request_reference"),
            col(Request.purpose),
            col(Request.requested_amount_cents),
        )
        .join(Request, of_request)
        .where(of_tenant(session, AgendaItem), col(AgendaItem.session_id) == sitting.id)
        .order_by(col(AgendaItem.position))
    )


def is_open() -> ColumnElement[bool]:
    """The condition that an item has no outcome, and was not withdrawn."""
    return and_(col(AgendaItem.outcome).is_(None), col(AgendaItem.withdrawn_on).is_(None))

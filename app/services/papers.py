"""The papers of a file (pièces justificatives): asked for from the rules' list, seen by whom and when, waived."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.dates import check_day
from app.domain.errors import DateOutOfOrder, NotFound, RequestLocked, UnknownProduct
from app.domain.meeting_errors import NoCoApplicant, PaperAlreadyAsked, PapersMissing
from app.domain.papers import PaperAction, PaperParty, PaperStatus, after, blocking, provided
from app.domain.permissions import Caller
from app.domain.products import Product
from app.domain.request_lifecycle import EDITABLE, ENDED
from app.schemas.papers import PaperCreate, PaperList, PaperListCreate, PaperRead, ReceiptCreate, WaiverCreate
from app.services import request_steps as steps
from app.services import rules
from app.tables import Paper, Request
from app.tenancy import bound_tenant, of_tenant


async def create(
    session: AsyncSession, request_id: UUID, *, caller: Caller, today: date, body: PaperCreate
) -> PaperRead:
    """Asks for a paper, of the rules' list or another.

    Raises NotFound, RequestLocked, NoCoApplicant, PaperAlreadyAsked, DateInFuture, DateOutOfOrder.
    """
    request = await _open(session, request_id)
    if body.party is PaperParty.CO_APPLICANT and request.co_applicant_id is None:
        raise NoCoApplicant
    _check_days(request, body, today=today)
    wanted = (body.code, body.party, body.label, PaperStatus.ASKED)
    if wanted in [(paper.code, paper.party, paper.label, paper.status) for paper in await of_request(session, request)]:
        raise PaperAlreadyAsked
    return PaperRead.model_validate(_ask(session, request, body, caller=caller))


async def create_list(
    session: AsyncSession, request_id: UUID, *, caller: Caller, today: date, body: PaperListCreate
) -> PaperList:
    """Asks for every paper of the rules of that day which was not asked for yet.

    Raises NotFound, RequestLocked, NoRulesInForce, UnknownProduct, DateInFuture, DateOutOfOrder.
    """
    request = await _open(session, request_id)
    _check_days(request, body, today=today)
    product = await rules.product_of(session, request, on=body.asked_on)
    known = {paper.code for paper in await of_request(session, request)}
    for code in product.documents:
        if code not in known:
            _ask(session, request, PaperCreate(code=code, **body.model_dump()), caller=caller)
    await session.flush()  # the answer is read back
    return await _list(session, request, today=today)


async def list_all(session: AsyncSession, request_id: UUID, *, today: date) -> PaperList:
    """The papers of a request, and what is missing: nothing where the rules of today do not know its product.

    Raises NotFound, NoRulesInForce.
    """
    return await _list(session, await steps.load(session, request_id), today=today)


async def receive(
    session: AsyncSession, paper_id: UUID, *, caller: Caller, today: date, body: ReceiptCreate
) -> PaperRead:
    """The caller saw the paper on a day. Raises NotFound, RequestLocked, IllegalTransition, DateInFuture,
    DateOutOfOrder.
    """
    paper = await _locked(session, paper_id)
    check_day("seen_on", body.seen_on, not_before=paper.asked_on, today=today)
    paper.status = after(paper.status, PaperAction.RECEIVE)
    paper.seen_on, paper.seen_kind, paper.seen_note = body.seen_on, body.kind, body.note
    paper.seen_by = caller.account_id
    paper.version += 1
    return PaperRead.model_validate(paper)


async def waive(session: AsyncSession, paper_id: UUID, *, caller: Caller, today: date, body: WaiverCreate) -> PaperRead:
    """The paper is no longer needed. Raises NotFound, RequestLocked, IllegalTransition, DateInFuture,
    DateOutOfOrder.
    """
    paper = await _locked(session, paper_id)
    on = body.waived_on or today
    check_day("waived_on", on, not_before=paper.asked_on, today=today)
    paper.status = after(paper.status, PaperAction.WAIVE)
    paper.waived_on, paper.waived_reason, paper.waived_by = on, body.reason, caller.account_id
    paper.version += 1
    return PaperRead.model_validate(paper)


async def of_request(session: AsyncSession, request: Request) -> Sequence[Paper]:
    """The papers asked for, in the order in which they were entered."""
    statement = select(Paper).where(of_tenant(session, Paper), col(Paper.request_id) == request.id)
    return (await session.scalars(statement.order_by(col(Paper.id)))).all()


async def provided_by(session: AsyncSession, request: Request, *, on: date) -> frozenset[str] | None:
    """The codes of which nothing was awaited any more on a day; null where none was asked for by then."""
    return provided(await of_request(session, request), on=on)


async def check_none_missing(session: AsyncSession, request: Request, product: Product, *, on: date) -> None:
    """Raises PapersMissing while a paper that the product asks for is not there on a day."""
    if missing := blocking(product, await provided_by(session, request, on=on)):
        raise PapersMissing(papers=missing)


async def _list(session: AsyncSession, request: Request, *, today: date) -> PaperList:
    missing = await _missing(session, request, today=today) if request.status in EDITABLE else []
    items = [PaperRead.model_validate(paper) for paper in await of_request(session, request)]
    return PaperList(items=items, missing=missing, complete=not missing, next_cursor=None)


async def _missing(session: AsyncSession, request: Request, *, today: date) -> list[str]:
    try:
        product = await rules.product_of(session, request, on=today)
    except UnknownProduct:
        return []
    return blocking(product, await provided_by(session, request, on=today))


async def _open(session: AsyncSession, request_id: UUID) -> Request:
    """The row of a request that has not ended, held. Raises NotFound, RequestLocked."""
    request = await steps.locked(session, request_id)
    if request.status in ENDED:
        raise RequestLocked(state=request.status.value)
    return request


async def _locked(session: AsyncSession, paper_id: UUID) -> Paper:
    """The row of a paper about to change, held with its request. Raises NotFound, RequestLocked."""
    key = (bound_tenant(session), paper_id)
    paper = await session.get(Paper, key)
    if paper is None:
        raise NotFound
    await _open(session, paper.request_id)
    return await session.get_one(Paper, key, with_for_update=True, populate_existing=True)


def _check_days(request: Request, body: PaperCreate | PaperListCreate, *, today: date) -> None:
    check_day("asked_on", body.asked_on, not_before=request.received_on, today=today)
    if body.due_on is not None and body.due_on < body.asked_on:
        raise DateOutOfOrder(field="due_on", not_before=body.asked_on.isoformat())


def _ask(session: AsyncSession, request: Request, body: PaperCreate, *, caller: Caller) -> Paper:
    paper = Paper(tenant_id=request.tenant_id, request_id=request.id, asked_by=caller.account_id, **body.model_dump())
    session.add(paper)
    return paper

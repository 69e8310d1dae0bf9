"""Transfers of a file from one commune of the tenant to another, with their history."""

from datetime import date
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.dates import check_day
from app.domain.desk_errors import CommuneOfTransfer, CommuneOutOfReach, SameCommune
from app.domain.errors import CommuneNotServed, RequestLocked
from app.domain.permissions import Caller
from app.domain.request_lifecycle import ENDED
from app.schemas.transfers import TransferCreate, TransferList, TransferRead
from app.services import assignments
from app.services import request_steps as steps
from app.tables import Person, Request, RequestTransfer
from app.tenancy import of_tenant


async def create(
    session: AsyncSession, request_id: UUID, *, caller: Caller, today: date, body: TransferCreate
) -> TransferRead:
    """Moves a file that has not ended to another commune; the applicant's address follows where they moved.

    Raises NotFound, RequestLocked, CommuneNotServed, CommuneOutOfReach, SameCommune, DateInFuture, DateOutOfOrder,
    CannotInstruct unless whoever instructs it from then on works there, NotTheReferent.
    """
    request = await steps.locked(session, request_id)
    check_may_transfer(request, caller=caller)
    check_commune(caller, body.to_commune_insee_code)
    if request.commune_insee_code == body.to_commune_insee_code:
        raise SameCommune(insee_code=request.commune_insee_code)
    before = await _of_request(session, request)
    earliest = max([request.received_on, *(row.transferred_on for row in before)])
    check_day("transferred_on", body.transferred_on, not_before=earliest, today=today)
    transfer = RequestTransfer(
        tenant_id=request.tenant_id,
        request_id=request.id,
        from_commune_insee_code=request.commune_insee_code,
        account_id=caller.account_id,
        **body.model_dump(exclude={"instructing_agent_id"}),
    )
    await assignments.follow_transfer(session, request, transfer, body.instructing_agent_id, caller=caller)
    session.add(transfer)
    request.commune_insee_code = body.to_commune_insee_code
    request.version += 1
    if body.person_moved:
        await _move_applicant(session, request)
    return TransferRead.model_validate(transfer)


async def list_all(session: AsyncSession, request_id: UUID) -> TransferList:
    """Those of one request, oldest first. Raises NotFound."""
    rows = await _of_request(session, await steps.load(session, request_id))
    return TransferList(items=[TransferRead.model_validate(row) for row in rows], next_cursor=None)


def check_may_transfer(request: Request, *, caller: Caller) -> None:
    """Raises RequestLocked once the file has ended, SameCommune where the tenant serves no other."""
    if request.status in ENDED:
        raise RequestLocked(state=request.status.value)
    if caller.served_insee_codes == {request.commune_insee_code}:
        raise SameCommune(insee_code=request.commune_insee_code)


def check_commune(caller: Caller, insee_code: str) -> None:
    """Raises CommuneNotServed outside the tenant, CommuneOutOfReach for a commune the caller does not work for."""
    if insee_code not in caller.served_insee_codes:
        raise CommuneNotServed(insee_code=insee_code)
    if insee_code not in caller.commune_insee_codes:
        raise CommuneOutOfReach(insee_code=insee_code)


async def check_correctable(session: AsyncSession, request: Request) -> None:
    """Raises CommuneOfTransfer once the commune of a file is no longer that of its intake."""
    if await _of_request(session, request):
        raise CommuneOfTransfer


async def _move_applicant(session: AsyncSession, request: Request) -> None:
    """The day they arrived there is not told by the day of the transfer."""
    person = await session.get_one(Person, (request.tenant_id, request.applicant_id), with_for_update=True)
    person.commune_insee_code, person.resident_since_on = request.commune_insee_code, None
    person.version += 1


async def _of_request(session: AsyncSession, request: Request) -> list[RequestTransfer]:
    statement: Select[RequestTransfer] = select(RequestTransfer).where(
        of_tenant(session, RequestTransfer), col(RequestTransfer.request_id) == request.id
    )
    return list((await session.scalars(statement.order_by(col(RequestTransfer.id)))).all())

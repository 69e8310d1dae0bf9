"""Who instructs a file (agent instructeur): assigned at intake, given to another by its holder or a manager."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.dates import check_day, check_order
from app.domain.desk_errors import AlreadyInstructing, CannotInstruct, NotTheReferent
from app.domain.errors import RequestLocked
from app.domain.permissions import Caller, Role
from app.domain.request_lifecycle import ENDED
from app.schemas.assignments import AssignmentCreate, AssignmentList, AssignmentRead
from app.services import request_steps as steps
from app.tables import Account, Assignment, Request, RequestTransfer
from app.tenancy import of_tenant


async def start(session: AsyncSession, request: Request, *, by: UUID) -> None:
    """The first assignment of a request: to the agent who takes it in or is named, on the day it was received."""
    await session.flush()  # the assignment refers to the request through a foreign key without an ORM relation
    session.add(_assignment(request, on=request.received_on, by=by, reason=None))


async def create(
    session: AsyncSession, request_id: UUID, *, caller: Caller, today: date, body: AssignmentCreate
) -> AssignmentRead:
    """Gives a file that has not ended to another agent.

    Raises NotFound, NotTheReferent, RequestLocked, AlreadyInstructing, CannotInstruct, DateInFuture, DateOutOfOrder.
    """
    request = await steps.locked(session, request_id)
    check_may_assign(request, caller=caller)
    if body.account_id == request.instructing_agent_id:
        raise AlreadyInstructing
    await check_can_instruct(session, body.account_id, request.commune_insee_code)
    last = (await _of_request(session, request))[-1]
    check_day("assigned_on", body.assigned_on, not_before=last.assigned_on, today=today)
    request.version += 1
    return _read(
        _give(session, request, body.account_id, on=body.assigned_on, by=caller.account_id, reason=body.reason)
    )


async def follow_transfer(
    session: AsyncSession, request: Request, transfer: RequestTransfer, agent_id: UUID | None, *, caller: Caller
) -> None:
    """Gives a file that changes commune to the agent who is named; without a name its agent keeps it.

    Only an agent who no longer works where the file is has it given by whoever transfers it.

    Raises CannotInstruct unless that agent works there, NotTheReferent, DateOutOfOrder.
    """
    to_insee_code = transfer.to_commune_insee_code
    given_to = agent_id or request.instructing_agent_id
    await check_can_instruct(session, given_to, to_insee_code)
    if given_to == request.instructing_agent_id:
        return
    if await _can_instruct(session, request.instructing_agent_id, to_insee_code):
        check_may_assign(request, caller=caller)
    last = (await _of_request(session, request))[-1]
    check_order("transferred_on", transfer.transferred_on, not_before=last.assigned_on)
    _give(session, request, given_to, on=transfer.transferred_on, by=caller.account_id, reason=transfer.reason)


async def list_all(session: AsyncSession, request_id: UUID) -> AssignmentList:
    """Those of one request, oldest first. Raises NotFound."""
    rows = await _of_request(session, await steps.load(session, request_id))
    return AssignmentList(items=[_read(row) for row in rows], next_cursor=None)


def check_may_assign(request: Request, *, caller: Caller) -> None:
    """Raises NotTheReferent but for the agent who holds the file and for managers, RequestLocked once it has ended."""
    if Role.MANAGER not in caller.roles and caller.account_id != request.instructing_agent_id:
        raise NotTheReferent
    if request.status in ENDED:
        raise RequestLocked(state=request.status.value)


async def check_can_instruct(session: AsyncSession, account_id: UUID, insee_code: str) -> None:
    """Raises CannotInstruct unless this is an active agent who works for the commune."""
    if not await _can_instruct(session, account_id, insee_code):
        raise CannotInstruct(insee_code=insee_code)


async def works_for(session: AsyncSession, account_id: UUID, insee_code: str) -> Account | None:
    """The account, where it is active and works for the commune."""
    codes = col(Account.commune_insee_codes)
    statement = select(Account).where(
        of_tenant(session, Account),
        col(Account.id) == account_id,
        col(Account.active),
        or_(codes.is_(None), codes.contains([insee_code])),
    )
    return (await session.scalars(statement)).one_or_none()


async def _can_instruct(session: AsyncSession, account_id: UUID, insee_code: str) -> bool:
    account = await works_for(session, account_id, insee_code)
    return account is not None and Role.AGENT.value in account.roles


def _give(
    session: AsyncSession, request: Request, account_id: UUID, *, on: date, by: UUID, reason: str | None
) -> Assignment:
    request.instructing_agent_id = account_id
    assignment = _assignment(request, on=on, by=by, reason=reason)
    session.add(assignment)
    return assignment


def _assignment(request: Request, *, on: date, by: UUID, reason: str | None) -> Assignment:
    return Assignment(
        tenant_id=request.tenant_id,
        request_id=request.id,
        instructing_agent_id=request.instructing_agent_id,
        assigned_on=on,
        reason=reason,
        account_id=by,
    )


async def _of_request(session: AsyncSession, request: Request) -> Sequence[Assignment]:
    statement = (
        select(Assignment)
        .where(of_tenant(session, Assignment), col(Assignment.request_id) == request.id)
        .order_by(col(Assignment.assigned_on), col(Assignment.entered_at), col(Assignment.id))
    )
    return (await session.scalars(statement)).all()


def _read(row: Assignment) -> AssignmentRead:
    return AssignmentRead(
        id=row.id,
        request_id=row.request_id,
        account_id=row.instructing_agent_id,
        assigned_on=row.assigned_on,
        reason=row.reason,
        assigned_by=row.account_id,
        entered_at=row.entered_at,
    )

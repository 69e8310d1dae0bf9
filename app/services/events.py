"""The log of events of a CCAS: what moved, in the order in which it was committed."""

from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.events import EventSubject, kind
from app.schemas.events import EventList, EventQuery, EventRead
from app.tables import Event, Handoff, Loan, Partner
from app.tenancy import of_tenant

_OWN_COLUMNS = [getattr(Event, name) for name in EventRead.model_fields if name in Event.model_fields]
_ITEMS = TypeAdapter(list[EventRead])


def add(
    session: AsyncSession,
    *,
    tenant_id: UUID,
    subject: EventSubject,
    subject_id: UUID,
    what: str,
    status: str,
    request_id: UUID | None,
    handoff_id: UUID | None = None,
    partner_id: UUID | None = None,
) -> None:
    """Enters an event in the transaction of what it tells; with `partner_id`, in the outbox of that partner too.

    Whoever enters one holds its subject.
    """
    session.add(
        Event(
            tenant_id=tenant_id,
            subject=subject,
            subject_id=subject_id,
            kind=kind(subject, what),
            status=status,
            request_id=request_id,
            handoff_id=handoff_id,
            partner_id=partner_id,
        )
    )


def of_handoff(session: AsyncSession, handoff: Handoff, what: str) -> None:
    """Enters what befell a handoff that the caller holds, which its partner learns too."""
    add(
        session,
        tenant_id=handoff.tenant_id,
        subject=EventSubject.HANDOFF,
        subject_id=handoff.id,
        what=what,
        status=handoff.status.value,
        request_id=handoff.request_id,
        handoff_id=handoff.id,
        partner_id=handoff.partner_id,
    )


def of_loan(session: AsyncSession, loan: Loan, what: str) -> None:
    """Enters what befell a loan that the caller holds, which its lender learns too where it has one."""
    add(
        session,
        tenant_id=loan.tenant_id,
        subject=EventSubject.LOAN,
        subject_id=loan.id,
        what=what,
        status=loan.stage.value,
        request_id=loan.request_id,
        handoff_id=loan.handoff_id,
        partner_id=loan.partner_id,
    )


async def list_after(session: AsyncSession, *, query: EventQuery) -> EventList:
    """The events after a position, oldest first."""
    statement = (
        select(*_OWN_COLUMNS, col(Partner.code).label("partner"))
        .outerjoin(Partner, col(Partner.id) == Event.partner_id)
        .where(of_tenant(session, Event), col(Event.position) > query.after)
        .order_by(col(Event.position))
        .limit(query.limit)
    )
    items = _ITEMS.validate_python((await session.execute(statement)).mappings().all())
    return EventList(items=items, last_position=items[-1].position if items else query.after)

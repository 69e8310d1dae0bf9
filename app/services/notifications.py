"""Notifications: whom a decision was told to, how and when; added to, never changed."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.dates import check_day
from app.domain.notifications import DEMANDING, Recipient, extent
from app.domain.permissions import Caller
from app.domain.rectification_errors import NoSuchRecipient
from app.schemas.notifications import NotificationCreate, NotificationList, NotificationRead
from app.services import decision_steps, notices
from app.services import request_steps as steps
from app.tables import Decision, Notification, Request
from app.tenancy import of_tenant


async def create(
    session: AsyncSession, decision_id: UUID, *, caller: Caller, today: date, body: NotificationCreate
) -> NotificationRead:
    """Notes that a decision was notified.

    Raises NotFound, NotNotifiable, NoSuchRecipient, DateInFuture, DateOutOfOrder.
    """
    decision = await decision_steps.load(session, decision_id)
    request = await steps.locked(session, decision.request_id)
    await notices.check(session, decision)
    _check_recipient(request, body.recipient)
    check_day("notified_on", body.notified_on, not_before=await notices.since(session, decision), today=today)
    notification = Notification(
        tenant_id=decision.tenant_id, decision_id=decision.id, account_id=caller.account_id, **body.model_dump()
    )
    session.add(notification)
    return _read(notification)


async def list_all(session: AsyncSession, decision_id: UUID) -> NotificationList:
    """The notifications of a decision. Raises NotFound."""
    decision = await decision_steps.load(session, decision_id)
    statement = (
        select(Notification)
        .where(of_tenant(session, Notification), col(Notification.decision_id) == decision.id)
        .order_by(col(Notification.id))
    )
    return NotificationList(items=[_read(row) for row in (await session.scalars(statement)).all()], next_cursor=None)


async def first_entered_at(session: AsyncSession, decision: Decision) -> datetime | None:
    """When it was first entered that a decision was told to who demands; null where it was told to none of them."""
    statement = select(func.min(col(Notification.entered_at))).where(
        of_tenant(session, Notification),
        col(Notification.decision_id) == decision.id,
        col(Notification.recipient).in_(DEMANDING),
    )
    return (await session.scalars(statement)).one()


def _check_recipient(request: Request, recipient: Recipient) -> None:
    named = {
        Recipient.CO_APPLICANT: request.co_applicant_id,
        Recipient.PRESCRIBER: request.prescriber_id or request.prescriber,
    }
    if named.get(recipient, request.applicant_id) is None:
        raise NoSuchRecipient(recipient=recipient.value)


def _read(row: Notification) -> NotificationRead:
    return NotificationRead(**row.model_dump(exclude={"tenant_id"}), told=extent(row.recipient))

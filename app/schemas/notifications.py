"""Notifications of a decision."""

from datetime import date, datetime
from uuid import UUID

from app.domain.notifications import Extent, NotificationChannel, Recipient
from app.schemas.base import Day, Input, Output


class NotificationCreate(Input):
    """A decision was notified: to whom, how, on which day."""

    notified_on: Day
    channel: NotificationChannel
    recipient: Recipient


class NotificationRead(Output):
    """One notification; `told` is how much of the decision its recipient may be told."""

    id: UUID
    decision_id: UUID
    notified_on: date
    channel: NotificationChannel
    recipient: Recipient
    told: Extent
    account_id: UUID
    entered_at: datetime


class NotificationList(Output):
    """The notifications of a decision, the oldest first."""

    items: list[NotificationRead]
    next_cursor: str | None

"""The log of what was sent to an endpoint of a partner."""

from datetime import datetime
from uuid import UUID

from app.domain.deliveries import AttemptOutcome, DeliveryStatus
from app.schemas.base import Output, PageQuery


class DeliveryQuery(PageQuery):
    """Filters of a log of deliveries: those that were given up are `dead`."""

    status: DeliveryStatus | None = None


class AttemptRead(Output):
    """One attempt, in milliseconds; `status_code` is null where no answer came."""

    attempted_at: datetime
    duration_ms: int
    outcome: AttemptOutcome
    status_code: int | None


class DeliveryRead(Output):
    """One event on its way to one endpoint: no personal data, no address, no body."""

    id: UUID
    event_id: UUID
    type: str
    handoff_id: UUID
    position: int
    status: DeliveryStatus
    next_attempt_at: datetime | None
    attempts: list[AttemptRead]
    entered_at: datetime


class ReplaysRead(Output):
    """How many deliveries that were given up will be attempted again, and how many that wait, at once."""

    replayed: int
    expedited: int

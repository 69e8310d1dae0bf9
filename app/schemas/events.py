"""The log of events of a CCAS."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.domain.events import EventSubject
from app.schemas.base import InDigits, Input, Output

POSITION_MAX = 2**53 - 1
After = Annotated[int, Field(ge=0, le=POSITION_MAX, description="position of the last event seen"), InDigits]


class EventQuery(Input):
    """From where to read on: 0, or the `last_position` of the reading before."""

    after: After = 0
    limit: Annotated[int, Field(ge=1, le=500), InDigits] = 100


class EventRead(Output):
    """One event, without personal data. `kind` is what befell its subject, `status` where it then stood.

    `position` grows in the order of commits; `sequence` counts the events of one subject, from 1 and without gaps.
    """

    id: UUID
    position: int
    kind: str
    subject: EventSubject
    subject_id: UUID
    sequence: int
    status: str
    request_id: UUID | None
    handoff_id: UUID | None
    partner: str | None
    entered_at: datetime


class EventList(Output):
    """Events in their order. An empty list says that nothing happened since: ask again after `last_position`."""

    items: list[EventRead]
    last_position: int

"""The timeline of a file."""

from datetime import date, datetime
from uuid import UUID

from app.domain.channels import Source
from app.domain.timeline import EventKind
from app.schemas.base import Output


class TimelineItem(Output):
    """One event. `id` is of what it is told from: the transition, the decision, the paper, …

    `on` is the day of effect, null where none was stated; `entered_at` is null where only the day is kept. `author` is
    the login of a member of staff, `partner` the code of a lender; both are null where nobody is named, and both are
    named where a member of staff entered what the lender told. `source` is how it told it.
    """

    kind: EventKind
    id: UUID
    on: date | None
    entered_at: datetime | None
    title: str
    author: str | None
    partner: str | None
    source: Source | None


class Timeline(Output):
    """Oldest first, whole: of a file with more than 1 000 events, the latest 1 000."""

    items: list[TimelineItem]
    next_cursor: None

"""What waits for someone."""

from datetime import date
from typing import Literal
from uuid import UUID

from app.domain.worklist import WorkKind
from app.schemas.base import Output, PageQuery


class WorklistQuery(PageQuery):
    """Of one kind, or all; `mine`: of the files that the caller instructs, and the contacts that the caller took."""

    kind: WorkKind | None = None
    mine: Literal["true", "false"] = "false"


class WorkItem(Output):
    """One thing that waits since a day, and by when it was due where that is told. `title` is in the language asked.

    `handoff_id` is of what a lender is waited for: a statement of interest borne has no other identifier.
    """

    kind: WorkKind
    title: str
    since_on: date
    due_on: date | None
    request_id: UUID | None
    loan_id: UUID | None
    contact_id: UUID | None
    handoff_id: UUID | None

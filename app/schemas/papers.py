"""The papers of a file (pièces justificatives)."""

from datetime import date, datetime
from uuid import UUID

from app.domain.papers import PaperParty, PaperStatus, SeenKind
from app.schemas.base import Day, Input, Line, Output, Prose, Resource
from app.schemas.codes import Paper


class PaperCreate(Input):
    """A paper is asked for: of the applicant, the co-applicant, or the household where `party` is null.

    `label` says more than the code does (which quote, of which months); `due_on` is when it is needed by.
    """

    code: Paper
    party: PaperParty | None = None
    label: Line | None = None
    asked_on: Day
    due_on: Day | None = None


class PaperListCreate(Input):
    """The whole list of the rules is asked for, but for what was asked already."""

    asked_on: Day
    due_on: Day | None = None


class ReceiptCreate(Input):
    """The caller saw a paper."""

    seen_on: Day
    kind: SeenKind
    note: Prose | None = None


class WaiverCreate(Input):
    """A paper is no longer needed."""

    reason: Prose
    waived_on: Day | None = None


class PaperRead(Resource):
    """A paper: asked for by whom, seen by whom and when, or waived, by whom and why."""

    id: UUID
    request_id: UUID
    code: str
    party: PaperParty | None
    label: str | None
    status: PaperStatus
    asked_on: date
    due_on: date | None
    asked_by: UUID
    seen_on: date | None
    seen_kind: SeenKind | None
    seen_note: str | None
    seen_by: UUID | None
    waived_on: date | None
    waived_reason: str | None
    waived_by: UUID | None
    entered_at: datetime


class PaperList(Output):
    """The papers of a file, in the order in which they were entered.

    `missing` are the codes that the rules of today ask for and that keep the file from the commission, asked or not;
    none once the commission has had it. `complete` where there is none.
    """

    items: list[PaperRead]
    missing: list[str]
    complete: bool
    next_cursor: str | None


class PaperLetter(Output):
    """What to print or to send: to whom, paragraph by paragraph, and the whole text."""

    to: str
    lines: list[str]
    text: str

"""People who were found to be one, and those who were not after all."""

from datetime import datetime
from uuid import UUID

from app.schemas.base import Id, Input, Output, Prose


class MergeCreate(Input):
    """This other row is the same person; its files are kept under this one from now on."""

    merged_id: Id
    reason: Prose


class MergeReversalCreate(Input):
    """They were two people after all."""

    reason: Prose


class MovedRow(Output):
    """One thing that belonged to the merged person."""

    table: str
    column: str
    id: UUID


class MergeReversalRead(Output):
    """Why, by whom and when a merge was taken back."""

    reason: str
    account_id: UUID
    entered_at: datetime


class MergeRead(Output):
    """A merge, what it moved, and its reversal where it was taken back."""

    id: UUID
    kept_id: UUID
    merged_id: UUID
    reason: str
    moved: list[MovedRow]
    account_id: UUID
    entered_at: datetime
    reversal: MergeReversalRead | None


class MergeList(Output):
    """The merges that a person took part in, oldest first, those taken back among them."""

    items: list[MergeRead]
    next_cursor: str | None

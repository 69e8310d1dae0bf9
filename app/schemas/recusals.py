"""Members who leave for a file (déport)."""

from datetime import datetime
from uuid import UUID

from app.schemas.base import Id, Input, Line, Output


class RecusalCreate(Input):
    """Who leaves, and why."""

    member_id: Id
    reason: Line


class RecusalRead(Output):
    """A member who has neither a voice nor a vote on the item."""

    id: UUID
    member_id: UUID
    name: str
    reason: str
    entered_at: datetime

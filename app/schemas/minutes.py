"""The minutes (procès-verbal) of a session."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from app.schemas.base import Resource


class MinutesRead(Resource):
    """The minutes as they were frozen: `number` is that of the committee's year, `sha256` that of the whole text.

    `whole` is false where the caller sees some communes only: the items of other files are then left out.
    """

    id: UUID
    session_id: UUID
    year: int
    number: int
    reference: str
    closed_on: date
    content: dict[str, Any]
    whole: bool
    sha256: str
    account_id: UUID
    entered_at: datetime

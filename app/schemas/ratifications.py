"""Ratifications of decisions that were taken ahead of a session."""

from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import StrictBool, model_validator
from pydantic_core import PydanticCustomError

from app.schemas.base import Day, Id, Input, Line, Output, Prose


class RatificationCreate(Input):
    """What the session answered; without ratification it says why, and the file is before it again.

    Outside a session, whoever instructed the file names the `second_person`, where the rules let them decide.
    """

    session_id: Id | None = None
    ratified: StrictBool
    ratified_on: Day
    reason: Prose | None = None
    signatory: Line
    signatory_capacity: Line | None = None
    delegation_reference: Line | None = None
    body: Line | None = None
    second_person: Line | None = None

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if not self.ratified and self.reason is None:
            raise PydanticCustomError("incoherent", "{fault}", {"fault": "reason_unless_ratified"})
        return self


class RatificationRead(Output):
    """The answer of the session; never changed."""

    id: UUID
    request_id: UUID
    decision_id: UUID
    session_id: UUID | None
    ratified: bool
    ratified_on: date
    reason: str | None
    signatory: str
    signatory_capacity: str | None
    delegation_reference: str | None
    body: str | None
    second_person: str | None
    entered_at: datetime

"""The terms of office of the members of a committee."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.domain.committees import MemberCapacity
from app.schemas.base import Day, Id, Input, Line, Output


class MemberCreate(Input):
    """A term of office, both days included (null: open). `account_id` is the member's own, where they sign in."""

    name: Line
    account_id: Id | None = None
    capacity: MemberCapacity
    chair: Annotated[bool, Field(strict=True)] = False
    term_from: Day
    term_to: Day | None = None

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        faults = {
            "chair_without_vote": self.chair and self.capacity is not MemberCapacity.VOTING,
            "ends_before_it_begins": self.term_to is not None and self.term_to < self.term_from,
        }
        for code, holds in faults.items():
            if holds:
                raise PydanticCustomError("incoherent", "{fault}", {"fault": code})
        return self


class MemberEnd(Input):
    """The last day of the term."""

    term_to: Day


class MemberRead(Output):
    """A term of office; `ended` where it was ended rather than foreseen to end."""

    id: UUID
    name: str
    account_id: UUID | None
    capacity: MemberCapacity
    chair: bool
    term_from: date
    term_to: date | None
    ended: bool
    entered_at: datetime

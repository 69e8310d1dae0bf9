"""Votes on an item of an agenda."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.domain.committees import MEMBERS_MAX, Vote
from app.schemas.base import Id, Input, Output

Count = Annotated[int, Field(strict=True, ge=0, le=MEMBERS_MAX)]


class BallotCreate(Input):
    """What one member votes."""

    member_id: Id
    vote: Vote


class VoteCreate(Input):
    """Votes in figures, or one ballot for each member who may vote: as the rules ask."""

    in_favour: Count | None = None
    against: Count | None = None
    abstentions: Count | None = None
    ballots: Annotated[list[BallotCreate], Field(min_length=1, max_length=MEMBERS_MAX)] | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        counts = (self.in_favour, self.against, self.abstentions)
        if counts.count(None) not in (0, 3) or (None in counts) == (self.ballots is None):
            raise PydanticCustomError("one_of_two", "give one", {"expected": "ballots, in_favour"})
        return self


class BallotRead(Output):
    """What one member voted."""

    member_id: UUID
    name: str
    vote: Vote


class VoteRead(Output):
    """The votes on an item; null ballots where names are not kept."""

    id: UUID
    in_favour: int
    against: int
    abstentions: int
    ballots: list[BallotRead] | None
    entered_at: datetime

"""Who belongs to whom: households, and who represents whom."""

from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from app.domain.relations import RelationKind, RelationSeen
from app.schemas.base import Day, Id, Input, Output


class RelationCreate(Input):
    """What another person, or an organisation that represents people, is to this one; null dates are not told."""

    kind: RelationKind
    other_person_id: Id | None = None
    organisation_id: Id | None = None
    since_on: Day | None = None

    @model_validator(mode="after")
    def _with_one(self) -> Self:
        if (self.other_person_id is None) == (self.organisation_id is None):
            raise PydanticCustomError("one_of_two", "give one", {"expected": "other_person_id, organisation_id"})
        if self.organisation_id is not None and self.kind is not RelationKind.LEGAL_REPRESENTATIVE:
            raise PydanticCustomError("incoherent", "{fault}", {"fault": "organisation_only_represents"})
        return self


class RelationEndCreate(Input):
    """The relation is over since that day."""

    ended_on: Day


class RelationRead(Output):
    """A relation as this person has it: `kind` is what the other is to them."""

    id: UUID
    person_id: UUID
    kind: RelationSeen
    other_person_id: UUID | None
    organisation_id: UUID | None
    since_on: date | None
    ended_on: date | None
    entered_at: datetime


class RelationList(Output):
    """All the relations of a person, oldest entry first, ended ones among them."""

    items: list[RelationRead]
    next_cursor: str | None

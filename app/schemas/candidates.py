"""Who may already be known: the search before somebody is added."""

from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.schemas.base import Day, Email, Input, Output, Phone, ShortLine
from app.schemas.people import PersonRead


class CandidateSearch(Input):
    """What is told of the person sought; at least one thing."""

    birth_name: ShortLine | None = None
    usage_name: ShortLine | None = None
    first_names: ShortLine | None = None
    birth_on: Day | None = None
    phone: Phone | None = None
    email: Email | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not any(getattr(self, name) for name in CandidateSearch.model_fields):
            raise PydanticCustomError("nothing_told", "give one", {"expected": ", ".join(CandidateSearch.model_fields)})
        return self


class CandidateRead(Output):
    """Somebody who may be the person sought: `score` from 0 to 100, and the fields that agree or nearly do."""

    person: PersonRead
    score: Annotated[int, Field(ge=0, le=100)]
    matched: list[str]


class CandidateList(Output):
    """The likeliest first."""

    items: list[CandidateRead]
    next_cursor: str | None

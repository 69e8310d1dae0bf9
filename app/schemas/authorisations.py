"""What people allow to be said of them, and to whom."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.domain.authorisations import Purpose
from app.schemas.base import Day, Id, Input, Output, PartnerCode


class AuthorisationCreate(Input):
    """A person lets the CCAS tell something to a partner (`recipient`, for a precheck or a loan file) or to an
    organisation of its directory (for a referral), whose answers come back under the same paper.
    """

    recipient: PartnerCode | None = None
    organisation_id: Id | None = None
    purposes: Annotated[list[Purpose], Field(min_length=1, max_length=10)]
    given_on: Day

    @model_validator(mode="after")
    def _to_one(self) -> Self:
        if (self.recipient is None) == (self.organisation_id is None):
            raise PydanticCustomError("one_of_two", "give one", {"expected": "recipient, organisation_id"})
        if (self.organisation_id is not None) != (set(self.purposes) == {Purpose.REFERRAL}):
            raise PydanticCustomError("incoherent", "{fault}", {"fault": "purpose_of_another_recipient"})
        return self


class WithdrawalCreate(Input):
    """A person takes an authorisation back."""

    withdrawn_on: Day


class AuthorisationRead(Output):
    """An authorisation; good on `given_on`, and until the day before `withdrawn_on`."""

    id: UUID
    person_id: UUID
    recipient: str | None
    organisation_id: UUID | None
    purposes: list[Purpose]
    given_on: date
    withdrawn_on: date | None
    entered_at: datetime


class AuthorisationList(Output):
    """All the authorisations of a person, oldest entry first."""

    items: list[AuthorisationRead]
    next_cursor: str | None

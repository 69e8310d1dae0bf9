"""What people allow to be said of them, and to whom."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.domain.handoff_lifecycle import HandoffKind
from app.schemas.base import Day, Input, Output, PartnerCode


class AuthorisationCreate(Input):
    """A person lets the CCAS hand something over to a partner, whose answers come back under the same paper."""

    recipient: PartnerCode
    purposes: Annotated[list[HandoffKind], Field(min_length=1, max_length=10)]
    given_on: Day


class WithdrawalCreate(Input):
    """A person takes an authorisation back."""

    withdrawn_on: Day


class AuthorisationRead(Output):
    """An authorisation; good on `given_on`, and until the day before `withdrawn_on`."""

    id: UUID
    person_id: UUID
    recipient: str
    purposes: list[HandoffKind]
    given_on: date
    withdrawn_on: date | None
    entered_at: datetime


class AuthorisationList(Output):
    """All the authorisations of a person, oldest entry first."""

    items: list[AuthorisationRead]
    next_cursor: str | None

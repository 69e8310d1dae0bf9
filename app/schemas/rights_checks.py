"""The other rights that were looked at for a file, before a loan."""

from datetime import date, datetime
from uuid import UUID

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from app.domain.rights import WITH_AMOUNT, RightResult
from app.schemas.base import Day, Id, Input, Output, PositiveCents, Prose
from app.schemas.codes import Right


class RightsCheckCreate(Input):
    """What was found of a right: by whom it is given, if the directory has it, and how much, where it gives."""

    right: Right
    organisation_id: Id | None = None
    checked_on: Day
    result: RightResult
    amount_cents: PositiveCents | None = Field(default=None)
    note: Prose | None = None

    @field_validator("amount_cents")
    @classmethod
    def _of_what_is_given(cls, amount_cents: int | None, info: ValidationInfo) -> int | None:
        if amount_cents is not None and info.data.get("result") not in {*WITH_AMOUNT, None}:
            raise PydanticCustomError("incoherent", "{fault}", {"fault": "amount_of_no_right"})
        return amount_cents


class RightsCheckRead(Output):
    """What was found of a right on a day. `latest`: nothing later is known of this right, so that it counts."""

    id: UUID
    request_id: UUID
    right: str
    organisation_id: UUID | None
    checked_on: date
    result: RightResult
    amount_cents: int | None
    note: str | None
    account_id: UUID
    entered_at: datetime
    latest: bool


class RightsCheckList(Output):
    """All rights looked at for a request, oldest check first."""

    items: list[RightsCheckRead]
    next_cursor: str | None

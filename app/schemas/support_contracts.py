"""Support during a loan (accompagnement): the contract, or what was agreed by word of mouth."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from app.domain.support import SupportForm, SupportStatus
from app.schemas.base import Day, Id, Input, Line, Output, Resource
from app.schemas.codes import SupportActionKind


class SupportContractCreate(Input):
    """What is agreed with the borrower. `organisation_id` is who supports them, null for the CCAS itself.

    Without `agreed_ends_on` support lasts as long as the rules say, and otherwise as long as the loan.
    """

    form: SupportForm
    agreed_on: Day
    organisation_id: Id | None = None
    actions_planned: Annotated[list[SupportActionKind], Field(max_length=20)] = []
    agreed_ends_on: Day | None = None

    @field_validator("agreed_ends_on")
    @classmethod
    def _after_it_begins(cls, ends_on: date | None, info: ValidationInfo) -> date | None:
        agreed_on = info.data.get("agreed_on")
        if ends_on is not None and agreed_on is not None and ends_on < agreed_on:
            raise PydanticCustomError("incoherent", "{fault}", {"fault": "ends_before_it_begins"})
        return ends_on


class SupportEndCreate(Input):
    """Support ends before its term. The loan stays as it is, whatever the reason."""

    ended_on: Day
    reason: Line


class SupportContractRead(Resource):
    """Support as it stands today. `ends_on` is its last day: never later than the loan's schedule in force has it."""

    id: UUID
    loan_id: UUID
    form: SupportForm
    agreed_on: date
    organisation_id: UUID | None
    actions_planned: list[str]
    agreed_ends_on: date | None
    ended_on: date | None
    ending_reason: str | None
    ends_on: date
    status: SupportStatus
    entered_at: datetime


class SupportContractList(Output):
    """All that was agreed for a loan, oldest entry first."""

    items: list[SupportContractRead]
    next_cursor: str | None

"""What was attested of a file: facts that no figure shows."""

from datetime import date, datetime
from uuid import UUID

from pydantic import Field, StrictBool, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from app.domain.products import Attested
from app.schemas.base import Day, Input, Line, Output


class AttestationCreate(Input):
    """Somebody (the person, a bank, the agent) attests that a fact holds, or that it does not.

    The agreement in a procedure of over-indebtedness, and the authorisation of a judge or a family council, are
    written: they have a reference.
    """

    fact: Attested
    holds: StrictBool
    attested_by: Line
    attested_on: Day
    reference: Line | None = Field(default=None, validate_default=True)

    @field_validator("reference")
    @classmethod
    def _of_what_is_written(cls, reference: str | None, info: ValidationInfo) -> str | None:
        if reference is not None or not info.data.get("holds"):
            return reference
        faults = {
            "agreement_without_reference": Attested.OVER_INDEBTEDNESS_AGREEMENT,
            "authorisation_without_reference": Attested.CAPACITY_AUTHORISED,
        }
        for fault, fact in faults.items():
            if info.data.get("fact") is fact:
                raise PydanticCustomError("incoherent", "{fault}", {"fault": fault})
        return reference


class AttestationRead(Output):
    """An attestation; the last of a fact counts."""

    id: UUID
    request_id: UUID
    fact: Attested
    holds: bool
    attested_by: str
    attested_on: date
    reference: str | None
    entered_at: datetime


class AttestationList(Output):
    """All that was attested of a request, oldest entry first."""

    items: list[AttestationRead]
    next_cursor: str | None

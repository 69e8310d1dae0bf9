"""Rectifications of a decision."""

from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.domain.rectifications import RectificationKind
from app.schemas.base import Cents, Day, Input, Line, Months, Output, PositiveCents, Prose
from app.schemas.codes import DecisionReason
from app.schemas.requests import OtherAnswerRead


class Corrections(Input):
    """What the decision should have said. What was decided, its day and its figures, is not corrected but withdrawn."""

    signatory: Line | None = None
    signatory_capacity: Line | None = None
    delegation_reference: Line | None = None
    body: Line | None = None
    reason_code: DecisionReason | None = None
    reason: Prose | None = None
    decided_on: Day | None = None
    loan_amount_cents: PositiveCents | None = None
    duration_months: Months | None = None
    instalment_cents: PositiveCents | None = None
    grant_cents: Cents | None = None

    def told(self) -> dict[str, Any]:
        """What is corrected."""
        return self.model_dump(exclude_none=True)


class RectificationCreate(Input):
    """A correction of a decision, why, and who signs it. Only a material error has `corrections`."""

    kind: RectificationKind
    rectified_on: Day
    reason: Prose
    signatory: Line
    signatory_capacity: Line | None = None
    body: Line | None = None
    corrections: Corrections = Field(default_factory=Corrections)

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if (self.kind is RectificationKind.MATERIAL_ERROR) != bool(self.corrections.told()):
            fault = "corrections_with_material_error_only"
            raise PydanticCustomError("incoherent", "{fault}", {"fault": fault})
        return self


class RectificationRead(Output):
    """A correction of a decision, which stays as it was taken.

    `other_answer` is the one that a refusal had given, once that is withdrawn.
    """

    id: UUID
    decision_id: UUID
    kind: RectificationKind
    rectified_on: date
    reason: str
    signatory: str
    signatory_capacity: str | None
    body: str | None
    corrections: dict[str, Any]
    other_answer: OtherAnswerRead | None
    account_id: UUID
    entered_at: datetime


class RectificationList(Output):
    """The rectifications of a decision, the oldest first."""

    items: list[RectificationRead]
    next_cursor: str | None

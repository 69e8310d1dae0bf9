"""The part of a loan that will never be paid out."""

from typing import Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from app.schemas.base import Input, Months, PositiveCents
from app.schemas.loan_decisions import LoanDecisionCreate


class UndrawnCreate(Input):
    """What was decided, and the duration or the instalment of what is still to fall due."""

    decision: LoanDecisionCreate
    duration_months: Months | None = None
    instalment_cents: PositiveCents | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.duration_months is None) == (self.instalment_cents is None):
            raise PydanticCustomError("one_of_two", "give one", {"expected": "duration_months, instalment_cents"})
        return self

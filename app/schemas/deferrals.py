"""Deferrals of instalments (reports d'échéances)."""

from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.domain.deferral import DeferralMode
from app.schemas.base import Day, Input, Months
from app.schemas.loan_decisions import LoanDecisionCreate
from app.schemas.schedule_changes import SeenVersion

InstalmentNumber = Annotated[int, Field(strict=True, ge=1, le=10_000)]


class DeferralTerms(Input):
    """For how many months from which instalment on, named by its number in the schedule in force or by its permanent
    `ref`. In the month of the pause nothing is due, or its interest alone; at 0 % the two are the same.
    """

    months: Months
    first_number: InstalmentNumber | None = None
    first_ref: InstalmentNumber | None = None
    mode: DeferralMode = DeferralMode.SHIFT

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.first_number is None) == (self.first_ref is None):
            raise PydanticCustomError("one_of_two", "give one", {"expected": "first_number, first_ref"})
        return self


class DeferralCreate(DeferralTerms):
    """Instalments are put off from a day on: that of the decision where none is given.

    `schedule_version` is the one that was looked at: the deferral is refused if another is in force since.
    """

    on: Day | None = None
    schedule_version: SeenVersion | None = None
    decision: LoanDecisionCreate

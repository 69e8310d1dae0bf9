"""Reschedulings (réaménagements): what is owed, over another duration or instalment."""

from typing import Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from app.schemas.base import AnchorDay, Day, Input, Months, PositiveCents, RatePercent
from app.schemas.loan_decisions import LoanDecisionCreate
from app.schemas.schedule_changes import SeenVersion


class RescheduleTerms(Input):
    """The first new due date, and the new duration or instalment. The rate and the day of the month stay unless given;
    the rounding is that of the rules.
    """

    first_due_on: Day
    duration_months: Months | None = None
    instalment_cents: PositiveCents | None = None
    anchor_day: AnchorDay | None = None
    rate_percent: RatePercent | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.duration_months is None) == (self.instalment_cents is None):
            raise PydanticCustomError("one_of_two", "give one", {"expected": "duration_months, instalment_cents"})
        return self


class RescheduleCreate(RescheduleTerms):
    """The loan is rescheduled from a day on: that of the decision where none is given.

    `schedule_version` is the one that was looked at: the change is refused if another is in force since.
    """

    on: Day | None = None
    schedule_version: SeenVersion | None = None
    decision: LoanDecisionCreate

"""The budget of a request over the term of a loan that is only imagined."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.domain.amortization import DURATION_MONTHS_MAX, PRINCIPAL_CENTS_MAX
from app.schemas.base import CENTS_MAX, Day, InDigits, Input, Output, Percent, RatePercent
from app.schemas.plans import Ratio


class ProjectionQuery(Input):
    """The loan: its amount, and its duration or its instalment. The rate is that of the rules where none is given.

    The first instalment falls a month from today unless a day is given.
    """

    amount_cents: Annotated[int, Field(ge=1, le=PRINCIPAL_CENTS_MAX, description="whole cents"), InDigits]
    duration_months: Annotated[int, Field(ge=1, le=DURATION_MONTHS_MAX), InDigits] | None = None
    instalment_cents: Annotated[int, Field(ge=1, le=CENTS_MAX, description="whole cents"), InDigits] | None = None
    rate_percent: RatePercent | None = None
    first_due_on: Day | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.duration_months is None) == (self.instalment_cents is None):
            raise PydanticCustomError("one_of_two", "give one", {"expected": "duration_months, instalment_cents"})
        return self


class PeriodRead(Output):
    """Whole months in which nothing changes, both days included; what a month of them is, in cents and percent.

    `before` is without the instalment that the borrower would pay, `after` with it.
    """

    from_on: date
    to_on: date
    months: int
    instalment_cents: int
    debt_instalments_cents: int
    left_to_live_before_cents: int
    left_to_live_after_cents: int
    debt_ratio_before_percent: Ratio | None
    debt_ratio_after_percent: Ratio | None


class LowestMonth(Output):
    """The first month of those that leave the least, and what is left then once the instalment is paid."""

    from_on: date
    left_to_live_cents: int


class ProjectionRead(Output):
    """The month of the household over the term. `as_of_on` is the day of the budget, `revision` which it is."""

    request_id: UUID
    revision: int
    as_of_on: date | None
    amount_cents: int
    duration_months: int
    rate_percent: Percent
    periods: list[PeriodRead]
    lowest: LowestMonth

"""Over-indebtedness (surendettement) of the borrower of a loan."""

from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from app.domain.loan_decisions import LoanAuthority
from app.domain.over_indebtedness import ENDS_ON_A_DAY, REPLACES_SCHEDULE, ProcedureEventKind
from app.schemas.base import Day, Input, Months, Output, PositiveCents, RatePercent
from app.schemas.loan_decisions import LoanDecisionCreate


class ProcedurePlan(Input):
    """The rows that a plan gives to what is owed: the first day, and a duration or an instalment.

    Where no rate is told, that of the loan stays.
    """

    first_due_on: Day
    duration_months: Months | None = None
    instalment_cents: PositiveCents | None = None
    rate_percent: RatePercent | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.duration_months is None) == (self.instalment_cents is None):
            raise PydanticCustomError("one_of_two", "give one", {"expected": "duration_months, instalment_cents"})
        return self


class ProcedureEventCreate(Input):
    """An event of the procedure, on the day it was decided; of a filing, on the day of the borrower's demand.

    A moratorium and a delay of the judge have their last day (`until`); a plan and measures have new rows, and a
    moratorium may have those that come after it.
    """

    kind: ProcedureEventKind
    decision: LoanDecisionCreate
    until: Day | None = None
    plan: ProcedurePlan | None = None

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        faults = {
            "until_of_its_kind": (self.until is not None) != (self.kind in ENDS_ON_A_DAY),
            "plan_of_its_kind": (self.plan is None)
            if self.kind in REPLACES_SCHEDULE
            else (self.plan is not None and self.kind is not ProcedureEventKind.MORATORIUM),
        }
        for fault, is_found in faults.items():
            if is_found:
                raise PydanticCustomError("incoherent", "{fault}", {"fault": fault})
        return self


class ProcedureEventRead(Output):
    """One event. `schedule_version` is the version of the schedule that it put in force; null where it stayed."""

    id: UUID
    kind: ProcedureEventKind
    decided_on: date
    decided_by: LoanAuthority
    reference: str | None
    until: date | None
    schedule_version: int | None
    entered_at: datetime


class ProcedureEventList(Output):
    """The events of one loan, the oldest first."""

    items: list[ProcedureEventRead]
    next_cursor: str | None

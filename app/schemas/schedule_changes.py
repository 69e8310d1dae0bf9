"""The versions of a schedule that have been in force, one after the other, and why."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.domain.schedule_kinds import ScheduleKind
from app.schemas.base import Input, Output
from app.schemas.loan_decisions import LoanDecisionCreate, LoanDecisionRead

SeenVersion = Annotated[int, Field(strict=True, ge=1, le=10_000)]


class ScheduleChangeRead(Output):
    """A version put in force from a day on; the contract's has neither day nor decision.

    `kind` is what made the version. `cancels_version` is the version undone where an earlier one is in force again.
    `is_in_force` is of the last of them, which alone can be cancelled. `interest_cents` is all that the loan bears, and
    `cost_cents` what it bears more (less, below 0) than under the version that was in force before.
    """

    id: UUID
    loan_id: UUID
    version: int
    kind: ScheduleKind
    effective_on: date | None
    cancels_version: int | None
    decision: LoanDecisionRead | None
    interest_cents: int
    cost_cents: int
    first_due_on: date | None
    last_due_on: date | None
    is_in_force: bool
    entered_at: datetime


class ScheduleChangeList(Output):
    """All of them, in the order in which they came into force."""

    items: list[ScheduleChangeRead]
    next_cursor: str | None


class ScheduleCancellationCreate(Input):
    """The last change is undone: the version before is in force again, from the same day on."""

    decision: LoanDecisionCreate

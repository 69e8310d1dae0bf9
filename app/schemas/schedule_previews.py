"""What a change of schedule would give, before anything is decided."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Discriminator, WrapValidator
from pydantic_core.core_schema import ValidatorFunctionWrapHandler

from app.domain.early_repayment import Choice
from app.domain.schedule_kinds import ScheduleKind
from app.schemas.base import Day, Input, Output, PositiveCents
from app.schemas.deferrals import DeferralTerms
from app.schemas.early_repayments import CoverRead
from app.schemas.eligibility import ToldBreach
from app.schemas.reschedules import RescheduleTerms


class DeferralPreview(DeferralTerms):
    """A deferral from a day on; today where none is given."""

    kind: Literal["deferral"]
    on: Day | None = None


class ReschedulePreview(RescheduleTerms):
    """A rescheduling from a day on; today where none is given."""

    kind: Literal["reschedule"]
    on: Day | None = None


class EarlyRepaymentPreview(Input):
    """A payment of an amount on a day, today where none is given: its part beyond what is due that day comes early."""

    kind: Literal["early_repayment"]
    amount_cents: PositiveCents
    choice: Choice
    on: Day | None = None


_KINDS: dict[Any, type[DeferralPreview | ReschedulePreview | EarlyRepaymentPreview]] = {
    "deferral": DeferralPreview,
    "reschedule": ReschedulePreview,
    "early_repayment": EarlyRepaymentPreview,
}


def _of_its_kind(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    # A plain union would tell the faults of every kind, or name the kind within the place of a fault.
    kind = value.get("kind") if isinstance(value, dict) else None
    form = _KINDS.get(kind) if isinstance(kind, str) else None
    return form.model_validate(value) if form else read(value)


# Not `Field(discriminator=…)`, which the framework takes for its own and puts around the validator.
SchedulePreviewCreate = Annotated[
    DeferralPreview | ReschedulePreview | EarlyRepaymentPreview, Discriminator("kind"), WrapValidator(_of_its_kind)
]


class PlannedRow(Output):
    """One instalment that would be, in cents."""

    number: int
    due_on: date
    principal_cents: int
    interest_cents: int
    total_cents: int
    balance_cents: int


class SchedulePreviewRead(Output):
    """The schedule that a change would give, beside the one in force, in cents; nothing is written.

    `cost_cents` is the interest that the borrower would pay more (less, below 0) over the whole loan: what
    `ccas_cost_cents` tells is the same from the side of the CCAS, which lends its own money. `removed` and `added` are
    the instalments that would go and come. `early_cents` is the part of a payment that comes early, and `covers` what
    it would pay of instalments that do not change. `breaches` are the limits of the rules that would be exceeded.
    """

    kind: ScheduleKind
    on: date
    schedule_version: int
    rows: list[PlannedRow]
    removed: list[PlannedRow]
    added: list[PlannedRow]
    interest_cents: int
    cost_cents: int
    ccas_cost_cents: int
    last_due_on: date | None
    early_cents: int | None
    covers: list[CoverRead]
    breaches: list[ToldBreach]

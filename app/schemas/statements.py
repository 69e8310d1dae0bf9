"""What a partner tells of the money of its loans, across the CCAS."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, WrapValidator
from pydantic_core.core_schema import ValidatorFunctionWrapHandler

from app.domain.lender_reports import LenderScheduleKind
from app.domain.statements import ReturnReason
from app.schemas.base import Cents, Day, Id, Input, MachineReference, PositiveCents
from app.schemas.batches import ITEMS_MAX, BatchRead, OrMalformed
from app.schemas.lender_reports import (
    AccelerationCreate,
    GuaranteeCallCreate,
    LenderRecoveryCreate,
    LenderReversalCreate,
    LenderRows,
    LossCreate,
)
from app.schemas.offers import LenderDisbursementCreate


class RepaymentLine(Input):
    """A repayment by the borrower. `reference` is the partner's: told twice, it is the same repayment."""

    kind: Literal["repayment"]
    handoff_id: Id
    reference: MachineReference
    amount_cents: PositiveCents
    paid_on: Day
    outstanding_principal_cents: Cents | None = None


class UnpaidLine(Input):
    """An instalment that was due and not paid."""

    kind: Literal["unpaid"]
    handoff_id: Id
    instalment_number: Annotated[int, Field(strict=True, ge=1, le=1000)]
    outstanding_principal_cents: Cents | None = None


class BalanceLine(Input):
    """Only what is still owed."""

    kind: Literal["balance"]
    handoff_id: Id
    outstanding_principal_cents: Cents


class ReturnedLine(Input):
    """A direct debit that came back: the repayment that `repayment_reference` names was not received after all.

    `reference` is that of the return itself: told twice, it is the same return. It may be told before its repayment.
    """

    kind: Literal["returned"]
    handoff_id: Id
    reference: MachineReference
    repayment_reference: MachineReference
    returned_on: Day
    reason_code: ReturnReason | None = None
    outstanding_principal_cents: Cents | None = None


class DisbursementLine(LenderDisbursementCreate):
    """The partner paid its loan out, whole or in part, as it would push it alone."""

    kind: Literal["disbursement"]
    handoff_id: Id


class ScheduleLine(LenderRows):
    """New rows, as the partner would push them alone; `schedule_kind` is why they are others."""

    kind: Literal["schedule"]
    schedule_kind: LenderScheduleKind
    handoff_id: Id


class AccelerationLine(AccelerationCreate):
    """The whole called due, as the partner would push it alone."""

    kind: Literal["acceleration"]
    handoff_id: Id


class LossLine(LossCreate):
    """A loss, as the partner would push it alone."""

    kind: Literal["loss"]
    handoff_id: Id


class GuaranteeCallLine(GuaranteeCallCreate):
    """A call on a guarantor, as the partner would push it alone."""

    kind: Literal["guarantee_call"]
    handoff_id: Id


class RecoveryLine(LenderRecoveryCreate):
    """What was recovered after a loss, as the partner would push it alone."""

    kind: Literal["recovery"]
    handoff_id: Id


class ReversalLine(LenderReversalCreate):
    """What was told by mistake, taken back, as the partner would push it alone."""

    kind: Literal["reversal"]
    handoff_id: Id


OtherLine = (
    DisbursementLine | ScheduleLine | AccelerationLine | LossLine | GuaranteeCallLine | RecoveryLine | ReversalLine
)
_AnyLine = RepaymentLine | UnpaidLine | BalanceLine | ReturnedLine | OtherLine
_LINES: dict[Any, type[_AnyLine]] = {
    "repayment": RepaymentLine,
    "unpaid": UnpaidLine,
    "balance": BalanceLine,
    "returned": ReturnedLine,
    "disbursement": DisbursementLine,
    "schedule": ScheduleLine,
    "acceleration": AccelerationLine,
    "loss": LossLine,
    "guarantee_call": GuaranteeCallLine,
    "recovery": RecoveryLine,
    "reversal": ReversalLine,
}


def _of_its_kind(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    # A plain union would tell the faults of every kind, or name the kind within the place of a fault.
    kind = value.get("kind") if isinstance(value, dict) else None
    form = _LINES.get(kind) if isinstance(kind, str) else None
    return form.model_validate(value) if form else read(value)


Line = Annotated[
    Annotated[_AnyLine, Field(discriminator="kind")],
    WrapValidator(_of_its_kind),
]


class StatementCreate(Input):
    """All that the partner knows of its loans up to `position_on`, that day included; nothing is an answer too.

    A line that is refused holds the position of its CCAS back until it is told right.
    """

    position_on: Day
    items: Annotated[list[OrMalformed[Line]], Field(max_length=ITEMS_MAX)]


class StatementRead(BatchRead):
    """The answer to each line. `id` is that of the ledger entry of a repayment, of the loan that was paid out, of what
    was reported, of the line otherwise.
    """

    position_on: date

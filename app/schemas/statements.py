"""What a partner tells of the money of its loans, across the CCAS."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, WrapValidator
from pydantic_core.core_schema import ValidatorFunctionWrapHandler

from app.schemas.base import Cents, Day, Id, Input, MachineReference, PositiveCents
from app.schemas.batches import ITEMS_MAX, BatchRead, OrMalformed


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


_LINES: dict[Any, type[RepaymentLine | UnpaidLine | BalanceLine]] = {
    "repayment": RepaymentLine,
    "unpaid": UnpaidLine,
    "balance": BalanceLine,
}


def _of_its_kind(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    # A plain union would tell the faults of every kind, or name the kind within the place of a fault.
    kind = value.get("kind") if isinstance(value, dict) else None
    form = _LINES.get(kind) if isinstance(kind, str) else None
    return form.model_validate(value) if form else read(value)


Line = Annotated[
    Annotated[RepaymentLine | UnpaidLine | BalanceLine, Field(discriminator="kind")], WrapValidator(_of_its_kind)
]


class StatementCreate(Input):
    """All that the partner knows of its loans up to `position_on`, that day included; nothing is an answer too.

    A line that is refused holds the position of its CCAS back until it is told right.
    """

    position_on: Day
    items: Annotated[list[OrMalformed[Line]], Field(max_length=ITEMS_MAX)]


class StatementRead(BatchRead):
    """The answer to each line. `id` is that of the ledger entry of a repayment, of the line otherwise."""

    position_on: date

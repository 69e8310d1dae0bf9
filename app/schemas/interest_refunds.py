"""Interest that third parties give back at the end of a loan."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from app.domain.borne_interest import ATTESTED
from app.domain.lenders import RefundCondition
from app.schemas.base import Day, Input, Output, ShortLine
from app.schemas.borne_interest import PayerCode

_ATTESTED = [condition.value for condition in ATTESTED]


def _attestable(condition: RefundCondition) -> RefundCondition:
    if condition not in ATTESTED:
        raise PydanticCustomError("enum", "a condition that somebody attests", {"expected": ", ".join(_ATTESTED)})
    return condition


class InterestRefundCreate(Input):
    """The interest is given back. `attested` are the conditions that the CCAS attests: the ledger tells the others.

    `payer` is named where the rules have several.
    """

    refunded_on: Day
    reference: ShortLine
    payer: PayerCode | None = None
    attested: Annotated[
        list[Annotated[RefundCondition, AfterValidator(_attestable), Field(json_schema_extra={"enum": [*_ATTESTED]})]],
        Field(max_length=len(_ATTESTED)),
    ] = []


class InterestRefundRead(Output):
    """A refund, with the conditions that the rules asked for and were met."""

    id: UUID
    loan_id: UUID
    payer: str
    amount_cents: int
    refunded_on: date
    reference: str
    conditions: list[RefundCondition]
    account_id: UUID
    entered_at: datetime


class InterestRefundList(Output):
    """The refunds of a loan, of which at most one by each payer."""

    items: list[InterestRefundRead]
    next_cursor: str | None

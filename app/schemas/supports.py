"""Financial support (soutien financier): instalments that the CCAS pays in the borrower's place."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from app.domain.loan_decisions import LoanAuthority
from app.schemas.base import Input, InstalmentRef, Output, PositiveCents
from app.schemas.loan_decisions import LoanDecisionCreate


class SupportedInstalmentCreate(Input):
    """What is paid of one instalment, named by its permanent number within the loan."""

    ref: InstalmentRef
    amount_cents: PositiveCents


def _each_once(instalments: list[SupportedInstalmentCreate]) -> list[SupportedInstalmentCreate]:
    if len({instalment.ref for instalment in instalments}) < len(instalments):
        raise PydanticCustomError("incoherent", "{fault}", {"fault": "instalment_twice"})
    return instalments


class SupportCreate(Input):
    """The decision to pay instalments, or a part of them, from its day on: never more than what is not paid of them."""

    decision: LoanDecisionCreate
    instalments: Annotated[
        list[SupportedInstalmentCreate], Field(min_length=1, max_length=120), AfterValidator(_each_once)
    ]


class SupportCancellationCreate(Input):
    """The decision that takes a support back."""

    decision: LoanDecisionCreate


class SupportedInstalmentRead(Output):
    """What was decided to be paid of one instalment, and what the accountant has told of it, in cents."""

    ref: int
    amount_cents: int
    paid_cents: int


class SupportRead(Output):
    """A support. It covers its instalments from `decided_on` on, until `cancelled_on` where it was taken back.

    It is paid as far as the public accountant told of repayments by the CCAS.
    """

    id: UUID
    loan_id: UUID
    decision_id: UUID
    decided_on: date
    decided_by: LoanAuthority
    reference: str | None
    reason: str | None
    instalments: list[SupportedInstalmentRead]
    amount_cents: int
    paid_cents: int
    cancelled_on: date | None
    entered_at: datetime

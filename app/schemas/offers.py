"""A partner's offer and the payment of its loan, as the partner tells them."""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.domain.amortization import DURATION_MONTHS_MAX
from app.domain.loan_lifecycle import LoanStage
from app.domain.products import Party
from app.schemas.base import Cents, Day, Input, MachineReference, Output, PositiveCents, RatePercent, Sha256
from app.schemas.disbursements import Payee

# The field that shows each fault of a row.
_FAULTY_FIELDS = {
    "row_total": "total_cents",
    "row_shares": "borrower_cents",
    "rows_numbered": "number",
    "rows_in_order": "due_on",
}


class InterestShareCreate(Input):
    """What a third party pays of the interest of a row; `payer` is its code, such as `city`."""

    payer: Annotated[str, Field(strict=True, pattern=r"^[a-z][a-z0-9_]{0,62}$", examples=["city"])]
    cents: PositiveCents


class OfferRow(Input):
    """One instalment of the lender. Where nothing says who pays the interest, the rules of the CCAS do."""

    number: Annotated[int, Field(strict=True, ge=1, le=DURATION_MONTHS_MAX)]
    due_on: Day
    principal_cents: PositiveCents
    interest_cents: Cents
    total_cents: PositiveCents
    borrower_cents: PositiveCents | None = None
    third_parties: Annotated[list[InterestShareCreate], Field(max_length=5)] | None = None

    def fault(self) -> str | None:
        """The first thing that does not add up in the row."""
        if self.total_cents != self.principal_cents + self.interest_cents:
            return "row_total"
        shared = None if self.third_parties is None else sum(share.cents for share in self.third_parties)
        if shared is not None and shared > self.interest_cents:
            return "row_shares"
        if self.borrower_cents is not None and self.borrower_cents != self.total_cents - (shared or 0):
            return "row_shares"
        return None


def check_rows(rows: Sequence[OfferRow], *, not_before: date) -> None:
    """Raises the first fault of rows that do not add up or do not follow one another from a day on, and its place."""
    found = {
        "rows_numbered": [place for place, row in enumerate(rows) if row.number != place + 1],
        "rows_in_order": [place for place, (one, other) in enumerate(pairwise(rows), 1) if one.due_on >= other.due_on],
    }
    if rows[0].due_on < not_before:
        found["rows_in_order"].insert(0, 0)
    faults = [(fault, place) for place, row in enumerate(rows) if (fault := row.fault())]
    faults += [(fault, places[0]) for fault, places in found.items() if places]
    for fault, place in faults:
        at = ["rows", place, _FAULTY_FIELDS[fault]]
        raise PydanticCustomError("incoherent", "{fault}", {"fault": fault, "at": at})


class OfferCreate(Input):
    """The lender's offer with its own rows. `signed_by` is needed where the rules do not say it."""

    number: MachineReference
    amount_cents: PositiveCents
    rate_percent: RatePercent | None = None
    offered_on: Day
    valid_until: Day | None = None
    contract_sha256: Sha256 | None = None
    signed_by: Annotated[list[Party], Field(min_length=1, max_length=4)] | None = None
    rows: Annotated[list[OfferRow], Field(min_length=1, max_length=DURATION_MONTHS_MAX)]

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        check_rows(self.rows, not_before=self.offered_on)
        found = {
            "rows_repay_amount": sum(row.principal_cents for row in self.rows) != self.amount_cents,
            "valid_until_before_offer": self.valid_until is not None and self.valid_until < self.offered_on,
        }
        for fault, is_found in found.items():
            if is_found:
                raise PydanticCustomError("incoherent", "{fault}", {"fault": fault})
        return self


class OfferRead(Output):
    """The lender's loan as the lender may see it; `known` where it was told before, and nothing changed."""

    loan_id: UUID
    handoff_id: UUID
    number: str
    stage: LoanStage
    amount_cents: int
    offered_on: date
    known: bool


class LenderDisbursementCreate(Input):
    """The partner paid its loan out, whole or in part, under its own reference."""

    amount_cents: PositiveCents
    disbursed_on: Day
    payee: Payee
    reference: MachineReference

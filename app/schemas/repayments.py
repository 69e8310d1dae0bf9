"""The ledger of a loan."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from app.domain.ledger import EntryKind, PayeeKind, RepaymentSource
from app.schemas.base import Day, Input, Output, PositiveCents, Prose, ShortLine

_OF_THE_CCAS = (RepaymentSource.PUBLIC_ACCOUNTANT.value, RepaymentSource.CASH_OFFICER.value)


def _not_the_lender(source: RepaymentSource) -> RepaymentSource:
    if source.value not in _OF_THE_CCAS:
        raise PydanticCustomError("enum", "a source of own funds", {"expected": ", ".join(_OF_THE_CCAS)})
    return source


class RepaymentCreate(Input):
    """Money received on a loan, as told by the public accountant's position or by a régisseur's receipt.

    `reference` is the accountant's or the receipt's own: given twice, it is the same repayment.
    """

    amount_cents: PositiveCents
    received_on: Day
    source: Annotated[
        RepaymentSource, AfterValidator(_not_the_lender), Field(json_schema_extra={"enum": [*_OF_THE_CCAS]})
    ]
    reference: ShortLine


class ReversalCreate(Input):
    """A repayment that was entered in error or came back."""

    reversed_on: Day
    reason: Prose


class LedgerEntryRead(Output):
    """One entry of the ledger; never changed."""

    id: UUID
    kind: EntryKind
    amount_cents: int
    effect_on: date
    entered_at: datetime
    reverses_id: UUID | None
    source: RepaymentSource | None
    reference: str | None
    payee_kind: PayeeKind | None
    payee_name: str | None
    reason: str | None


class LedgerRead(Output):
    """All the entries of a loan, in the order in which they were entered."""

    items: list[LedgerEntryRead]
    next_cursor: str | None

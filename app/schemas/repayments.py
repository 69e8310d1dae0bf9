"""The ledger of a loan."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from app.domain.ledger import EntryKind, LedgerAccount, PayeeKind, RepaidBy, RepaymentSource
from app.schemas.base import Day, Input, Line, Output, PositiveCents, Prose, ShortLine

_OF_THE_CCAS = (RepaymentSource.PUBLIC_ACCOUNTANT.value, RepaymentSource.CASH_OFFICER.value)


def _not_the_lender(source: RepaymentSource) -> RepaymentSource:
    if source.value not in _OF_THE_CCAS:
        raise PydanticCustomError("enum", "a source of own funds", {"expected": ", ".join(_OF_THE_CCAS)})
    return source


class RepaymentCreate(Input):
    """Money received on a loan, as told by the public accountant's position or by a régisseur's receipt.

    `reference` is the accountant's or the receipt's own: given twice, it is the same repayment. `instalment_ref` is the
    instalment that it names, by its lasting number; `cash_officer` the régisseur who gave the receipt.
    """

    amount_cents: PositiveCents
    received_on: Day
    source: Annotated[
        RepaymentSource, AfterValidator(_not_the_lender), Field(json_schema_extra={"enum": [*_OF_THE_CCAS]})
    ]
    reference: ShortLine
    payer: RepaidBy | None = None
    instalment_ref: Annotated[int, Field(strict=True, ge=1, le=10_000)] | None = None
    cash_officer: Line | None = None

    @model_validator(mode="after")
    def _receipt_is_of_somebody(self) -> Self:
        if (self.cash_officer is not None) != (self.source is RepaymentSource.CASH_OFFICER):
            raise PydanticCustomError("receipt_of_cash_officer", "a receipt alone names the cash officer")
        return self


class ReversalCreate(Input):
    """A repayment that was entered in error or came back."""

    reversed_on: Day
    reason: Prose


class LedgerLineRead(Output):
    """What an entry moves on an account from a day on: a debit above 0, a credit below."""

    account: LedgerAccount
    amount_cents: int
    effect_on: date


class LedgerEntryRead(Output):
    """One entry of the ledger; never changed. Its `lines` sum to 0.

    `off_books_cents` is the part of an erasure or a remission that had left the books before.
    """

    id: UUID
    kind: EntryKind
    amount_cents: int
    off_books_cents: int
    effect_on: date
    entered_at: datetime
    reverses_id: UUID | None
    source: RepaymentSource | None
    reference: str | None
    payer: RepaidBy | None
    instalment_ref: int | None
    cash_officer: str | None
    payee_kind: PayeeKind | None
    payee_name: str | None
    decision_id: UUID | None
    reason: str | None
    lines: list[LedgerLineRead]


class LedgerRead(Output):
    """All the entries of a loan, in the order in which they were entered."""

    items: list[LedgerEntryRead]
    next_cursor: str | None

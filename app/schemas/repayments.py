"""The ledger of a loan."""

from datetime import date, datetime
from uuid import UUID

from app.domain.ledger import EntryKind, PayeeKind, RepaymentSource
from app.schemas.base import Day, Input, Output, PositiveCents, Prose, ShortLine


class RepaymentCreate(Input):
    """Money received on a loan, as told by the public accountant's position or by a régisseur's receipt.

    `reference` is the accountant's or the receipt's own: given twice, it is the same repayment.
    """

    amount_cents: PositiveCents
    received_on: Day
    source: RepaymentSource
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

"""What the lender recovered after a loss that guarantors bore with it."""

from datetime import date, datetime
from uuid import UUID

from app.schemas.base import Day, Input, Output, PositiveCents, ShortLine


class GuaranteeRecoveryCreate(Input):
    """The lender recovered money. `reference` is that of its letter: given twice for a loan, it is one recovery."""

    amount_cents: PositiveCents
    recovered_on: Day
    reference: ShortLine


class RecoveryShareRead(Output):
    """The part of what was recovered that is a guarantor's, in cents."""

    claim_id: UUID
    guarantor: str
    cents: int


class GuaranteeRecoveryRead(Output):
    """One recovery = the guarantors' parts + the lender's; `reversed_on` where it was entered in error."""

    id: UUID
    loan_id: UUID
    amount_cents: int
    recovered_on: date
    reference: str
    shares: list[RecoveryShareRead]
    lender_cents: int
    reversed_on: date | None
    account_id: UUID
    entered_at: datetime


class GuaranteeRecoveryList(Output):
    """The recoveries on a loan in the order in which they were entered, those taken back among them."""

    items: list[GuaranteeRecoveryRead]
    next_cursor: str | None

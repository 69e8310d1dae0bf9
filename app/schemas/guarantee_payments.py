"""What guarantors pay on the claims made on them."""

from datetime import date, datetime
from uuid import UUID

from app.schemas.base import Day, Input, Output, PositiveCents, ShortLine


class GuaranteePaymentCreate(Input):
    """The guarantor paid. `reference` is that of its payment: given twice for a claim, it is the same payment."""

    amount_cents: PositiveCents
    paid_on: Day
    reference: ShortLine


class GuaranteePaymentRead(Output):
    """One payment; `reversed_on` where it was entered in error and taken back."""

    id: UUID
    claim_id: UUID
    amount_cents: int
    paid_on: date
    reference: str
    reversed_on: date | None
    account_id: UUID
    entered_at: datetime

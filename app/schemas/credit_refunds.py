"""What was paid beyond what was owed, and is given back."""

from app.schemas.base import Day, Input, PositiveCents, ShortLine


class CreditRefundCreate(Input):
    """Money given back, under the number of the order to pay (mandat)."""

    amount_cents: PositiveCents
    refunded_on: Day
    reference: ShortLine | None = None

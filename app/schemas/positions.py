"""Up to which day the public accountant has told all that was paid."""

from datetime import date, datetime
from uuid import UUID

from app.schemas.base import Day, Input, Output, ShortLine


class PositionCreate(Input):
    """All repayments up to `position_on` are entered, as the accountant's statement named here tells them."""

    position_on: Day
    reference: ShortLine


class PositionRead(Output):
    """A position: an instalment due by then and not paid is unpaid; of later ones nothing is known."""

    id: UUID
    position_on: date
    reference: str
    entered_at: datetime

"""The yearly envelopes of loans and of grants."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.domain.dates import DAY_MAX, DAY_MIN
from app.domain.envelopes import EnvelopeKind
from app.schemas.base import Cents, Day, InDigits, Input, Line, Output

_within_days = Field(ge=DAY_MIN.year, le=DAY_MAX.year)
Year = Annotated[int, Field(strict=True), _within_days]


class EnvelopeCreate(Input):
    """What was voted for a year: the whole of it, not what is added. `reference` is that of the vote."""

    year: Year
    kind: EnvelopeKind
    amount_cents: Cents
    voted_on: Day
    reference: Line


class EnvelopeEntryRead(Output):
    """One vote of an envelope; the last that was entered is in force."""

    id: UUID
    year: int
    kind: EnvelopeKind
    amount_cents: int
    voted_on: date
    reference: str
    account_id: UUID
    entered_at: datetime


class EnvelopeLeft(Output):
    """Where an envelope stands: `reserved_cents` were decided and are not paid, `consumed_cents` are."""

    kind: EnvelopeKind
    amount_cents: int
    reserved_cents: int
    consumed_cents: int
    left_cents: int


class EnvelopeRead(EnvelopeLeft):
    """An envelope in force, with all that was voted for it, the last first."""

    year: int
    entries: list[EnvelopeEntryRead]


class EnvelopeList(Output):
    """The envelopes of a year, of which at most one of each kind; none where none was voted."""

    items: list[EnvelopeRead]
    next_cursor: str | None


class EnvelopeQuery(Input):
    """Whose envelopes."""

    year: Annotated[int, _within_days, InDigits]

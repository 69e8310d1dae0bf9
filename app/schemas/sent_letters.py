"""The letters about a loan that a person sent."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from app.domain.arrears import LetterKind
from app.domain.products import Party
from app.schemas.base import Day, Input, InstalmentRef, Output


class SentLetterCreate(Input):
    """A letter that somebody sent on a day; the service sends none. `instalment_ref` is what it was about."""

    kind: LetterKind
    sent_on: Day
    recipient: Literal[Party.BORROWER, Party.CO_BORROWER] = Party.BORROWER
    instalment_ref: InstalmentRef | None = None


class SentLetterRead(Output):
    """A letter that was sent, and the account that noted it."""

    id: UUID
    loan_id: UUID
    kind: LetterKind
    recipient: Party
    sent_on: date
    instalment_ref: int | None
    account_id: UUID
    entered_at: datetime

"""Slips (bordereaux) of titles and of mandates, as they are told to the public accountant."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.domain.accounting_files import FileEncoding
from app.domain.titles import LineType, SlipKind
from app.schemas.base import Day, InDigits, Input, Output, PageQuery
from app.schemas.organisations import Siret

AccountNumber = Annotated[str, Field(strict=True, pattern=r"^[1-9][0-9]{1,9}$", examples=["2748"])]


class SlipCreate(Input):
    """What falls due, or was paid out, up to `due_until` and was not told before.

    The account numbers of the M57 (2744 prêts d'honneur or 2748 autres prêts, 762 for interest) are for the accountant
    of each CCAS to confirm: those that stand here by default are usual, not certain. `issued_on` is today by default.
    """

    due_until: Day
    issued_on: Day | None = None
    collectivity_siret: Siret | None = None
    loan_account: AccountNumber = "2748"
    interest_account: AccountNumber = "762"


class SlipListQuery(PageQuery):
    """Filters of the list of slips."""

    kind: SlipKind | None = None
    year: Annotated[int, Field(ge=1900, le=2199), InDigits] | None = None


class SlipFileQuery(Input):
    """How the characters of the file are written."""

    encoding: FileEncoding = FileEncoding.LATIN


class SlipItem(Output):
    """A slip in the list; `number` follows on from 1 in the year of its kind."""

    id: UUID
    kind: SlipKind
    year: int
    number: int
    issued_on: date
    due_until: date
    collectivity_siret: str | None
    loan_account: str
    interest_account: str
    account_id: UUID
    entered_at: datetime


class SlipParty(Output):
    """Who owes a title or is paid, as known when the line was told; null is not known."""

    civility: str | None
    name: str | None
    first_names: str | None
    birth_on: date | None
    city: str | None
    siret: str | None
    iban_last4: str | None


class SlipLineRead(Output):
    """A line. `reference` is the REF_ECHEANCE of the title, for good; amounts are never negative, `type` tells."""

    rank: int
    type: LineType
    loan_id: UUID
    loan_reference: str
    reference: str
    number: int | None
    due_on: date
    principal_cents: int
    interest_cents: int
    total_cents: int
    party: SlipParty
    invoice_number: str | None
    object: str
    decision_reference: str | None
    decided_on: date
    ledger_entry_id: UUID | None


class SlipTotals(Output):
    """What the lines of each type add up to, in cents."""

    emission_cents: int
    reduction_cents: int
    annulation_cents: int


class SlipRead(SlipItem):
    """A slip with its lines, as its file has them."""

    lines: list[SlipLineRead]
    totals: SlipTotals

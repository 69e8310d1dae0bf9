"""Paying a loan of the CCAS's own funds out, in one part or in several."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from app.domain.contracts import BORROWERS
from app.domain.ledger import PayeeKind
from app.domain.payees import is_iban
from app.domain.products import Party
from app.schemas.base import Day, Id, Input, Line, Output, PositiveCents, ShortLine
from app.schemas.organisations import Siret


def _with_its_key(number: str) -> str:
    written = number.replace(" ", "")
    if not is_iban(written):
        raise PydanticCustomError("not_an_iban", "the key of this account number does not fit")
    return written


def _a_borrower(party: Party) -> Party:
    if party not in BORROWERS:
        raise PydanticCustomError("enum", "a borrower", {"expected": ", ".join(BORROWERS)})
    return party


Iban = Annotated[
    str,
    Field(strict=True, pattern=r"^[A-Z]{2}[0-9]{2}[A-Z0-9 ]{11,40}$", examples=["FR14 2004 1010 0505 0001 3M02 606"]),
    AfterValidator(_with_its_key),
]
Borrower = Annotated[Party, AfterValidator(_a_borrower), Field(json_schema_extra={"enum": [*BORROWERS]})]


class Payee(Input):
    """Who is paid."""

    kind: PayeeKind
    name: Line | None = None


class DisbursementPayee(Payee):
    """Who is paid: a supplier, of the directory or not, or one of the borrowers (the first, where none is named).

    Of `iban` the last four characters are kept, and no more. `instruction_on` is the day of the borrower's written
    instruction to pay the supplier.
    """

    organisation_id: Id | None = None
    person: Borrower | None = None
    siret: Siret | None = None
    iban: Iban | None = None
    invoice_reference: ShortLine | None = None
    instruction_on: Day | None = None

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        of_supplier = (self.organisation_id, self.siret, self.invoice_reference, self.instruction_on)
        others = (self.person,) if self.kind is PayeeKind.SUPPLIER else of_supplier
        if any(value is not None for value in others):
            raise PydanticCustomError("incoherent", "{fault}", {"fault": "payee_of_its_kind"})
        return self


class DisbursementCreate(Input):
    """A part of the loan is paid out, or the whole of it, under the number of the order to pay (mandat)."""

    amount_cents: PositiveCents
    disbursed_on: Day
    payee: DisbursementPayee
    reference: ShortLine | None = None


class PayeeRead(Output):
    """Who was paid."""

    kind: PayeeKind
    name: str | None
    organisation_id: UUID | None
    person: Party | None
    siret: str | None
    iban_last4: str | None
    invoice_reference: str | None
    instruction_on: date | None


class DisbursementRead(Output):
    """A part that was paid out. `reversed_on` is the day it was taken back, null while it stands."""

    id: UUID
    amount_cents: int
    disbursed_on: date
    reference: str | None
    payee: PayeeRead
    reversed_on: date | None
    entered_at: datetime


class DisbursementList(Output):
    """The parts of a loan, in the order in which they were entered."""

    items: list[DisbursementRead]
    next_cursor: str | None

"""The interest that third parties bear, by month."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.domain.dates import DAY_MAX, DAY_MIN
from app.schemas.base import InDigits, Input, Instant, Output, PartnerCode

_within_days = Field(ge=DAY_MIN.year, le=DAY_MAX.year)
_of_year = Field(ge=1, le=12)
Year = Annotated[int, Field(strict=True), _within_days]
Month = Annotated[int, Field(strict=True), _of_year]
PayerCode = Annotated[
    str,
    Field(strict=True, pattern=r"^[a-z][a-z0-9_]{0,62}$", examples=["city"], description="who pays, as in the rules"),
]


class BorneInterestQuery(Input):
    """The month, and whose statements: of all lenders and payers where none is named. `known_at` is the instant as of
    whose knowledge they are told; now where none is given.
    """

    year: Annotated[int, _within_days, InDigits]
    month: Annotated[int, _of_year, InDigits]
    partner: PartnerCode | None = None
    payer: PayerCode | None = None
    known_at: Instant | None = None


class BorneInstalmentRead(Output):
    """What a third party pays of the interest of one instalment, in cents."""

    loan_id: UUID
    loan_reference: str
    instalment_ref: int
    due_on: date
    cents: int


class BorneInterestRead(Output):
    """What a payer owes a lender for a month, in cents. `reference` numbers its statement, where one was made."""

    partner: str
    payer: str
    year: int
    month: int
    lines: list[BorneInstalmentRead]
    total_cents: int
    reference: str | None


class BorneInterestList(Output):
    """The statements of a month, by lender and payer."""

    items: list[BorneInterestRead]
    next_cursor: str | None

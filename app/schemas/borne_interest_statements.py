"""Statements of interest borne by third parties, as they were numbered."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.domain.dates import DAY_MAX, DAY_MIN
from app.schemas.base import InDigits, Input, Output, PartnerCode
from app.schemas.borne_interest import BorneInstalmentRead, Month, PayerCode, Year


class BorneInterestStatementCreate(Input):
    """The statement of a month to one payer, of the loans of one lender."""

    year: Year
    month: Month
    partner: PartnerCode
    payer: PayerCode


class BorneInterestStatementQuery(Input):
    """Whose statements."""

    year: Annotated[int, Field(ge=DAY_MIN.year, le=DAY_MAX.year), InDigits]


class StatementLineRead(BorneInstalmentRead):
    """One instalment of the month; a `correction` is of an earlier statement, below 0 where that one told too much."""

    correction: bool


class BorneInterestStatementItem(Output):
    """A statement without its lines, in cents."""

    id: UUID
    reference: str
    partner: str
    payer: str
    year: int
    month: int
    total_cents: int
    entered_at: datetime


class BorneInterestStatementRead(BorneInterestStatementItem):
    """A statement as it was numbered; it never changes."""

    lines: list[StatementLineRead]
    account_id: UUID


class BorneInterestStatementList(Output):
    """The statements of a year, in the order in which they were numbered."""

    items: list[BorneInterestStatementItem]
    next_cursor: str | None

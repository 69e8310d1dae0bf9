"""What the public accountant told of titles in its files, line by line."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from app.domain.position_files import TitleState
from app.tables.base import HISTORY, cents, entered_at, value_enum
from app.tenancy import TenantTable, within_tenant


class PositionLine(TenantTable, table=True):
    """A line of a position that told something new; `title_ref` is the title that it names, null for the loan alone.

    `ledger_entry_id` is the money that it moved, or moved back. `file_sha256` tells which file it came in.
    """

    __tablename__ = "position_lines"
    __table_args__ = (
        within_tenant("loan_id", "loans"),
        within_tenant("ledger_entry_id", "ledger_entries"),
        within_tenant("account_id", "accounts"),
        CheckConstraint("amount_cents >= 0", name="amount_not_negative"),
        CheckConstraint("state NOT IN ('PARTIEL', 'SOLDE') OR ledger_entry_id IS NOT NULL", name="money_in_ledger"),
        Index("ix_position_lines_loan", "tenant_id", "loan_id"),
        HISTORY,
    )

    file_sha256: str = Field(max_length=64)
    loan_id: UUID
    title_ref: str | None = Field(max_length=16)
    state: TitleState = Field(sa_type=value_enum(TitleState, "state"))
    collected_on: date | None
    amount_cents: int | None = cents(nullable=True)
    reference: str | None = Field(max_length=100)
    position_on: date
    ledger_entry_id: UUID | None
    account_id: UUID
    entered_at: datetime = entered_at()

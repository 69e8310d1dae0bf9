"""What was told to the public accountant: slips (bordereaux) of titles and of mandates, line by line, once."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from app.domain.titles import LineType, SlipKind
from app.tables.base import HISTORY, cents, entered_at, json_column, value_enum
from app.tenancy import TenantTable, within_tenant


class AccountingSlip(TenantTable, table=True):
    """A slip: its number in the year of its kind, and the account numbers that it was made with."""

    __tablename__ = "accounting_slips"
    __table_args__ = (
        within_tenant("account_id", "accounts"),
        UniqueConstraint("tenant_id", "kind", "year", "number"),
        CheckConstraint("number > 0", name="numbered_from_one"),
        CheckConstraint("year = extract(year from issued_on)", name="of_the_year_it_is_issued"),
        HISTORY,
    )

    kind: SlipKind = Field(sa_type=value_enum(SlipKind, "kind"))
    year: int
    number: int
    issued_on: date
    due_until: date
    collectivity_siret: str | None = Field(max_length=14)
    loan_account: str = Field(max_length=10)
    interest_account: str = Field(max_length=10)
    account_id: UUID
    entered_at: datetime = entered_at()


class AccountingLine(TenantTable, table=True):
    """A line of a slip, in cents, as it was told: never changed, a later line corrects it.

    `ref` is permanent within the loan, and names the title or the mandate; `turn` counts its lines, so that none
    is told twice. `stands_for` is what the title asks from then on. `told` are the words of the line: who owes or is
    paid, and the decision.
    """

    __tablename__ = "accounting_lines"
    __table_args__ = (
        within_tenant("slip_id", "accounting_slips"),
        within_tenant("loan_id", "loans"),
        within_tenant("ledger_entry_id", "ledger_entries"),
        UniqueConstraint("tenant_id", "slip_id", "rank"),
        UniqueConstraint("tenant_id", "loan_id", "ref", "turn"),
        UniqueConstraint("tenant_id", "ledger_entry_id"),
        CheckConstraint("principal_cents >= 0 AND interest_cents >= 0", name="signs"),
        CheckConstraint("principal_cents + interest_cents > 0", name="amount_positive"),
        CheckConstraint("rank > 0 AND turn > 0", name="counted_from_one"),
        CheckConstraint("turn > 1 OR type = 'emission'", name="issued_first"),
        Index("ix_accounting_lines_loan", "tenant_id", "loan_id"),
        HISTORY,
    )

    slip_id: UUID
    rank: int
    type: LineType = Field(sa_type=value_enum(LineType, "type"))
    loan_id: UUID
    ref: str = Field(max_length=16)
    turn: int
    stands_for: str = Field(max_length=16)
    number: int | None
    due_on: date
    principal_cents: int = cents()
    interest_cents: int = cents()
    ledger_entry_id: UUID | None
    told: dict[str, Any] = json_column(dict)
    entered_at: datetime = entered_at()

"""What partners tell of the money of their loans: statements up to a position date, line by line."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from app.domain.statements import LineKind, ReturnReason
from app.tables.base import HISTORY, cents, entered_at, one_lender, value_enum
from app.tenancy import TenantTable, within_tenant


class Statement(TenantTable, table=True):
    """What a partner tells of its loans of this tenant up to `position_on`, that day included."""

    __tablename__ = "statements"
    __table_args__ = (
        within_tenant("telling_id", "tellings"),
        one_lender(),
        Index("ix_statements_partner", "tenant_id", "partner_id", "position_on"),
        HISTORY,
    )

    partner_id: UUID = Field(foreign_key="partners.id")
    position_on: date
    partner_client_id: UUID | None = Field(foreign_key="partner_clients.id")
    telling_id: UUID | None = None
    entered_at: datetime = entered_at()


class StatementPosition(TenantTable, table=True):
    """That a statement is whole here: what falls due on or before its position and is not in it is unpaid."""

    __tablename__ = "statement_positions"
    __table_args__ = (
        within_tenant("statement_id", "statements"),
        UniqueConstraint("tenant_id", "statement_id"),
        HISTORY,
    )

    statement_id: UUID
    entered_at: datetime = entered_at()


class StatementLine(TenantTable, table=True):
    """One line: a repayment that entered the ledger, an instalment that was not paid, a balance, or a returned direct
    debit under its own reference.

    A return may be told before the repayment that it names: it then waits, and the ledger has its reversal once both
    are known.
    """

    __tablename__ = "statement_lines"
    __table_args__ = (
        within_tenant("statement_id", "statements"),
        within_tenant("loan_id", "loans"),
        within_tenant("ledger_entry_id", "ledger_entries"),
        CheckConstraint("(kind = 'repayment') = (ledger_entry_id IS NOT NULL)", name="repayment_in_ledger"),
        CheckConstraint("(kind = 'unpaid') = (instalment_number IS NOT NULL)", name="unpaid_names_instalment"),
        CheckConstraint("kind <> 'balance' OR outstanding_principal_cents IS NOT NULL", name="balance_is_told"),
        CheckConstraint("outstanding_principal_cents >= 0", name="balance_not_negative"),
        CheckConstraint(
            "num_nonnulls(reference, repayment_reference, returned_on) = CASE kind WHEN 'returned' THEN 3 ELSE 0 END",
            name="return_is_whole",
        ),
        CheckConstraint("reason_code IS NULL OR kind = 'returned'", name="reason_of_return"),
        Index("ix_statement_lines_loan", "tenant_id", "loan_id"),
        HISTORY,
    )

    statement_id: UUID
    loan_id: UUID
    kind: LineKind = Field(sa_type=value_enum(LineKind, "kind"))
    ledger_entry_id: UUID | None = None
    instalment_number: int | None = None
    outstanding_principal_cents: int | None = cents(nullable=True, default=None)
    reference: str | None = Field(default=None, max_length=100)
    repayment_reference: str | None = Field(default=None, max_length=100)
    returned_on: date | None = None
    reason_code: ReturnReason | None = Field(default=None, sa_type=value_enum(ReturnReason, "reason_code"))
    entered_at: datetime = entered_at()

"""Debts that the law erases (créances éteintes), and those erasures that were taken back."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from app.domain.discharges import DischargeGround
from app.domain.products import Party
from app.tables.base import HISTORY, cents, entered_at, value_enum
from app.tenancy import TenantTable, within_tenant


class Discharge(TenantTable, table=True):
    """An erasure of the debt of one borrower, or of all where `debtor` is null, in cents.

    `entry_id` is the entry by which it left the books; null while another borrower is liable for all of it.
    """

    __tablename__ = "discharges"
    __table_args__ = (
        within_tenant("loan_id", "loans"),
        within_tenant("entry_id", "ledger_entries"),
        within_tenant("decision_id", "loan_decisions"),
        within_tenant("account_id", "accounts"),
        CheckConstraint("amount_cents > 0", name="amount_positive"),
        CheckConstraint("debtor IN ('borrower', 'co_borrower')", name="debtor_borrows"),
        Index("ix_discharges_loan", "tenant_id", "loan_id"),
        HISTORY,
    )

    loan_id: UUID
    debtor: Party | None = Field(sa_type=value_enum(Party, "debtor"))
    amount_cents: int = cents()
    discharged_on: date
    ground: DischargeGround = Field(sa_type=value_enum(DischargeGround, "ground"))
    reference: str | None = Field(max_length=100)
    entry_id: UUID | None
    decision_id: UUID
    account_id: UUID
    entered_at: datetime = entered_at()


class DischargeReversal(TenantTable, table=True):
    """An erasure that was taken back, once."""

    __tablename__ = "discharge_reversals"
    __table_args__ = (
        within_tenant("discharge_id", "discharges"),
        within_tenant("account_id", "accounts"),
        UniqueConstraint("tenant_id", "discharge_id"),
        HISTORY,
    )

    discharge_id: UUID
    reversed_on: date
    reason: str = Field(max_length=4000)
    account_id: UUID
    entered_at: datetime = entered_at()

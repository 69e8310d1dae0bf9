"""Financial support (soutien financier): what the CCAS decided to pay of the instalments of its own loans."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint

from app.tables.base import HISTORY, cents, entered_at
from app.tenancy import TenantTable, within_tenant


class Support(TenantTable, table=True):
    """One decision to pay instalments of a loan; what it pays of each stands in its lines."""

    __tablename__ = "supports"
    __table_args__ = (
        within_tenant("loan_id", "loans"),
        within_tenant("decision_id", "loan_decisions"),
        within_tenant("account_id", "accounts"),
        UniqueConstraint("tenant_id", "decision_id"),
        Index("ix_supports_loan", "tenant_id", "loan_id"),
        HISTORY,
    )

    loan_id: UUID
    decision_id: UUID
    account_id: UUID
    entered_at: datetime = entered_at()


class SupportedInstalment(TenantTable, table=True):
    """What a support pays of one instalment, in cents; `instalment_ref` is its permanent number within the loan."""

    __tablename__ = "supported_instalments"
    __table_args__ = (
        within_tenant("support_id", "supports"),
        UniqueConstraint("tenant_id", "support_id", "instalment_ref"),
        CheckConstraint("amount_cents > 0", name="amount_positive"),
        CheckConstraint("instalment_ref > 0", name="instalment_ref_positive"),
        HISTORY,
    )

    support_id: UUID
    instalment_ref: int
    amount_cents: int = cents()


class SupportCancellation(TenantTable, table=True):
    """The decision that takes a support back, once: what is not paid of it covers nothing any more."""

    __tablename__ = "support_cancellations"
    __table_args__ = (
        within_tenant("support_id", "supports"),
        within_tenant("decision_id", "loan_decisions"),
        within_tenant("account_id", "accounts"),
        UniqueConstraint("tenant_id", "support_id"),
        HISTORY,
    )

    support_id: UUID
    decision_id: UUID
    account_id: UUID
    entered_at: datetime = entered_at()

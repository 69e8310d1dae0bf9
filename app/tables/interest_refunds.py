"""Interest that a third party gave back to a borrower at the end of a loan."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlmodel import Field

from app.tables.base import HISTORY, cents, entered_at
from app.tenancy import TenantTable, within_tenant


class InterestRefund(TenantTable, table=True):
    """A refund by one payer, in cents, once a loan; `conditions` are those that the rules asked for and were met."""

    __tablename__ = "interest_refunds"
    __table_args__ = (
        within_tenant("loan_id", "loans"),
        within_tenant("account_id", "accounts"),
        UniqueConstraint("tenant_id", "loan_id", "payer"),
        CheckConstraint("amount_cents > 0", name="amount_positive"),
        HISTORY,
    )

    loan_id: UUID
    payer: str = Field(max_length=63)
    amount_cents: int = cents()
    refunded_on: date
    reference: str = Field(max_length=100)
    conditions: list[str] = Field(sa_type=ARRAY(TEXT))
    account_id: UUID
    entered_at: datetime = entered_at()

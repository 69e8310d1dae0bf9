"""The borrower's withdrawal from a contract (rétractation)."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint

from app.tables.base import HISTORY, entered_at
from app.tenancy import TenantTable, within_tenant


class Withdrawal(TenantTable, table=True):
    """A borrower's withdrawal, on the day it was sent; `refund_due_on` where the money had been paid out."""

    __tablename__ = "withdrawals"
    __table_args__ = (
        within_tenant("loan_id", "loans"),
        within_tenant("account_id", "accounts"),
        UniqueConstraint("tenant_id", "loan_id"),
        CheckConstraint("received_on >= withdrawn_on AND refund_due_on >= withdrawn_on", name="in_order"),
        HISTORY,
    )

    loan_id: UUID
    withdrawn_on: date
    received_on: date | None
    refund_due_on: date | None
    account_id: UUID
    entered_at: datetime = entered_at()

"""The letters about a loan that a person sent; the service sends none."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from app.domain.arrears import LetterKind
from app.domain.products import Party
from app.tables.base import HISTORY, entered_at, value_enum
from app.tenancy import TenantTable, within_tenant


class SentLetter(TenantTable, table=True):
    """A letter that somebody sent to one of the borrowers on a day."""

    __tablename__ = "sent_letters"
    __table_args__ = (
        within_tenant("loan_id", "loans"),
        within_tenant("account_id", "accounts"),
        CheckConstraint("recipient IN ('borrower', 'co_borrower')", name="recipient_borrows"),
        CheckConstraint("instalment_ref > 0", name="instalment_ref_positive"),
        Index("ix_sent_letters_loan", "tenant_id", "loan_id"),
        HISTORY,
    )

    loan_id: UUID
    kind: LetterKind = Field(sa_type=value_enum(LetterKind, "kind"))
    recipient: Party = Field(sa_type=value_enum(Party, "recipient"))
    sent_on: date
    instalment_ref: int | None
    account_id: UUID
    entered_at: datetime = entered_at()

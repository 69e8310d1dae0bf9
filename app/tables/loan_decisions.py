"""Decisions on loans that run."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from app.domain.loan_decisions import LoanAuthority, LoanDecisionKind
from app.tables.base import HISTORY, entered_at, one_author, value_enum
from app.tenancy import TenantTable, within_tenant


class LoanDecision(TenantTable, table=True):
    """Who decided what of a loan, on which day; `reference` is that of the deliberation or the letter."""

    __tablename__ = "loan_decisions"
    __table_args__ = (
        within_tenant("loan_id", "loans"),
        within_tenant("session_id", "committee_sessions"),
        within_tenant("account_id", "accounts"),
        within_tenant("telling_id", "tellings"),
        one_author(),
        Index("ix_loan_decisions_loan", "tenant_id", "loan_id"),
        HISTORY,
    )

    loan_id: UUID
    kind: LoanDecisionKind = Field(sa_type=value_enum(LoanDecisionKind, "kind"))
    decided_on: date
    decided_by: LoanAuthority = Field(sa_type=value_enum(LoanAuthority, "decided_by"))
    reference: str | None = Field(default=None, max_length=100)
    session_id: UUID | None = None
    reason: str | None = Field(default=None, max_length=4000)
    account_id: UUID | None
    partner_client_id: UUID | None = Field(default=None, foreign_key="partner_clients.id")
    telling_id: UUID | None = None
    entered_at: datetime = entered_at()

"""The social assessments (rapports sociaux) of a request. A change adds a revision, nothing is overwritten."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, SmallInteger, UniqueConstraint
from sqlmodel import Field

from app.tables.base import HISTORY, cents, entered_at
from app.tenancy import TenantTable, within_tenant


class Assessment(TenantTable, table=True):
    """What the agent found and proposes: the situation, the project, the aid. Cents and months."""

    __tablename__ = "assessments"
    __table_args__ = (
        within_tenant("request_id", "requests"),
        within_tenant("account_id", "accounts"),
        UniqueConstraint("tenant_id", "request_id", "revision"),
        CheckConstraint("loan_cents >= 0 AND grant_cents >= 0", name="proposal_not_negative"),
        CheckConstraint("instalment_cents > 0 AND duration_months > 0", name="terms_positive"),
        CheckConstraint(
            "loan_cents > 0 OR num_nonnulls(instalment_cents, duration_months) = 0", name="terms_of_a_loan"
        ),
        HISTORY,
    )

    request_id: UUID
    revision: int
    needs: str = Field(max_length=4000)
    viability: str = Field(max_length=4000)
    diagnosis: str = Field(max_length=4000)
    expected_improvement: str = Field(max_length=4000)
    opinion: str = Field(max_length=4000)
    loan_cents: int = cents()
    instalment_cents: int | None = cents(nullable=True)
    duration_months: int | None = Field(sa_type=SmallInteger)
    grant_cents: int = cents()
    assessed_on: date | None
    account_id: UUID
    entered_at: datetime = entered_at()

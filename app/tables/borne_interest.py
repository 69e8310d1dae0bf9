"""Monthly statements of the interest that third parties bear, as they were numbered and sent."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from app.tables.base import HISTORY, cents, entered_at
from app.tenancy import TenantTable, within_tenant


class BorneInterestStatement(TenantTable, table=True):
    """The statement of one month, of one lender's loans, to one payer; `reference` is its number."""

    __tablename__ = "borne_interest_statements"
    __table_args__ = (
        within_tenant("account_id", "accounts"),
        UniqueConstraint("tenant_id", "reference"),
        UniqueConstraint(
            "tenant_id", "partner_id", "payer", "year", "month", name="uq_borne_interest_statements_one_a_month"
        ),
        CheckConstraint("month BETWEEN 1 AND 12", name="month_of_year"),
        HISTORY,
    )

    reference: str = Field(max_length=32)
    partner_id: UUID = Field(foreign_key="partners.id")
    payer: str = Field(max_length=63)
    year: int
    month: int
    account_id: UUID
    entered_at: datetime = entered_at()


class BorneInterestLine(TenantTable, table=True):
    """One instalment on a statement, in cents: billed once; a `correction` is of a month whose statement was sent."""

    __tablename__ = "borne_interest_lines"
    __table_args__ = (
        within_tenant("statement_id", "borne_interest_statements"),
        within_tenant("loan_id", "loans"),
        UniqueConstraint("tenant_id", "statement_id", "loan_id", "due_on", name="uq_borne_interest_lines_one_each"),
        Index(
            "uq_borne_interest_lines_billed_once",
            "tenant_id",
            "loan_id",
            "payer",
            "due_on",
            unique=True,
            postgresql_where=text("NOT correction"),
        ),
        CheckConstraint("cents <> 0 AND (correction OR cents > 0)", name="something_billed"),
        HISTORY,
    )

    statement_id: UUID
    loan_id: UUID
    payer: str = Field(max_length=63)
    instalment_ref: int
    due_on: date
    cents: int = cents()
    correction: bool
    entered_at: datetime = entered_at()

"""Support during a loan (accompagnement): what was agreed, and what was done."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlmodel import Field

from app.domain.support import SupportForm
from app.tables.base import HISTORY, RECORD, entered_at, value_enum
from app.tenancy import TenantTable, within_tenant


class SupportContract(TenantTable, table=True):
    """What was agreed with the borrower. Its last day is derived from the schedule in force, never stored.

    A null organisation is the CCAS itself. `agreed_ends_on` is null where support lasts as long as the loan;
    `ended_on` is the day on which somebody ended it before.
    """

    __tablename__ = "support_contracts"
    __table_args__ = (
        within_tenant("loan_id", "loans"),
        within_tenant("organisation_id", "organisations"),
        within_tenant("account_id", "accounts"),
        CheckConstraint("agreed_ends_on >= agreed_on AND ended_on >= agreed_on", name="ends_after_it_begins"),
        within_tenant("ended_by", "accounts"),
        CheckConstraint("num_nonnulls(ended_on, ending_reason, ended_by) IN (0, 3)", name="ending_whole"),
        Index("ix_support_contracts_loan", "tenant_id", "loan_id"),
        RECORD,
    )

    version: int = 1
    loan_id: UUID
    form: SupportForm = Field(sa_type=value_enum(SupportForm, "form"))
    agreed_on: date
    organisation_id: UUID | None
    actions_planned: list[str] = Field(sa_type=ARRAY(TEXT))
    agreed_ends_on: date | None
    ended_on: date | None = None
    ending_reason: str | None = Field(default=None, max_length=200)
    ended_by: UUID | None = None
    account_id: UUID
    entered_at: datetime = entered_at()


class SupportAction(TenantTable, table=True):
    """One thing that was done for the person under a support contract; never changed."""

    __tablename__ = "support_actions"
    __table_args__ = (
        within_tenant("support_contract_id", "support_contracts"),
        within_tenant("account_id", "accounts"),
        Index("ix_support_actions_contract", "tenant_id", "support_contract_id"),
        HISTORY,
    )

    support_contract_id: UUID
    kind: str = Field(max_length=64)
    done_on: date
    note: str | None = Field(max_length=4000)
    account_id: UUID
    entered_at: datetime = entered_at()

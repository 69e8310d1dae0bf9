"""The ledger of loans: entries are added, never changed; a correction is a reversal."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from app.domain.ledger import EntryKind, PayeeKind, RepaymentSource
from app.tables.base import HISTORY, cents, entered_at, one_author, value_enum
from app.tenancy import TenantTable, within_tenant


class LedgerEntry(TenantTable, table=True):
    """A movement of money on a loan, in cents. `effect_on` is when it happened, `entered_at` when we learned it."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        within_tenant("loan_id", "loans"),
        within_tenant("reverses_id", "ledger_entries"),
        within_tenant("account_id", "accounts"),
        one_author(),
        UniqueConstraint("tenant_id", "reverses_id"),
        CheckConstraint("amount_cents > 0", name="amount_positive"),
        CheckConstraint("(kind = 'reversal') = (reverses_id IS NOT NULL)", name="reversal_names_entry"),
        CheckConstraint("(kind = 'repayment') = (source IS NOT NULL)", name="repayment_has_source"),
        CheckConstraint("kind <> 'repayment' OR reference IS NOT NULL", name="repayment_has_reference"),
        CheckConstraint("source <> 'lender' OR partner_id IS NOT NULL", name="lender_is_named"),
        CheckConstraint("(kind = 'disbursement') = (payee_kind IS NOT NULL)", name="disbursement_has_payee"),
        Index("ix_ledger_entries_loan", "tenant_id", "loan_id"),
        Index(
            "uq_ledger_entries_reference",
            "tenant_id",
            "source",
            "partner_id",
            "reference",
            "reference_use",
            unique=True,
            # The references of one lender say nothing of another's, nor of the accountant's, who has no partner.
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("kind = 'repayment'"),
        ),
        Index(
            "uq_ledger_entries_one_disbursement",
            "tenant_id",
            "loan_id",
            unique=True,
            postgresql_where=text("kind = 'disbursement'"),
        ),
        HISTORY,
    )

    loan_id: UUID
    kind: EntryKind = Field(sa_type=value_enum(EntryKind, "kind"))
    amount_cents: int = cents()
    effect_on: date
    reverses_id: UUID | None = None
    source: RepaymentSource | None = Field(default=None, sa_type=value_enum(RepaymentSource, "source"))
    reference: str | None = Field(default=None, max_length=100)
    # 1, and one more for each earlier entry of the reference that was taken back.
    reference_use: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    payee_kind: PayeeKind | None = Field(default=None, sa_type=value_enum(PayeeKind, "payee_kind"))
    payee_name: str | None = Field(default=None, max_length=200)
    reason: str | None = Field(default=None, max_length=4000)
    # Whose reference it is, where a partner tells of the money.
    partner_id: UUID | None = Field(default=None, foreign_key="partners.id")
    account_id: UUID | None
    partner_client_id: UUID | None = Field(foreign_key="partner_clients.id")
    entered_at: datetime = entered_at()

"""The ledger of loans, in double entry: entries are added, never changed; a correction is a reversal."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from app.domain.ledger import EntryKind, LedgerAccount, PayeeKind, RepaidBy, RepaymentSource
from app.tables.base import HISTORY, cents, entered_at, one_author, value_enum
from app.tenancy import TenantTable, within_tenant


class LedgerEntry(TenantTable, table=True):
    """A movement of money on a loan, in cents. `effect_on` is when it happened, `entered_at` when we learned it."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        within_tenant("loan_id", "loans"),
        within_tenant("reverses_id", "ledger_entries"),
        within_tenant("account_id", "accounts"),
        within_tenant("decision_id", "loan_decisions"),
        within_tenant("telling_id", "tellings"),
        within_tenant("report_id", "lender_reports"),
        one_author(),
        UniqueConstraint("tenant_id", "reverses_id"),
        CheckConstraint("amount_cents > 0", name="amount_positive"),
        CheckConstraint("(kind = 'reversal') = (reverses_id IS NOT NULL)", name="reversal_names_entry"),
        CheckConstraint("(kind = 'repayment') = (source IS NOT NULL)", name="repayment_has_source"),
        CheckConstraint("kind <> 'repayment' OR reference IS NOT NULL", name="repayment_has_reference"),
        CheckConstraint("source <> 'lender' OR partner_id IS NOT NULL", name="lender_is_named"),
        CheckConstraint("(kind = 'disbursement') = (payee_kind IS NOT NULL)", name="disbursement_has_payee"),
        CheckConstraint("kind = 'repayment' OR num_nonnulls(payer, instalment_ref) = 0", name="payer_of_repayment"),
        CheckConstraint("cash_officer IS NULL OR source = 'cash_officer'", name="cash_officer_receives"),
        CheckConstraint(
            "kind NOT IN ('write_off', 'discharge', 'remission', 'loss') OR decision_id IS NOT NULL",
            name="loss_is_decided",
        ),
        CheckConstraint(
            "off_books_cents BETWEEN 0 AND amount_cents"
            " AND (off_books_cents = 0 OR kind IN ('discharge', 'remission'))",
            name="off_books_of_ended_debt",
        ),
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
            "uq_ledger_entries_disbursement",
            "tenant_id",
            "loan_id",
            "reference",
            unique=True,
            postgresql_where=text("kind = 'disbursement' AND partner_id IS NOT NULL"),
        ),
        Index(
            "uq_ledger_entries_returned",
            "tenant_id",
            "partner_id",
            "reference",
            unique=True,
            postgresql_where=text("kind = 'reversal' AND partner_id IS NOT NULL AND report_id IS NULL"),
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
    payer: RepaidBy | None = Field(default=None, sa_type=value_enum(RepaidBy, "payer"))
    # The instalment that the source of a repayment names.
    instalment_ref: int | None = None
    cash_officer: str | None = Field(default=None, max_length=200)
    decision_id: UUID | None = None
    # Of a discharge or a remission, what had left the books before.
    off_books_cents: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})
    # Whose reference it is, where a partner tells of the money.
    partner_id: UUID | None = Field(default=None, foreign_key="partners.id")
    # Of an entry taken back, the report of the lender that it follows from; null where a direct debit was returned.
    report_id: UUID | None = None
    account_id: UUID | None
    partner_client_id: UUID | None = Field(foreign_key="partner_clients.id")
    telling_id: UUID | None = None
    entered_at: datetime = entered_at()


class LedgerLine(TenantTable, table=True):
    """What an entry moves on one account, in cents: a debit above 0, a credit below. The lines of an entry sum to 0.

    `effect_on` may be later than the entry's: what is entered late moves what was booked after it.
    """

    __tablename__ = "ledger_lines"
    __table_args__ = (
        within_tenant("entry_id", "ledger_entries"),
        within_tenant("loan_id", "loans"),
        CheckConstraint("amount_cents <> 0", name="moves"),
        UniqueConstraint("tenant_id", "entry_id", "account", "effect_on"),
        Index("ix_ledger_lines_loan", "tenant_id", "loan_id"),
        HISTORY,
    )

    entry_id: UUID
    loan_id: UUID
    account: LedgerAccount = Field(sa_type=value_enum(LedgerAccount, "account"))
    amount_cents: int = cents()
    effect_on: date

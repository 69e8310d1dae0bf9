"""Guarantees, interest borne by third parties"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

TABLES = (
    "guarantee_claims",
    "guarantee_payments",
    "guarantee_recoveries",
    "guarantee_reversals",
    "borne_interest_statements",
    "borne_interest_lines",
    "interest_refunds",
)


def upgrade() -> None:
    """Guarantees, interest borne by third parties"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    _create_guarantee_claims()
    _create_guarantee_payments()
    _create_guarantee_recoveries()
    _create_guarantee_reversals()
    _create_borne_interest_statements()
    _create_borne_interest_lines()
    _create_interest_refunds()
    for table in TABLES:
        op.isolate_tenants(table)
        op.execute(f"GRANT INSERT, SELECT ON {table} TO app")
        op.execute(
            f"CREATE TRIGGER appended BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _create_guarantee_claims() -> None:
    op.create_table(
        "guarantee_claims",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("loan_id", sa.UUID(), nullable=False),
        sa.Column("guarantor", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("reference", sa.String(length=100), nullable=False),
        sa.Column("reference_use", sa.Integer(), nullable=False),
        sa.Column("lost_on", sa.Date(), nullable=False),
        sa.Column("principal_cents", sa.BigInteger(), nullable=False),
        sa.Column("interest_cents", sa.BigInteger(), nullable=False),
        sa.Column("share_percent", sa.Numeric(precision=9, scale=6), nullable=False),
        sa.Column("base", sa.String(length=32), nullable=False),
        sa.Column("cap_cents", sa.BigInteger(), nullable=True),
        sa.Column("cap_of", sa.String(length=32), nullable=True),
        sa.Column("claimed_cents", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("cap_of IN ('loss', 'portfolio')", name=op.f("ck_guarantee_claims_cap_of")),
        sa.CheckConstraint("base IN ('principal', 'principal_and_interest')", name=op.f("ck_guarantee_claims_base")),
        sa.CheckConstraint("source IN ('reported_by_staff')", name=op.f("ck_guarantee_claims_source")),
        sa.CheckConstraint(
            "claimed_cents <= principal_cents + CASE WHEN base = 'principal' THEN 0 ELSE interest_cents END",
            name=op.f("ck_guarantee_claims_within_base"),
        ),
        sa.CheckConstraint(
            "cap_cents IS NULL OR claimed_cents <= cap_cents", name=op.f("ck_guarantee_claims_within_cap")
        ),
        sa.CheckConstraint("claimed_cents > 0", name=op.f("ck_guarantee_claims_claimed_positive")),
        sa.CheckConstraint(
            "principal_cents > 0 AND interest_cents >= 0", name=op.f("ck_guarantee_claims_something_lost")
        ),
        sa.CheckConstraint(
            "share_percent > 0 AND share_percent <= 100", name=op.f("ck_guarantee_claims_share_is_a_part")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_guarantee_claims_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "loan_id"],
            ["loans.tenant_id", "loans.id"],
            name=op.f("fk_guarantee_claims_tenant_id_loan_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_guarantee_claims_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_guarantee_claims")),
        sa.UniqueConstraint(
            "tenant_id", "loan_id", "guarantor", "reference", "reference_use", name="uq_guarantee_claims_reference"
        ),
    )


def _create_guarantee_payments() -> None:
    op.create_table(
        "guarantee_payments",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("claim_id", sa.UUID(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.String(length=100), nullable=False),
        sa.Column("reference_use", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_guarantee_payments_amount_positive")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_guarantee_payments_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "claim_id"],
            ["guarantee_claims.tenant_id", "guarantee_claims.id"],
            name=op.f("fk_guarantee_payments_tenant_id_claim_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_guarantee_payments_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_guarantee_payments")),
        sa.UniqueConstraint(
            "tenant_id", "claim_id", "reference", "reference_use", name="uq_guarantee_payments_reference"
        ),
    )


def _create_guarantee_recoveries() -> None:
    op.create_table(
        "guarantee_recoveries",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("loan_id", sa.UUID(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("recovered_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.String(length=100), nullable=False),
        sa.Column("reference_use", sa.Integer(), nullable=False),
        sa.Column("shares", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("lender_cents", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_guarantee_recoveries_amount_positive")),
        sa.CheckConstraint(
            "lender_cents BETWEEN 0 AND amount_cents", name=op.f("ck_guarantee_recoveries_lender_gets_a_part")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_guarantee_recoveries_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "loan_id"],
            ["loans.tenant_id", "loans.id"],
            name=op.f("fk_guarantee_recoveries_tenant_id_loan_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_guarantee_recoveries_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_guarantee_recoveries")),
        sa.UniqueConstraint(
            "tenant_id", "loan_id", "reference", "reference_use", name="uq_guarantee_recoveries_reference"
        ),
    )


def _create_guarantee_reversals() -> None:
    op.create_table(
        "guarantee_reversals",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("claim_id", sa.UUID(), nullable=True),
        sa.Column("payment_id", sa.UUID(), nullable=True),
        sa.Column("recovery_id", sa.UUID(), nullable=True),
        sa.Column("reversed_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=4000), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "num_nonnulls(claim_id, payment_id, recovery_id) = 1", name=op.f("ck_guarantee_reversals_of_one_entry")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_guarantee_reversals_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "claim_id"],
            ["guarantee_claims.tenant_id", "guarantee_claims.id"],
            name=op.f("fk_guarantee_reversals_tenant_id_claim_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "payment_id"],
            ["guarantee_payments.tenant_id", "guarantee_payments.id"],
            name=op.f("fk_guarantee_reversals_tenant_id_payment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "recovery_id"],
            ["guarantee_recoveries.tenant_id", "guarantee_recoveries.id"],
            name=op.f("fk_guarantee_reversals_tenant_id_recovery_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_guarantee_reversals_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_guarantee_reversals")),
        sa.UniqueConstraint("tenant_id", "claim_id", name=op.f("uq_guarantee_reversals_tenant_id_claim_id")),
        sa.UniqueConstraint("tenant_id", "payment_id", name=op.f("uq_guarantee_reversals_tenant_id_payment_id")),
        sa.UniqueConstraint("tenant_id", "recovery_id", name=op.f("uq_guarantee_reversals_tenant_id_recovery_id")),
    )


def _create_borne_interest_statements() -> None:
    op.create_table(
        "borne_interest_statements",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("reference", sa.String(length=32), nullable=False),
        sa.Column("partner_id", sa.UUID(), nullable=False),
        sa.Column("payer", sa.String(length=63), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("month BETWEEN 1 AND 12", name=op.f("ck_borne_interest_statements_month_of_year")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_borne_interest_statements_partner_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_borne_interest_statements_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_borne_interest_statements_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_borne_interest_statements")),
        sa.UniqueConstraint(
            "tenant_id", "partner_id", "payer", "year", "month", name="uq_borne_interest_statements_one_a_month"
        ),
        sa.UniqueConstraint("tenant_id", "reference", name=op.f("uq_borne_interest_statements_tenant_id_reference")),
    )


def _create_borne_interest_lines() -> None:
    op.create_table(
        "borne_interest_lines",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("statement_id", sa.UUID(), nullable=False),
        sa.Column("loan_id", sa.UUID(), nullable=False),
        sa.Column("payer", sa.String(length=63), nullable=False),
        sa.Column("instalment_ref", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("correction", sa.Boolean(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "cents <> 0 AND (correction OR cents > 0)", name=op.f("ck_borne_interest_lines_something_billed")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "loan_id"],
            ["loans.tenant_id", "loans.id"],
            name=op.f("fk_borne_interest_lines_tenant_id_loan_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "statement_id"],
            ["borne_interest_statements.tenant_id", "borne_interest_statements.id"],
            name=op.f("fk_borne_interest_lines_tenant_id_statement_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_borne_interest_lines_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_borne_interest_lines")),
        sa.UniqueConstraint("tenant_id", "statement_id", "loan_id", "due_on", name="uq_borne_interest_lines_one_each"),
    )
    op.create_index(
        "uq_borne_interest_lines_billed_once",
        "borne_interest_lines",
        ["tenant_id", "loan_id", "payer", "due_on"],
        unique=True,
        postgresql_where=sa.text("NOT correction"),
    )


def _create_interest_refunds() -> None:
    op.create_table(
        "interest_refunds",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("loan_id", sa.UUID(), nullable=False),
        sa.Column("payer", sa.String(length=63), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("refunded_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.String(length=100), nullable=False),
        sa.Column("conditions", postgresql.ARRAY(sa.TEXT()), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_interest_refunds_amount_positive")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_interest_refunds_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "loan_id"],
            ["loans.tenant_id", "loans.id"],
            name=op.f("fk_interest_refunds_tenant_id_loan_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_interest_refunds_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_interest_refunds")),
        sa.UniqueConstraint("tenant_id", "loan_id", "payer", name=op.f("uq_interest_refunds_tenant_id_loan_id_payer")),
    )


def downgrade() -> None:
    """Back to the revision before"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in reversed(TABLES):
        op.drop_table(table)

"""Arrears"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

TABLES = (
    "supports",
    "supported_instalments",
    "support_cancellations",
    "sent_letters",
    "arrears_detections",
    "nightly_failures",
)


def upgrade() -> None:
    """Arrears"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    _create_supports()
    _create_supported_instalments()
    _create_support_cancellations()
    _create_sent_letters()
    _create_arrears_detections()
    _create_nightly_failures()
    for table in TABLES:
        op.isolate_tenants(table)
        op.execute(f"GRANT INSERT, SELECT ON {table} TO app")


def _create_supports() -> None:
    op.create_table(
        "supports",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("loan_id", sa.UUID(), nullable=False),
        sa.Column("decision_id", sa.UUID(), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_supports_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "decision_id"],
            ["loan_decisions.tenant_id", "loan_decisions.id"],
            name=op.f("fk_supports_tenant_id_decision_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "loan_id"], ["loans.tenant_id", "loans.id"], name=op.f("fk_supports_tenant_id_loan_id")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_supports_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_supports")),
        sa.UniqueConstraint("tenant_id", "decision_id", name=op.f("uq_supports_tenant_id_decision_id")),
    )
    op.create_index("ix_supports_loan", "supports", ["tenant_id", "loan_id"], unique=False)


def _create_supported_instalments() -> None:
    op.create_table(
        "supported_instalments",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("support_id", sa.UUID(), nullable=False),
        sa.Column("instalment_ref", sa.Integer(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_supported_instalments_amount_positive")),
        sa.CheckConstraint("instalment_ref > 0", name=op.f("ck_supported_instalments_instalment_ref_positive")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "support_id"],
            ["supports.tenant_id", "supports.id"],
            name=op.f("fk_supported_instalments_tenant_id_support_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_supported_instalments_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_supported_instalments")),
        sa.UniqueConstraint(
            "tenant_id",
            "support_id",
            "instalment_ref",
            name=op.f("uq_supported_instalments_tenant_id_support_id_instalment_ref"),
        ),
    )


def _create_support_cancellations() -> None:
    op.create_table(
        "support_cancellations",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("support_id", sa.UUID(), nullable=False),
        sa.Column("decision_id", sa.UUID(), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_support_cancellations_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "decision_id"],
            ["loan_decisions.tenant_id", "loan_decisions.id"],
            name=op.f("fk_support_cancellations_tenant_id_decision_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "support_id"],
            ["supports.tenant_id", "supports.id"],
            name=op.f("fk_support_cancellations_tenant_id_support_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_support_cancellations_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_support_cancellations")),
        sa.UniqueConstraint("tenant_id", "support_id", name=op.f("uq_support_cancellations_tenant_id_support_id")),
    )


def _create_sent_letters() -> None:
    op.create_table(
        "sent_letters",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("loan_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("recipient", sa.String(length=32), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.Column("instalment_ref", sa.Integer(), nullable=True),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('first_unpaid', 'reminder', 'decision_notice')", name=op.f("ck_sent_letters_kind")
        ),
        sa.CheckConstraint(
            "recipient IN ('borrower', 'co_borrower', 'ccas', 'lender')", name=op.f("ck_sent_letters_recipient")
        ),
        sa.CheckConstraint("recipient IN ('borrower', 'co_borrower')", name=op.f("ck_sent_letters_recipient_borrows")),
        sa.CheckConstraint("instalment_ref > 0", name=op.f("ck_sent_letters_instalment_ref_positive")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_sent_letters_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "loan_id"], ["loans.tenant_id", "loans.id"], name=op.f("fk_sent_letters_tenant_id_loan_id")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_sent_letters_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_sent_letters")),
    )
    op.create_index("ix_sent_letters_loan", "sent_letters", ["tenant_id", "loan_id"], unique=False)


def _create_arrears_detections() -> None:
    op.create_table(
        "arrears_detections",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("loan_id", sa.UUID(), nullable=False),
        sa.Column("instalment_ref", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("unpaid_cents", sa.BigInteger(), nullable=False),
        sa.Column("position_on", sa.Date(), nullable=False),
        sa.Column("detected_on", sa.Date(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("due_on <= position_on", name=op.f("ck_arrears_detections_told_by_position")),
        sa.CheckConstraint("unpaid_cents > 0", name=op.f("ck_arrears_detections_unpaid_positive")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_arrears_detections_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_arrears_detections")),
        sa.UniqueConstraint(
            "tenant_id",
            "loan_id",
            "instalment_ref",
            name=op.f("uq_arrears_detections_tenant_id_loan_id_instalment_ref"),
        ),
    )


def _create_nightly_failures() -> None:
    op.create_table(
        "nightly_failures",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("run_on", sa.Date(), nullable=False),
        sa.Column("loan_id", sa.UUID(), nullable=False),
        sa.Column("error", sa.String(length=200), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_nightly_failures_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_nightly_failures")),
        sa.UniqueConstraint(
            "tenant_id", "run_on", "loan_id", "error", name=op.f("uq_nightly_failures_tenant_id_run_on_loan_id_error")
        ),
    )
    op.create_index("ix_nightly_failures_loan", "nightly_failures", ["tenant_id", "loan_id"], unique=False)


def downgrade() -> None:
    """Back to the revision before"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in reversed(TABLES):
        op.drop_table(table)

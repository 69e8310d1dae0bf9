"""Schedule changes"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Schedule changes"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    _create_deferrals()
    _create_early_repayments()
    for table in ("deferrals", "early_repayments"):
        op.isolate_tenants(table)
    op.execute("GRANT INSERT, SELECT ON deferrals, early_repayments TO app")


def _create_deferrals() -> None:
    op.create_table(
        "deferrals",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("loan_id", sa.UUID(), nullable=False),
        sa.Column("schedule_id", sa.UUID(), nullable=False),
        sa.Column("decision_id", sa.UUID(), nullable=False),
        sa.Column("first_ref", sa.Integer(), nullable=False),
        sa.Column("months", sa.SmallInteger(), nullable=False),
        sa.Column("mode", sa.String(length=32), nullable=False),
        sa.Column("paused_on", postgresql.ARRAY(sa.Date()), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("mode IN ('shift', 'interest_only')", name=op.f("ck_deferrals_mode")),
        *_of_a_change("deferrals"),
    )
    op.create_index("ix_deferrals_loan", "deferrals", ["tenant_id", "loan_id"])


def _create_early_repayments() -> None:
    op.create_table(
        "early_repayments",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("loan_id", sa.UUID(), nullable=False),
        sa.Column("repayment_id", sa.UUID(), nullable=False),
        sa.Column("schedule_id", sa.UUID(), nullable=True),
        sa.Column("decision_id", sa.UUID(), nullable=False),
        sa.Column("choice", sa.String(length=32), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "choice IN ('settle', 'shorten', 'reduce', 'advance')", name=op.f("ck_early_repayments_choice")
        ),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_early_repayments_amount_positive")),
        sa.CheckConstraint(
            "(choice = 'advance') = (schedule_id IS NULL)", name=op.f("ck_early_repayments_advance_changes_nothing")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "repayment_id"],
            ["ledger_entries.tenant_id", "ledger_entries.id"],
            name=op.f("fk_early_repayments_tenant_id_repayment_id"),
        ),
        *_of_a_change("early_repayments"),
    )
    op.create_index("ix_early_repayments_loan", "early_repayments", ["tenant_id", "loan_id"])


def _of_a_change(table: str) -> list[sa.Constraint]:
    """The loan, the version and the decision that every change names, within its tenant."""
    named = (("loan_id", "loans"), ("schedule_id", "schedules"), ("decision_id", "loan_decisions"))
    return [
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id")),
        *(
            sa.ForeignKeyConstraint(
                ["tenant_id", column],
                [f"{other}.tenant_id", f"{other}.id"],
                name=op.f(f"fk_{table}_tenant_id_{column}"),
            )
            for column, other in named
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("tenant_id", "schedule_id", name=op.f(f"uq_{table}_tenant_id_schedule_id")),
    ]


def downgrade() -> None:
    """Back to the revision before"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.drop_table("early_repayments")
    op.drop_table("deferrals")

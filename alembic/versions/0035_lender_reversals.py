"""What lenders take back of what they told"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

KINDS = ("schedule", "acceleration", "loss", "guarantee_call", "recovery")
REVERSED = "'disbursement', 'repayment', 'loss', 'guarantee_call', 'recovery'"


def upgrade() -> None:
    """What lenders take back of what they told"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.add_column("lender_reports", sa.Column("reversed_kind", sa.String(length=32), nullable=True))
    op.add_column("lender_reports", sa.Column("reversed_reference", sa.String(length=64), nullable=True))
    _replace_kinds(*KINDS, "reversal")
    op.create_check_constraint(
        op.f("ck_lender_reports_reversed_kind"), "lender_reports", f"reversed_kind IN ({REVERSED})"
    )
    op.create_check_constraint(
        op.f("ck_lender_reports_reversal_names_fact"),
        "lender_reports",
        "num_nonnulls(reversed_kind, reversed_reference) = CASE kind WHEN 'reversal' THEN 2 ELSE 0 END",
    )
    op.create_index(
        "uq_lender_reports_reversed",
        "lender_reports",
        ["tenant_id", "loan_id", "reversed_kind", "reversed_reference"],
        unique=True,
        postgresql_where=sa.text("kind = 'reversal'"),
    )
    op.add_column("ledger_entries", sa.Column("report_id", sa.UUID(), nullable=True))
    op.create_foreign_key(
        op.f("fk_ledger_entries_tenant_id_report_id"),
        "ledger_entries",
        "lender_reports",
        ["tenant_id", "report_id"],
        ["tenant_id", "id"],
    )
    _replace_returned(" AND report_id IS NULL")


def downgrade() -> None:
    """What lenders take back of what they told"""
    _replace_returned("")
    op.drop_constraint(op.f("fk_ledger_entries_tenant_id_report_id"), "ledger_entries", type_="foreignkey")
    op.drop_column("ledger_entries", "report_id")
    op.drop_index("uq_lender_reports_reversed", "lender_reports")
    op.drop_constraint(op.f("ck_lender_reports_reversal_names_fact"), "lender_reports", type_="check")
    op.drop_constraint(op.f("ck_lender_reports_reversed_kind"), "lender_reports", type_="check")
    _replace_kinds(*KINDS)
    op.drop_column("lender_reports", "reversed_reference")
    op.drop_column("lender_reports", "reversed_kind")


def _replace_kinds(*kinds: str) -> None:
    named = ", ".join(f"'{kind}'" for kind in kinds)
    op.drop_constraint(op.f("ck_lender_reports_kind"), "lender_reports", type_="check")
    op.create_check_constraint(op.f("ck_lender_reports_kind"), "lender_reports", f"kind IN ({named})")


def _replace_returned(where: str) -> None:
    op.drop_index("uq_ledger_entries_returned", "ledger_entries")
    op.create_index(
        "uq_ledger_entries_returned",
        "ledger_entries",
        ["tenant_id", "partner_id", "reference"],
        unique=True,
        postgresql_where=sa.text(f"kind = 'reversal' AND partner_id IS NOT NULL{where}"),
    )

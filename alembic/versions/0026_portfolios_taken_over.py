"""Portfolios taken over"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

UNTOLD = {
    "requests": {"adults": sa.SmallInteger(), "minor_children": sa.SmallInteger(), "channel": sa.String(length=40)},
    "decisions": {"signatory": sa.String(length=200)},
}
CHECKS = {
    ("requests", "household_whole"): "num_nonnulls(adults, minor_children) IN (0, 2)",
    ("decisions", "signed_unless_taken_over"): "signatory IS NOT NULL OR jsonb_exists(facts, 'taken_over_as')",
    ("loans", "former_line_whole"): "num_nonnulls(former_reference, former_line_sha256, former_position_on) IN (0, 3)",
}


def upgrade() -> None:
    """Portfolios taken over"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.add_column("loans", sa.Column("former_reference", sa.String(length=80), nullable=True))
    op.add_column("loans", sa.Column("former_line_sha256", sa.String(length=64), nullable=True))
    op.add_column("loans", sa.Column("former_position_on", sa.Date(), nullable=True))
    op.create_unique_constraint(op.f("uq_loans_tenant_id_former_reference"), "loans", ["tenant_id", "former_reference"])
    _let_be_null(nullable=True)
    for (table, name), condition in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)


def _let_be_null(*, nullable: bool) -> None:
    for table, columns in UNTOLD.items():
        for column, kind in columns.items():
            op.alter_column(table, column, existing_type=kind, nullable=nullable)


def downgrade() -> None:
    """Back to the revision before"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table, name in CHECKS:
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
    _let_be_null(nullable=False)
    op.drop_constraint(op.f("uq_loans_tenant_id_former_reference"), "loans")
    op.drop_column("loans", "former_position_on")
    op.drop_column("loans", "former_line_sha256")
    op.drop_column("loans", "former_reference")

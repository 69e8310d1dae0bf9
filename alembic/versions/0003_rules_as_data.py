"""Rules as data"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Table, constraint, what it says now, what it said before.
CHECKS = [
    (
        table,
        f"ck_{table}_valid_from_precision",
        "valid_from_precision IN ('day', 'month', 'quarter', 'year')",
        "valid_from_precision IN ('day', 'month', 'year')",
    )
    for table in ("rule_versions", "agreements")
]


def upgrade() -> None:
    """Rules as data"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table, name, now, _ in CHECKS:
        op.drop_constraint(op.f(name), table, type_="check")
        op.create_check_constraint(op.f(name), table, now)


def downgrade() -> None:
    """Back to the revision before"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table, name, _, before in CHECKS:
        op.drop_constraint(op.f(name), table, type_="check")
        op.create_check_constraint(op.f(name), table, before)

"""Hard endings"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

GROUNDS = ("personal_recovery", "personal_recovery_liquidation", "judicial_liquidation", "partial_erasure")
PARTIES = ("borrower", "co_borrower", "ccas", "lender")


def upgrade() -> None:
    """Hard endings"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.add_column("loan_transitions", sa.Column("decision_id", sa.UUID(), nullable=True))
    op.create_foreign_key(
        op.f("fk_loan_transitions_tenant_id_decision_id"),
        "loan_transitions",
        "loan_decisions",
        ["tenant_id", "decision_id"],
        ["tenant_id", "id"],
    )
    _create_discharges()
    _create_discharge_reversals()
    for table in ("discharges", "discharge_reversals"):
        op.isolate_tenants(table)
    op.execute("GRANT INSERT, SELECT ON discharges, discharge_reversals TO app")


def _create_discharges() -> None:
    op.create_table(
        "discharges",
        *_own_columns(),
        sa.Column("loan_id", sa.UUID(), nullable=False),
        sa.Column("debtor", sa.String(length=32), nullable=True),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("discharged_on", sa.Date(), nullable=False),
        sa.Column("ground", sa.String(length=32), nullable=False),
        sa.Column("reference", sa.String(length=100), nullable=True),
        sa.Column("entry_id", sa.UUID(), nullable=True),
        sa.Column("decision_id", sa.UUID(), nullable=False),
        sa.CheckConstraint(_among("debtor", PARTIES), name=op.f("ck_discharges_debtor")),
        sa.CheckConstraint(_among("ground", GROUNDS), name=op.f("ck_discharges_ground")),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_discharges_amount_positive")),
        sa.CheckConstraint("debtor IN ('borrower', 'co_borrower')", name=op.f("ck_discharges_debtor_borrows")),
        *_own_keys("discharges"),
        _within_tenant("discharges", "loan_id", "loans"),
        _within_tenant("discharges", "entry_id", "ledger_entries"),
        _within_tenant("discharges", "decision_id", "loan_decisions"),
    )
    op.create_index("ix_discharges_loan", "discharges", ["tenant_id", "loan_id"], unique=False)


def _create_discharge_reversals() -> None:
    op.create_table(
        "discharge_reversals",
        *_own_columns(),
        sa.Column("discharge_id", sa.UUID(), nullable=False),
        sa.Column("reversed_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=4000), nullable=False),
        sa.UniqueConstraint("tenant_id", "discharge_id", name=op.f("uq_discharge_reversals_tenant_id_discharge_id")),
        *_own_keys("discharge_reversals"),
        _within_tenant("discharge_reversals", "discharge_id", "discharges"),
    )


def _among(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def _own_columns() -> list[sa.Column]:
    """The columns that both tables have."""
    return [
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
    ]


def _own_keys(table: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{table}")),
        _within_tenant(table, "account_id", "accounts"),
    ]


def _within_tenant(table: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{parent}.tenant_id", f"{parent}.id"],
        name=op.f(f"fk_{table}_tenant_id_{column}"),
    )


def downgrade() -> None:
    """Back to the revision before"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.drop_table("discharge_reversals")
    op.drop_table("discharges")
    op.drop_column("loan_transitions", "decision_id")

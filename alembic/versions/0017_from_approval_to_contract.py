"""From approval to contract"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

ACTIONS = "'offer', 'sign', 'accept', 'disburse', 'repay', 'reverse', 'open_litigation', 'cancel'"


def upgrade() -> None:
    """From approval to contract"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    _add_legal_regime()
    _add_presence()
    _replace_actions(f"{ACTIONS}, 'withdraw'")
    _create_withdrawals()
    op.isolate_tenants("withdrawals")
    op.execute("GRANT INSERT, SELECT ON withdrawals TO app")


def _add_legal_regime() -> None:
    op.add_column("loans", sa.Column("legal_regime", sa.String(length=32), nullable=True))
    # The law of the day of the offer: national_law.yaml, legal_regime. The policy binds the owner too, whence NO FORCE.
    op.execute("ALTER TABLE loans NO FORCE ROW LEVEL SECURITY")
    op.execute(
        "UPDATE loans SET legal_regime ="
        " CASE WHEN offered_on >= '2026-11-20' THEN 'conso_ccd2' ELSE 'conso_pre_2026_11_20' END"
        " WHERE offered_on >= '2005-01-01'"
    )
    op.execute("ALTER TABLE loans FORCE ROW LEVEL SECURITY")
    op.create_check_constraint(
        op.f("ck_loans_legal_regime"),
        "loans",
        "legal_regime IN ('conso_pre_2026_11_20', 'conso_ccd2', 'excluded_social')",
    )


def _add_presence() -> None:
    op.add_column("signatures", sa.Column("present", postgresql.ARRAY(sa.TEXT()), nullable=False, server_default="{}"))
    op.alter_column("signatures", "present", server_default=None)
    for name in ("place", "curator"):
        op.add_column("signatures", sa.Column(name, sa.String(length=200), nullable=True))


def _replace_actions(actions: str) -> None:
    op.drop_constraint(op.f("ck_loan_transitions_action"), "loan_transitions", type_="check")
    op.create_check_constraint(op.f("ck_loan_transitions_action"), "loan_transitions", f"action IN ({actions})")


def _create_withdrawals() -> None:
    op.create_table(
        "withdrawals",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("loan_id", sa.UUID(), nullable=False),
        sa.Column("withdrawn_on", sa.Date(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("refund_due_on", sa.Date(), nullable=True),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "received_on >= withdrawn_on AND refund_due_on >= withdrawn_on", name=op.f("ck_withdrawals_in_order")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_withdrawals_tenant_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "loan_id"], ["loans.tenant_id", "loans.id"], name=op.f("fk_withdrawals_tenant_id_loan_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_withdrawals_tenant_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_withdrawals")),
        sa.UniqueConstraint("tenant_id", "loan_id", name=op.f("uq_withdrawals_tenant_id_loan_id")),
    )


def downgrade() -> None:
    """Back to the revision before"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.drop_table("withdrawals")
    op.execute("ALTER TABLE loan_transitions NO FORCE ROW LEVEL SECURITY")
    op.execute("DELETE FROM loan_transitions WHERE action = 'withdraw' AND from_stage = to_stage")
    op.execute("UPDATE loan_transitions SET action = 'cancel' WHERE action = 'withdraw'")
    op.execute("ALTER TABLE loan_transitions FORCE ROW LEVEL SECURITY")
    _replace_actions(ACTIONS)
    for name in ("curator", "place", "present"):
        op.drop_column("signatures", name)
    op.drop_column("loans", "legal_regime")

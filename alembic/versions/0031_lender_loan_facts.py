"""Lender loan facts"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

KINDS = (
    "'disbursement', 'repayment', 'credit_refund', 'write_off', 'discharge', 'remission', 'reallocation', 'reversal'"
)
ACCOUNTS = (
    "'loans', 'cash', 'interest', 'credits', 'support', 'non_valeur', 'extinguished', 'remission', 'recoveries',"
    " 'off_books', 'off_books_contra'"
)
ACTIONS = (
    "'offer', 'sign', 'accept', 'disburse', 'repay', 'reverse', 'open_litigation', 'end_litigation', 'cancel',"
    " 'withdraw', 'give_up_undrawn', 'defer', 'reschedule', 'repay_early', 'cancel_change', 'support', 'write_off',"
    " 'discharge', 'remit', 'refund_credit', 'record_procedure', 'claim_guarantee'"
)
DECISIONS = (
    "'deferral', 'reschedule', 'early_repayment', 'support', 'litigation', 'write_off', 'remission', 'discharge',"
    " 'over_indebtedness', 'undrawn', 'withdrawal', 'cancellation'"
)
VERSIONS = "'contract', 'deferral', 'reschedule', 'early_repayment', 'withdrawal', 'undrawn', 'plan'"
# The values that a column took, and those that it takes from now on beside them.
VALUES = {
    ("ledger_entries", "kind"): (KINDS, "'loss'"),
    ("ledger_lines", "account"): (ACCOUNTS, "'lender_loss'"),
    ("loan_transitions", "action"): (ACTIONS, "'accelerate'"),
    ("loan_decisions", "kind"): (DECISIONS, "'acceleration', 'loss'"),
    ("schedules", "kind"): (VERSIONS, "'acceleration'"),
    ("statement_lines", "kind"): ("'repayment', 'unpaid', 'balance'", "'returned'"),
}
RETURN_REASONS = (
    "'AC01', 'AC04', 'AC06', 'AC13', 'AG01', 'AG02', 'AM04', 'AM05', 'BE05', 'CNOR', 'DNOR', 'DT01', 'ED05', 'FF01',"
    " 'FF05', 'MD01', 'MD02', 'MD06', 'MD07', 'MS02', 'MS03', 'RC01', 'RR01', 'RR02', 'RR03', 'RR04', 'SL01'"
)
LOSSES = "kind NOT IN ('write_off', 'discharge', 'remission'{more}) OR decision_id IS NOT NULL"
CHECKS = {
    "kind": "kind IN ('schedule', 'acceleration', 'loss', 'guarantee_call', 'recovery')",
    "schedule_kind": "schedule_kind IN ('deferral', 'reschedule', 'early_repayment')",
    "one_author": "num_nonnulls(account_id, partner_client_id, telling_id) = 1",
    "schedule_has_kind": "(kind = 'schedule') = (schedule_kind IS NOT NULL)",
    "schedule_is_dated": "(kind = 'schedule') = (decided_on IS NOT NULL)",
    "schedule_has_rows": "(kind = 'schedule') = (jsonb_array_length(rows) > 0)",
    "amount_told": "(kind IN ('guarantee_call', 'recovery')) = (amount_cents IS NOT NULL)",
    "call_names_guarantor": "(kind = 'guarantee_call') = (guarantor IS NOT NULL)",
    "loss_cited": "(kind IN ('guarantee_call', 'recovery')) = (loss_reference IS NOT NULL)",
    "loss_whole": "kind <> 'loss' OR num_nonnulls(principal_cents, interest_cents) = 2",
    "decided_by_lender": "(kind IN ('schedule', 'acceleration', 'loss')) = (decision_id IS NOT NULL)",
    "signs": "principal_cents >= 0 AND interest_cents >= 0 AND amount_cents > 0",
}
LINE_CHECKS = {
    "reason_code": f"reason_code IN ({RETURN_REASONS})",
    "return_is_whole": (
        "num_nonnulls(reference, repayment_reference, returned_on) = CASE kind WHEN 'returned' THEN 3 ELSE 0 END"
    ),
    "reason_of_return": "reason_code IS NULL OR kind = 'returned'",
}
LINE_COLUMNS = {
    "reference": sa.String(length=100),
    "repayment_reference": sa.String(length=100),
    "returned_on": sa.Date(),
    "reason_code": sa.String(length=32),
}


def upgrade() -> None:
    """Lender loan facts"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for (table, column), (known, new) in VALUES.items():
        _restate(table, column, f"{column} IN ({known}, {new})")
    _restate("ledger_entries", "loss_is_decided", LOSSES.format(more=", 'loss'"))
    _decided_by_partners()
    op.add_column("loans", sa.Column("offer_sha256", sa.String(length=64), nullable=True))
    for name, kind in LINE_COLUMNS.items():
        op.add_column("statement_lines", sa.Column(name, kind, nullable=True))
    for name, condition in LINE_CHECKS.items():
        op.create_check_constraint(op.f(f"ck_statement_lines_{name}"), "statement_lines", condition)
    _create_indexes()
    _create_reports()
    op.isolate_tenants("lender_reports")
    op.execute("GRANT INSERT, SELECT ON lender_reports TO app")
    op.execute(
        "CREATE TRIGGER appended BEFORE UPDATE OR DELETE ON lender_reports"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def _restate(table: str, name: str, condition: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)


def _decided_by_partners() -> None:
    op.alter_column("loan_decisions", "account_id", existing_type=sa.UUID(), nullable=True)
    op.add_column("loan_decisions", sa.Column("partner_client_id", sa.UUID(), nullable=True))
    op.create_foreign_key(
        op.f("fk_loan_decisions_partner_client_id"), "loan_decisions", "partner_clients", ["partner_client_id"], ["id"]
    )
    op.add_column("loan_decisions", sa.Column("telling_id", sa.UUID(), nullable=True))
    op.create_foreign_key(
        op.f("fk_loan_decisions_tenant_id_telling_id"),
        "loan_decisions",
        "tellings",
        ["tenant_id", "telling_id"],
        ["tenant_id", "id"],
    )
    op.create_check_constraint(op.f("ck_loan_decisions_one_author"), "loan_decisions", CHECKS["one_author"])


def _create_indexes() -> None:
    for name, columns, condition in (
        ("disbursement", ["tenant_id", "loan_id", "reference"], "kind = 'disbursement' AND partner_id IS NOT NULL"),
        ("returned", ["tenant_id", "partner_id", "reference"], "kind = 'reversal' AND partner_id IS NOT NULL"),
    ):
        op.create_index(
            f"uq_ledger_entries_{name}", "ledger_entries", columns, unique=True, postgresql_where=sa.text(condition)
        )


def _create_reports() -> None:
    op.create_table(
        "lender_reports",
        *(sa.Column(name, sa.UUID(), nullable=False) for name in ("tenant_id", "id", "loan_id", "partner_id")),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("effect_on", sa.Date(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("decision_id", sa.UUID(), nullable=True),
        sa.Column("schedule_kind", sa.String(length=32), nullable=True),
        sa.Column("rate_percent", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("rows", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), nullable=True)
            for name in ("principal_cents", "interest_cents", "amount_cents")
        ),
        sa.Column("guarantor", sa.String(length=200), nullable=True),
        sa.Column("loss_reference", sa.String(length=64), nullable=True),
        sa.Column("account_id", sa.UUID(), nullable=True),
        sa.Column("partner_client_id", sa.UUID(), nullable=True),
        sa.Column("telling_id", sa.UUID(), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        *(sa.CheckConstraint(condition, name=op.f(f"ck_lender_reports_{name}")) for name, condition in CHECKS.items()),
        *(
            sa.ForeignKeyConstraint([column], [f"{parent}.id"], name=op.f(f"fk_lender_reports_{column}"))
            for column, parent in (
                ("tenant_id", "tenants"),
                ("partner_id", "partners"),
                ("partner_client_id", "partner_clients"),
            )
        ),
        *(
            sa.ForeignKeyConstraint(
                ["tenant_id", column],
                [f"{parent}.tenant_id", f"{parent}.id"],
                name=op.f(f"fk_lender_reports_tenant_id_{column}"),
            )
            for column, parent in (
                ("loan_id", "loans"),
                ("decision_id", "loan_decisions"),
                ("account_id", "accounts"),
                ("telling_id", "tellings"),
            )
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_lender_reports")),
        sa.UniqueConstraint("tenant_id", "partner_id", "kind", "reference", name="uq_lender_reports_reference"),
    )
    op.create_index("ix_lender_reports_loan", "lender_reports", ["tenant_id", "loan_id"])


def downgrade() -> None:
    """Back to the revision before"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.drop_table("lender_reports")
    for name in ("disbursement", "returned"):
        op.drop_index(f"uq_ledger_entries_{name}", "ledger_entries")
    for name in LINE_CHECKS:
        op.drop_constraint(op.f(f"ck_statement_lines_{name}"), "statement_lines")
    for name in reversed(LINE_COLUMNS):
        op.drop_column("statement_lines", name)
    op.drop_column("loans", "offer_sha256")
    op.drop_constraint(op.f("ck_loan_decisions_one_author"), "loan_decisions")
    op.drop_column("loan_decisions", "telling_id")
    op.drop_column("loan_decisions", "partner_client_id")
    op.alter_column("loan_decisions", "account_id", existing_type=sa.UUID(), nullable=False)
    _restate("ledger_entries", "loss_is_decided", LOSSES.format(more=""))
    for (table, column), (known, _) in VALUES.items():
        _restate(table, column, f"{column} IN ({known})")

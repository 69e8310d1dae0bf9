"""A lender takes back a schedule or an acceleration, and has a loan repaid by instalments again"""

from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

REVERSED = "'disbursement', 'repayment', 'loss', 'guarantee_call', 'recovery'"
ACTIONS = (
    "'offer', 'sign', 'accept', 'disburse', 'repay', 'reverse', 'open_litigation', 'end_litigation', 'cancel',"
    " 'withdraw', 'give_up_undrawn', 'defer', 'reschedule', 'repay_early', 'cancel_change', 'support', 'write_off',"
    " 'discharge', 'remit', 'refund_credit', 'record_procedure', 'claim_guarantee', 'accelerate'"
)


def upgrade() -> None:
    """A lender takes back a schedule or an acceleration, and has a loan repaid by instalments again"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    _restate("lender_reports", "reversed_kind", f"'schedule', 'acceleration', {REVERSED}")
    _restate("loan_transitions", "action", f"{ACTIONS}, 'reinstate'")


def downgrade() -> None:
    """Back to the revision before"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    _restate("loan_transitions", "action", ACTIONS)
    _restate("lender_reports", "reversed_kind", REVERSED)


def _restate(table: str, column: str, values: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{column}"), table)
    op.create_check_constraint(op.f(f"ck_{table}_{column}"), table, f"{column} IN ({values})")

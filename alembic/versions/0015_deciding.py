"""Deciding"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

STATUSES_BEFORE = (
    "intake", "assessment", "awaiting_papers", "submitted", "adjourned", "approved", "endorsed", "sent_to_lender",
    "lender_accepted", "contracted", "refused", "declined", "lender_refused", "grant_only", "withdrawn",
    "closed_without_action", "referred",
)  # fmt: skip
STATUSES = (*STATUSES_BEFORE[:6], "approved_provisional", *STATUSES_BEFORE[6:])
ACTIONS_BEFORE = (
    "assess", "await_papers", "submit", "approve", "grant_only", "refuse", "adjourn", "endorse", "decline",
    "send_to_lender", "lender_accept", "lender_park", "lender_refuse", "contract", "rescind", "rescind_with_lender",
    "withdraw", "close_without_action", "refer", "reopen", "reopen_at_intake",
)  # fmt: skip
ACTIONS = (
    *ACTIONS_BEFORE[:9],
    "approve_provisionally", "ratify_approval", "ratify_grant", "ratify_endorsement", "refuse_to_ratify",
    *ACTIONS_BEFORE[9:],
)  # fmt: skip
# Table, column, its values now, its values before.
CODES = [
    ("requests", "status", STATUSES, STATUSES_BEFORE),
    ("request_transitions", "action", ACTIONS, ACTIONS_BEFORE),
    ("request_transitions", "from_status", STATUSES, STATUSES_BEFORE),
    ("request_transitions", "to_status", STATUSES, STATUSES_BEFORE),
    ("request_reopenings", "closed_as", STATUSES, STATUSES_BEFORE),
]
TEXTS = ("missing", "missing_papers", "conditions")
FLAGS = ("fast_track", "provisional")
CHECKS = {
    "missing_when_adjourned": "outcome = 'adjourn' OR cardinality(missing) + cardinality(missing_papers) = 0",
    "next_after_adjourned": "next_on IS NULL OR (outcome = 'adjourn' AND next_on >= decided_on)",
    "conditions_of_an_aid": "outcome IN ('approve', 'endorse', 'grant_only') OR cardinality(conditions) = 0",
    "fast_track_gives": "NOT fast_track OR (outcome IN ('approve', 'endorse', 'grant_only') AND session_id IS NULL)",
    "provisional_ahead_of_session": "fast_track OR NOT provisional",
}


def upgrade() -> None:
    """Deciding"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table, column, now, _ in CODES:
        _recode(table, column, now)
    _widen_decisions()
    _create_ratifications()
    _create_conditions_met()
    for table in ("ratifications", "conditions_met"):
        op.isolate_tenants(table)
        op.scope_communes(table)
    op.execute("GRANT INSERT, SELECT ON ratifications, conditions_met TO app")


def _recode(table: str, column: str, codes: tuple[str, ...]) -> None:
    name = op.f(f"ck_{table}_{column}")
    op.drop_constraint(name, table, type_="check")
    op.create_check_constraint(name, table, f"{column} IN ({', '.join(repr(code) for code in codes)})")


def _widen_decisions() -> None:
    op.add_column("decisions", sa.Column("internal_note", sa.String(length=4000), nullable=True))
    op.add_column("decisions", sa.Column("next_on", sa.Date(), nullable=True))
    op.add_column("decisions", sa.Column("session_id", sa.UUID(), nullable=True))
    op.add_column("decisions", sa.Column("second_person", sa.String(length=200), nullable=True))
    for name in TEXTS:
        kind = postgresql.ARRAY(sa.TEXT())
        op.add_column("decisions", sa.Column(name, kind, nullable=False, server_default="{}"))
        op.alter_column("decisions", name, server_default=None)
    for name in FLAGS:
        op.add_column("decisions", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
        op.alter_column("decisions", name, server_default=None)
    _of_session("decisions")
    for name, rule in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_decisions_{name}"), "decisions", rule)


def _create_ratifications() -> None:
    op.create_table(
        "ratifications",
        *_own_columns(),
        sa.Column("session_id", sa.UUID(), nullable=True),
        sa.Column("ratified", sa.Boolean(), nullable=False),
        sa.Column("ratified_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=4000), nullable=True),
        sa.Column("signatory", sa.String(length=200), nullable=False),
        sa.Column("signatory_capacity", sa.String(length=200), nullable=True),
        sa.Column("delegation_reference", sa.String(length=200), nullable=True),
        sa.Column("body", sa.String(length=200), nullable=True),
        sa.Column("second_person", sa.String(length=200), nullable=True),
        sa.CheckConstraint("ratified OR reason IS NOT NULL", name=op.f("ck_ratifications_reason_unless_ratified")),
        *_own_keys("ratifications"),
        sa.UniqueConstraint("tenant_id", "decision_id", name=op.f("uq_ratifications_tenant_id_decision_id")),
    )
    _of_session("ratifications")


def _of_session(table: str) -> None:
    op.create_foreign_key(
        op.f(f"fk_{table}_tenant_id_session_id"),
        table,
        "committee_sessions",
        ["tenant_id", "session_id"],
        ["tenant_id", "id"],
    )


def _create_conditions_met() -> None:
    op.create_table(
        "conditions_met",
        *_own_columns(),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("met_on", sa.Date(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_conditions_met_numbered")),
        *_own_keys("conditions_met"),
        sa.UniqueConstraint(
            "tenant_id", "decision_id", "number", name=op.f("uq_conditions_met_tenant_id_decision_id_number")
        ),
    )


def _own_columns() -> list[sa.Column]:
    """The columns that both tables have."""
    return [
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("request_id", sa.UUID(), nullable=False),
        sa.Column("decision_id", sa.UUID(), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
    ]


def _own_keys(table: str) -> list[sa.Constraint]:
    within_tenant = [
        sa.ForeignKeyConstraint(
            ["tenant_id", column],
            [f"{parent}.tenant_id", f"{parent}.id"],
            name=op.f(f"fk_{table}_tenant_id_{column}"),
        )
        for column, parent in (("request_id", "requests"), ("decision_id", "decisions"), ("account_id", "accounts"))
    ]
    return [
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{table}")),
        *within_tenant,
    ]


def downgrade() -> None:
    """Back to the revision before"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in ("conditions_met", "ratifications"):
        op.drop_table(table)
    for name in reversed(CHECKS):
        op.drop_constraint(op.f(f"ck_decisions_{name}"), "decisions", type_="check")
    for name in (*FLAGS, *TEXTS, "second_person", "session_id", "next_on", "internal_note"):
        op.drop_column("decisions", name)
    for table, column, _, before in CODES:
        _recode(table, column, before)

"""Envelopes, rectifications, notices"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ACTIONS_BEFORE = (
    "assess", "await_papers", "submit", "approve", "grant_only", "refuse", "adjourn", "endorse", "decline",
    "approve_provisionally", "ratify_approval", "ratify_grant", "ratify_endorsement", "refuse_to_ratify",
    "send_to_lender", "lender_accept", "lender_park", "lender_refuse", "contract", "rescind", "rescind_with_lender",
    "withdraw", "close_without_action", "refer", "reopen", "reopen_at_intake",
)  # fmt: skip
ACTIONS = (*ACTIONS_BEFORE, "withdraw_decision", "abrogate_decision")
TABLES = ("envelopes", "rectifications", "notifications")


def upgrade() -> None:
    """Envelopes, rectifications, notices"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    _let_requests(ACTIONS)
    _create_envelopes()
    _create_rectifications()
    _create_notifications()
    for table in TABLES:
        op.isolate_tenants(table)
    for table in ("rectifications", "notifications"):
        op.scope_communes(table)
    op.execute("GRANT INSERT, SELECT ON envelopes, rectifications, notifications TO app")


def _let_requests(actions: tuple[str, ...]) -> None:
    name = op.f("ck_request_transitions_action")
    op.drop_constraint(name, "request_transitions")
    op.create_check_constraint(name, "request_transitions", _among("action", actions))


def _create_envelopes() -> None:
    op.create_table(
        "envelopes",
        *_own_columns(),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("voted_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.CheckConstraint(_among("kind", ("loans", "grants")), name=op.f("ck_envelopes_kind")),
        sa.CheckConstraint("amount_cents >= 0", name=op.f("ck_envelopes_amount_not_negative")),
        *_own_keys("envelopes"),
    )
    op.create_index("ix_envelopes_year", "envelopes", ["tenant_id", "year", "kind"], unique=False)


def _create_rectifications() -> None:
    op.create_table(
        "rectifications",
        *_own_columns(),
        sa.Column("decision_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("rectified_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=4000), nullable=False),
        sa.Column("signatory", sa.String(length=200), nullable=False),
        sa.Column("signatory_capacity", sa.String(length=200), nullable=True),
        sa.Column("body", sa.String(length=200), nullable=True),
        sa.Column("corrections", postgresql.JSONB(), nullable=False),
        sa.Column("other_answer", postgresql.JSONB(), nullable=True),
        sa.CheckConstraint(
            _among("kind", ("material_error", "withdrawal", "abrogation")), name=op.f("ck_rectifications_kind")
        ),
        sa.CheckConstraint(
            "(kind = 'material_error') = (corrections <> '{}')",
            name=op.f("ck_rectifications_corrects_a_material_error"),
        ),
        *_own_keys("rectifications"),
        _within_tenant("rectifications", "decision_id", "decisions"),
    )
    op.create_index("ix_rectifications_decision", "rectifications", ["tenant_id", "decision_id"], unique=False)
    op.create_index(
        "uq_rectifications_one_end",
        "rectifications",
        ["tenant_id", "decision_id"],
        unique=True,
        postgresql_where=sa.text("kind IN ('withdrawal', 'abrogation')"),
    )


def _create_notifications() -> None:
    op.create_table(
        "notifications",
        *_own_columns(),
        sa.Column("decision_id", sa.UUID(), nullable=False),
        sa.Column("notified_on", sa.Date(), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("recipient", sa.String(length=32), nullable=False),
        sa.CheckConstraint(
            _among("channel", ("hand", "post", "registered_post", "email")), name=op.f("ck_notifications_channel")
        ),
        sa.CheckConstraint(
            _among("recipient", ("applicant", "co_applicant", "legal_representative", "prescriber")),
            name=op.f("ck_notifications_recipient"),
        ),
        *_own_keys("notifications"),
        _within_tenant("notifications", "decision_id", "decisions"),
    )
    op.create_index("ix_notifications_decision", "notifications", ["tenant_id", "decision_id"], unique=False)


def _among(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def _own_columns() -> list[sa.Column]:
    """The columns that all three tables have."""
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
    """Back to the revision before; what was withdrawn or abrogated must first be gone"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in reversed(TABLES):
        op.drop_table(table)
    _let_requests(ACTIONS_BEFORE)

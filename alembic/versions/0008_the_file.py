"""The file: assessments, action plans, debts that end, files that wait, are referred or reopened"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

STATUSES_BEFORE = (
    "intake", "assessment", "submitted", "adjourned", "approved", "endorsed", "sent_to_lender", "lender_accepted",
    "contracted", "refused", "declined", "lender_refused", "grant_only", "withdrawn", "closed_without_action",
)  # fmt: skip
STATUSES = (*STATUSES_BEFORE[:2], "awaiting_papers", *STATUSES_BEFORE[2:], "referred")
ACTIONS_BEFORE = (
    "assess", "submit", "approve", "grant_only", "refuse", "adjourn", "endorse", "decline", "send_to_lender",
    "lender_accept", "lender_park", "lender_refuse", "contract", "rescind", "rescind_with_lender", "withdraw",
    "close_without_action",
)  # fmt: skip
ACTIONS = ("assess", "await_papers", *ACTIONS_BEFORE[1:], "refer", "reopen", "reopen_at_intake")
ENDS_BEFORE = ("closed_without_action", "declined", "lender_refused", "refused", "withdrawn")
ENDS = ("closed_without_action", "declined", "lender_refused", "referred", "refused", "withdrawn")


def _among(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def _answered(ends: tuple[str, ...]) -> str:
    among = ", ".join(repr(end) for end in ends)
    return f"status NOT IN ({among}) OR (other_answer_kind IS NOT NULL AND other_answer_on IS NOT NULL)"


# Table, constraint, what it says now, what it said before; None where it is not there.
CHECKS = [
    ("requests", "status", _among("status", STATUSES), _among("status", STATUSES_BEFORE)),
    ("requests", "no_dead_end", _answered(ENDS), _answered(ENDS_BEFORE)),
    (
        "requests",
        "referred_somewhere",
        "status <> 'referred' OR " + _among("other_answer_kind", ("other_right", "partner_lender", "social_referent")),
        None,
    ),
    ("requests", "answered_after_receipt", "other_answer_on >= received_on", None),
    ("request_transitions", "action", _among("action", ACTIONS), _among("action", ACTIONS_BEFORE)),
    (
        "request_transitions",
        "from_status",
        _among("from_status", STATUSES),
        _among("from_status", STATUSES_BEFORE),
    ),
    ("request_transitions", "to_status", _among("to_status", STATUSES), _among("to_status", STATUSES_BEFORE)),
    ("budget_lines", "outstanding_not_negative", "outstanding_cents >= 0", None),
    (
        "budget_lines",
        "only_a_debt_ends",
        "kind = 'debt_instalments' OR num_nonnulls(outstanding_cents, ends_on) = 0",
        None,
    ),
]
COLUMNS = {
    "budgets": {"as_of_on": sa.Date()},
    "budget_lines": {"outstanding_cents": sa.BigInteger(), "ends_on": sa.Date()},
    "financing_plan_lines": {"organisation_id": sa.UUID()},
}
FUNDER = "fk_financing_plan_lines_tenant_id_organisation_id"
TABLES = ("assessments", "action_plans", "action_plan_actions", "request_reopenings")


def upgrade() -> None:
    """The file"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table, columns in COLUMNS.items():
        for name, kind in columns.items():
            op.add_column(table, sa.Column(name, kind, nullable=True))
    op.create_foreign_key(
        op.f(FUNDER),
        "financing_plan_lines",
        "organisations",
        ["tenant_id", "organisation_id"],
        ["tenant_id", "id"],
    )
    for table, name, now, before in CHECKS:
        if before is not None:
            op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, now)
    _create_assessments()
    _create_action_plans()
    _create_reopenings()
    for table in TABLES:
        op.isolate_tenants(table)
        op.execute(f"GRANT INSERT, SELECT ON {table} TO app")


def _create(table: str, parents: dict[str, str], *columns: sa.schema.SchemaItem) -> None:
    """A table of history with its tenant, its entry, and foreign keys to `parents`, by column of another name."""
    keys = [
        sa.ForeignKeyConstraint(
            ["tenant_id", column], [f"{parent}.tenant_id", f"{parent}.id"], name=op.f(f"fk_{table}_tenant_id_{column}")
        )
        for column, parent in parents.items()
    ]
    op.create_table(
        table,
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id")),
        *keys,
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{table}")),
    )


def _entered() -> list[sa.Column]:
    return [
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
    ]


def _revision(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("request_id", sa.UUID(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.UniqueConstraint(
            "tenant_id", "request_id", "revision", name=op.f(f"uq_{table}_tenant_id_request_id_revision")
        ),
    ]


def _create_assessments() -> None:
    prose = ("needs", "viability", "diagnosis", "expected_improvement", "opinion")
    _create(
        "assessments",
        {"request_id": "requests", "account_id": "accounts"},
        *_revision("assessments"),
        *(sa.Column(name, sa.String(length=4000), nullable=False) for name in prose),
        sa.Column("loan_cents", sa.BigInteger(), nullable=False),
        sa.Column("instalment_cents", sa.BigInteger(), nullable=True),
        sa.Column("duration_months", sa.SmallInteger(), nullable=True),
        sa.Column("grant_cents", sa.BigInteger(), nullable=False),
        sa.Column("assessed_on", sa.Date(), nullable=True),
        *_entered(),
        sa.CheckConstraint("loan_cents >= 0 AND grant_cents >= 0", name=op.f("ck_assessments_proposal_not_negative")),
        sa.CheckConstraint("instalment_cents > 0 AND duration_months > 0", name=op.f("ck_assessments_terms_positive")),
        sa.CheckConstraint(
            "loan_cents > 0 OR num_nonnulls(instalment_cents, duration_months) = 0",
            name=op.f("ck_assessments_terms_of_a_loan"),
        ),
    )


def _create_action_plans() -> None:
    _create(
        "action_plans",
        {"request_id": "requests", "account_id": "accounts"},
        *_revision("action_plans"),
        sa.Column("objectives", postgresql.ARRAY(sa.TEXT()), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=True),
        *_entered(),
        sa.CheckConstraint("cardinality(objectives) > 0", name=op.f("ck_action_plans_with_objectives")),
    )
    _create(
        "action_plan_actions",
        {"action_plan_id": "action_plans"},
        sa.Column("action_plan_id", sa.UUID(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.UniqueConstraint(
            "tenant_id",
            "action_plan_id",
            "position",
            name=op.f("uq_action_plan_actions_tenant_id_action_plan_id_position"),
        ),
        sa.CheckConstraint(_among("kind", ("individual", "group")), name=op.f("ck_action_plan_actions_kind")),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_action_plan_actions_ends_after_it_starts")),
    )


def _create_reopenings() -> None:
    _create(
        "request_reopenings",
        {"request_id": "requests", "account_id": "accounts", "other_answer_organisation_id": "organisations"},
        sa.Column("request_id", sa.UUID(), nullable=False),
        sa.Column("reason", sa.String(length=4000), nullable=False),
        sa.Column("reopened_on", sa.Date(), nullable=False),
        sa.Column("closed_as", sa.String(length=32), nullable=False),
        sa.Column("closing_reason_code", sa.String(length=40), nullable=True),
        sa.Column("closing_reason", sa.String(length=4000), nullable=True),
        sa.Column("other_answer_kind", sa.String(length=40), nullable=False),
        sa.Column("other_answer_on", sa.Date(), nullable=False),
        sa.Column("other_answer_attempts_on", postgresql.ARRAY(sa.Date()), nullable=False),
        sa.Column("other_answer_organisation_id", sa.UUID(), nullable=True),
        *_entered(),
        sa.CheckConstraint(_among("closed_as", STATUSES), name=op.f("ck_request_reopenings_closed_as")),
    )
    op.create_index("ix_request_reopenings_request", "request_reopenings", ["tenant_id", "request_id"], unique=False)


def downgrade() -> None:
    """Back to the revision before: refused by the database while a file waits for papers or was referred or reopened"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in reversed(TABLES):
        op.drop_table(table)
    for table, name, _, before in reversed(CHECKS):
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
        if before is not None:
            op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, before)
    op.drop_constraint(op.f(FUNDER), "financing_plan_lines", type_="foreignkey")
    for table, columns in COLUMNS.items():
        for name in reversed(columns):
            op.drop_column(table, name)

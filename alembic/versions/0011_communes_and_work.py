"""Communes and work"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

MEASURES = "'solicitations', 'files_taken_in', 'appointments_held', 'open_files', 'running_loans'"
TABLES = ("request_transfers", "assignments", "working_times", "workload_thresholds")
SCOPED = (
    *("requests", "contacts", "people", "decisions", "loans", "handoffs"),
    *("authorisations", "person_relations", "person_merges"),
)


def upgrade() -> None:
    """Communes and work"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.add_column("accounts", sa.Column("commune_insee_codes", postgresql.ARRAY(sa.TEXT()), nullable=True))
    op.create_check_constraint(op.f("ck_accounts_communes_named"), "accounts", "cardinality(commune_insee_codes) > 0")
    op.create_index("ix_requests_co_applicant", "requests", ["tenant_id", "co_applicant_id"])
    op.create_index("ix_requests_instructing_agent", "requests", ["tenant_id", "instructing_agent_id"])
    _create_transfers()
    _create_assignments()
    _create_working_times()
    _create_thresholds()
    _tell_first_assignments()
    for table in TABLES:
        op.isolate_tenants(table)
        op.execute(f"GRANT INSERT, SELECT ON {table} TO app")
    for table in SCOPED:
        op.scope_communes(table)


def _create(table: str, parents: dict[str, str], *columns: sa.schema.SchemaItem) -> None:
    """A table of history with its tenant, its author and foreign keys to `parents`, by column."""
    keys = [
        sa.ForeignKeyConstraint(
            ["tenant_id", column], [f"{parent}.tenant_id", f"{parent}.id"], name=op.f(f"fk_{table}_tenant_id_{column}")
        )
        for column, parent in {**parents, "account_id": "accounts"}.items()
    ]
    op.create_table(
        table,
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        *(sa.Column(parent, sa.UUID(), nullable=False) for parent in parents),
        *columns,
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id")),
        *keys,
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{table}")),
    )


def _create_transfers() -> None:
    _create(
        "request_transfers",
        {"request_id": "requests"},
        sa.Column("from_commune_insee_code", sa.String(length=5), nullable=False),
        sa.Column("to_commune_insee_code", sa.String(length=5), nullable=False),
        sa.Column("transferred_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=4000), nullable=False),
        sa.Column("person_moved", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "from_commune_insee_code <> to_commune_insee_code", name=op.f("ck_request_transfers_two_communes")
        ),
    )
    op.create_index("ix_request_transfers_request", "request_transfers", ["tenant_id", "request_id"])


def _create_assignments() -> None:
    _create(
        "assignments",
        {"request_id": "requests", "instructing_agent_id": "accounts"},
        sa.Column("assigned_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=4000), nullable=True),
    )
    op.create_index("ix_assignments_request", "assignments", ["tenant_id", "request_id", "assigned_on", "entered_at"])


def _create_working_times() -> None:
    _create(
        "working_times",
        {"worker_id": "accounts"},
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("fte_percent", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("fte_percent BETWEEN 1 AND 100", name=op.f("ck_working_times_part_of_a_post")),
    )
    op.create_index("ix_working_times_worker", "working_times", ["tenant_id", "worker_id", "valid_from", "entered_at"])


def _create_thresholds() -> None:
    _create(
        "workload_thresholds",
        {},
        sa.Column("measure", sa.String(length=32), nullable=False),
        sa.Column("per_fte_max", sa.Integer(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.CheckConstraint(f"measure IN ({MEASURES})", name=op.f("ck_workload_thresholds_measure")),
        sa.CheckConstraint("per_fte_max > 0", name=op.f("ck_workload_thresholds_limit_positive")),
    )
    op.create_index(
        "ix_workload_thresholds_measure", "workload_thresholds", ["tenant_id", "measure", "valid_from", "entered_at"]
    )


def _tell_first_assignments() -> None:
    """The files already taken in have one assignment: their intake."""
    op.execute("ALTER TABLE requests NO FORCE ROW LEVEL SECURITY")
    op.execute(
        """
        INSERT INTO assignments
          (tenant_id, id, request_id, instructing_agent_id, assigned_on, reason, account_id, entered_at)
        SELECT tenant_id, gen_random_uuid(), id, instructing_agent_id, received_on, NULL, instructing_agent_id, entered_at
        FROM requests
        """
    )
    op.execute("ALTER TABLE requests FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    """Back to the revision before"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in SCOPED:
        op.execute(f"DROP POLICY commune ON {table}")
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_index("ix_requests_instructing_agent", "requests")
    op.drop_index("ix_requests_co_applicant", "requests")
    op.drop_constraint(op.f("ck_accounts_communes_named"), "accounts", type_="check")
    op.drop_column("accounts", "commune_insee_codes")

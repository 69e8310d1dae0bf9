"""Meetings: appointments, papers and notes"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

KINDS = ("phone", "desk", "home")
STATUSES = ("planned", "attended", "missed", "cancelled")
SCOPED = ("appointments", "papers", "notes")


def upgrade() -> None:
    """Meetings: appointments, papers and notes"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    _create_appointments()
    _create_appointment_transitions()
    _create_papers()
    _create_notes()
    for table in ("appointments", "appointment_transitions", "papers", "notes", "note_strikes"):
        op.isolate_tenants(table)
    for table in SCOPED:
        op.scope_communes(table)
    op.execute("GRANT INSERT, SELECT, UPDATE ON appointments, papers TO app")
    op.execute("GRANT INSERT, SELECT ON appointment_transitions, notes, note_strikes TO app")


def _create_appointments() -> None:
    op.create_table(
        "appointments",
        *_own_columns(),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.UUID(), nullable=True),
        sa.Column("contact_id", sa.UUID(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.SmallInteger(), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("purpose", sa.String(length=200), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("replaces_id", sa.UUID(), nullable=True),
        sa.Column("entered_by", sa.UUID(), nullable=False),
        _one_of("appointments", "kind", KINDS),
        _one_of("appointments", "status", STATUSES),
        sa.CheckConstraint("num_nonnulls(request_id, contact_id) = 1", name=op.f("ck_appointments_of_one_file")),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_appointments_minutes_positive")),
        *_own_keys("appointments"),
        _within_tenant("appointments", "request_id", "requests"),
        _within_tenant("appointments", "contact_id", "contacts"),
        _within_tenant("appointments", "account_id", "accounts"),
        _within_tenant("appointments", "replaces_id", "appointments"),
        _within_tenant("appointments", "entered_by", "accounts"),
        sa.UniqueConstraint("tenant_id", "replaces_id", name=op.f("uq_appointments_tenant_id_replaces_id")),
    )
    op.create_index("ix_appointments_request", "appointments", ["tenant_id", "request_id"], unique=False)
    op.create_index("ix_appointments_contact", "appointments", ["tenant_id", "contact_id"], unique=False)
    op.create_index("ix_appointments_starts_at", "appointments", ["tenant_id", "starts_at", "id"], unique=False)


def _create_appointment_transitions() -> None:
    op.create_table(
        "appointment_transitions",
        *_own_columns(),
        sa.Column("appointment_id", sa.UUID(), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("from_status", sa.String(length=32), nullable=False),
        sa.Column("to_status", sa.String(length=32), nullable=False),
        sa.Column("note", sa.String(length=4000), nullable=True),
        _one_of("appointment_transitions", "action", ("attend", "miss", "cancel")),
        _one_of("appointment_transitions", "from_status", STATUSES),
        _one_of("appointment_transitions", "to_status", STATUSES),
        *_own_keys("appointment_transitions"),
        _within_tenant("appointment_transitions", "appointment_id", "appointments"),
        _within_tenant("appointment_transitions", "account_id", "accounts"),
    )
    op.create_index(
        "ix_appointment_transitions_appointment",
        "appointment_transitions",
        ["tenant_id", "appointment_id"],
        unique=False,
    )


def _create_papers() -> None:
    op.create_table(
        "papers",
        *_own_columns(),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.UUID(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("party", sa.String(length=32), nullable=True),
        sa.Column("label", sa.String(length=200), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("asked_by", sa.UUID(), nullable=False),
        sa.Column("seen_on", sa.Date(), nullable=True),
        sa.Column("seen_kind", sa.String(length=32), nullable=True),
        sa.Column("seen_note", sa.String(length=4000), nullable=True),
        sa.Column("seen_by", sa.UUID(), nullable=True),
        sa.Column("waived_on", sa.Date(), nullable=True),
        sa.Column("waived_reason", sa.String(length=4000), nullable=True),
        sa.Column("waived_by", sa.UUID(), nullable=True),
        _one_of("papers", "party", ("applicant", "co_applicant")),
        _one_of("papers", "status", ("asked", "received", "waived")),
        _one_of("papers", "seen_kind", ("original", "copy")),
        *_paper_checks(),
        *_own_keys("papers"),
        _within_tenant("papers", "request_id", "requests"),
        _within_tenant("papers", "asked_by", "accounts"),
        _within_tenant("papers", "seen_by", "accounts"),
        _within_tenant("papers", "waived_by", "accounts"),
    )
    op.create_index("ix_papers_request", "papers", ["tenant_id", "request_id"], unique=False)


def _paper_checks() -> list[sa.CheckConstraint]:
    checks = {
        "due_after_asked": "due_on >= asked_on",
        "seen_whole": "num_nonnulls(seen_on, seen_kind, seen_by) IN (0, 3)",
        "waived_whole": "num_nonnulls(waived_on, waived_reason, waived_by) IN (0, 3)",
        "received_when_seen": "(status = 'received') = (seen_on IS NOT NULL)",
        "waived_with_reason": "status <> 'waived' OR waived_on IS NOT NULL",
        "in_order": "seen_on >= asked_on AND waived_on >= asked_on",
    }
    return [sa.CheckConstraint(condition, name=op.f(f"ck_papers_{name}")) for name, condition in checks.items()]


def _create_notes() -> None:
    op.create_table(
        "notes",
        *_own_columns(),
        sa.Column("request_id", sa.UUID(), nullable=False),
        sa.Column("text", sa.String(length=4000), nullable=False),
        sa.Column("visibility", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        _one_of("notes", "visibility", ("private", "shared")),
        *_own_keys("notes"),
        _within_tenant("notes", "request_id", "requests"),
        _within_tenant("notes", "account_id", "accounts"),
    )
    op.create_index("ix_notes_request", "notes", ["tenant_id", "request_id"], unique=False)
    op.create_table(
        "note_strikes",
        *_own_columns(),
        sa.Column("note_id", sa.UUID(), nullable=False),
        *_own_keys("note_strikes"),
        _within_tenant("note_strikes", "note_id", "notes"),
        sa.UniqueConstraint("tenant_id", "note_id", name=op.f("uq_note_strikes_tenant_id_note_id")),
    )


def _own_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
    ]


def _own_keys(table: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{table}")),
    ]


def _one_of(table: str, column: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    known = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({known})", name=op.f(f"ck_{table}_{column}"))


def _within_tenant(table: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column], [f"{parent}.tenant_id", f"{parent}.id"], name=op.f(f"fk_{table}_tenant_id_{column}")
    )


def downgrade() -> None:
    """Back to the revision before"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in ("note_strikes", "notes", "papers", "appointment_transitions", "appointments"):
        op.drop_table(table)

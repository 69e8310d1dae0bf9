"""Support during the loan"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Support during the loan"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    _create_support_contracts()
    _create_support_actions()
    _create_workshops()
    _create_attendances()
    for table in ("support_contracts", "support_actions", "workshops", "attendances"):
        op.isolate_tenants(table)
    op.execute("GRANT INSERT, SELECT, UPDATE ON support_contracts, workshops TO app")
    op.execute("GRANT INSERT, SELECT ON support_actions, attendances TO app")


def _create_support_contracts() -> None:
    op.create_table(
        "support_contracts",
        *_own_columns(),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("loan_id", sa.UUID(), nullable=False),
        sa.Column("form", sa.String(length=32), nullable=False),
        sa.Column("agreed_on", sa.Date(), nullable=False),
        sa.Column("organisation_id", sa.UUID(), nullable=True),
        sa.Column("actions_planned", postgresql.ARRAY(sa.TEXT()), nullable=False),
        sa.Column("agreed_ends_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("ending_reason", sa.String(length=200), nullable=True),
        sa.Column("ended_by", sa.UUID(), nullable=True),
        sa.CheckConstraint("form IN ('written', 'oral')", name=op.f("ck_support_contracts_form")),
        sa.CheckConstraint(
            "agreed_ends_on >= agreed_on AND ended_on >= agreed_on",
            name=op.f("ck_support_contracts_ends_after_it_begins"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(ended_on, ending_reason, ended_by) IN (0, 3)", name=op.f("ck_support_contracts_ending_whole")
        ),
        *_own_keys("support_contracts"),
        _within_tenant("support_contracts", "loan_id", "loans"),
        _within_tenant("support_contracts", "organisation_id", "organisations"),
        _within_tenant("support_contracts", "ended_by", "accounts"),
    )
    op.create_index("ix_support_contracts_loan", "support_contracts", ["tenant_id", "loan_id"], unique=False)


def _create_support_actions() -> None:
    op.create_table(
        "support_actions",
        *_own_columns(),
        sa.Column("support_contract_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.Column("note", sa.String(length=4000), nullable=True),
        *_own_keys("support_actions"),
        _within_tenant("support_actions", "support_contract_id", "support_contracts"),
    )
    op.create_index(
        "ix_support_actions_contract", "support_actions", ["tenant_id", "support_contract_id"], unique=False
    )


def _create_workshops() -> None:
    op.create_table(
        "workshops",
        *_own_columns(),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("theme", sa.String(length=64), nullable=True),
        sa.Column("organisation_id", sa.UUID(), nullable=True),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=True),
        sa.Column("seats", sa.Integer(), nullable=True),
        sa.CheckConstraint("seats > 0", name=op.f("ck_workshops_seats_positive")),
        *_own_keys("workshops"),
        _within_tenant("workshops", "organisation_id", "organisations"),
    )


def _create_attendances() -> None:
    op.create_table(
        "attendances",
        *_own_columns(),
        sa.Column("workshop_id", sa.UUID(), nullable=False),
        sa.Column("person_id", sa.UUID(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("replaces_id", sa.UUID(), nullable=True),
        sa.CheckConstraint(
            "status IN ('registered', 'attended', 'missed', 'excused')", name=op.f("ck_attendances_status")
        ),
        *_own_keys("attendances"),
        _within_tenant("attendances", "workshop_id", "workshops"),
        _within_tenant("attendances", "person_id", "people"),
        _within_tenant("attendances", "replaces_id", "attendances"),
        sa.UniqueConstraint("tenant_id", "replaces_id", name=op.f("uq_attendances_tenant_id_replaces_id")),
    )
    op.create_index(
        "uq_attendances_one_per_person",
        "attendances",
        ["tenant_id", "workshop_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("replaces_id IS NULL"),
    )
    op.create_index("ix_attendances_workshop", "attendances", ["tenant_id", "workshop_id"], unique=False)
    op.create_index("ix_attendances_person", "attendances", ["tenant_id", "person_id"], unique=False)


def _own_columns() -> list[sa.Column]:
    """The columns that all four tables have."""
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
    for table in ("attendances", "workshops", "support_actions", "support_contracts"):
        op.drop_table(table)

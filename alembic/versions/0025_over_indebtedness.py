"""Over indebtedness"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

KINDS = "'filed', 'admissible', 'inadmissible', 'plan', 'measures', 'moratorium', 'lapsed', 'judge_grace'"
PARTIES = "'borrower', 'co_borrower', 'ccas', 'lender'"
TABLES = ("over_indebtedness_events", "payees")


def upgrade() -> None:
    """Over indebtedness"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    _create_events()
    _create_payees()
    for table in TABLES:
        op.isolate_tenants(table)
    op.execute("GRANT INSERT, SELECT ON over_indebtedness_events, payees TO app")


def _create_events() -> None:
    op.create_table(
        "over_indebtedness_events",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("loan_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("effect_on", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("decision_id", sa.UUID(), nullable=False),
        sa.Column("schedule_id", sa.UUID(), nullable=True),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"kind IN ({KINDS})", name=op.f("ck_over_indebtedness_events_kind")),
        sa.CheckConstraint(
            "(kind IN ('moratorium', 'judge_grace')) = (until IS NOT NULL)",
            name=op.f("ck_over_indebtedness_events_until_where_told"),
        ),
        sa.CheckConstraint(
            "until BETWEEN effect_on AND effect_on + interval '2 years'",
            name=op.f("ck_over_indebtedness_events_two_years_at_most"),
        ),
        sa.CheckConstraint(
            "kind NOT IN ('plan', 'measures') OR schedule_id IS NOT NULL",
            name=op.f("ck_over_indebtedness_events_plan_has_rows"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_over_indebtedness_events_tenant_id")),
        *(
            _within_tenant("over_indebtedness_events", column, parent)
            for column, parent in (
                ("loan_id", "loans"),
                ("decision_id", "loan_decisions"),
                ("schedule_id", "schedules"),
                ("account_id", "accounts"),
            )
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_over_indebtedness_events")),
    )
    op.create_index(
        "ix_over_indebtedness_events_loan", "over_indebtedness_events", ["tenant_id", "loan_id"], unique=False
    )


def _create_payees() -> None:
    op.create_table(
        "payees",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("entry_id", sa.UUID(), nullable=False),
        sa.Column("organisation_id", sa.UUID(), nullable=True),
        sa.Column("person", sa.String(length=32), nullable=True),
        sa.Column("siret", sa.String(length=14), nullable=True),
        sa.Column("iban_last4", sa.String(length=4), nullable=True),
        sa.Column("invoice_reference", sa.String(length=100), nullable=True),
        sa.Column("instruction_on", sa.Date(), nullable=True),
        sa.CheckConstraint(f"person IN ({PARTIES})", name=op.f("ck_payees_person")),
        sa.CheckConstraint("num_nonnulls(organisation_id, person) <= 1", name=op.f("ck_payees_organisation_or_person")),
        sa.CheckConstraint("siret ~ '^[0-9]{14}$'", name=op.f("ck_payees_siret_form")),
        sa.CheckConstraint("iban_last4 ~ '^[A-Z0-9]{4}$'", name=op.f("ck_payees_iban_last4_form")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_payees_tenant_id")),
        _within_tenant("payees", "entry_id", "ledger_entries"),
        _within_tenant("payees", "organisation_id", "organisations"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_payees")),
        sa.UniqueConstraint("tenant_id", "entry_id", name=op.f("uq_payees_tenant_id_entry_id")),
    )


def _within_tenant(table: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column], [f"{parent}.tenant_id", f"{parent}.id"], name=op.f(f"fk_{table}_tenant_id_{column}")
    )


def downgrade() -> None:
    """Back to the revision before"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in reversed(TABLES):
        op.drop_table(table)

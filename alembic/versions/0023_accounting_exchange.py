"""Accounting exchange"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

TABLES = ("accounting_slips", "accounting_lines", "position_lines")
STATES = ("PRIS_EN_CHARGE", "PARTIEL", "SOLDE", "CONTENTIEUX", "ANV", "ETEINT", "REJETE")


def upgrade() -> None:
    """Accounting exchange"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    _create_slips()
    _create_lines()
    _create_position_lines()
    for table in TABLES:
        op.isolate_tenants(table)
        op.execute(
            f"CREATE TRIGGER appended BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    op.execute("GRANT INSERT, SELECT ON accounting_slips, accounting_lines, position_lines TO app")


def _create_slips() -> None:
    table = "accounting_slips"
    op.create_table(
        table,
        *_own_columns(),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("due_until", sa.Date(), nullable=False),
        sa.Column("collectivity_siret", sa.String(length=14), nullable=True),
        sa.Column("loan_account", sa.String(length=10), nullable=False),
        sa.Column("interest_account", sa.String(length=10), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.CheckConstraint(_among("kind", ("titres", "mandats")), name=op.f(f"ck_{table}_kind")),
        sa.CheckConstraint("number > 0", name=op.f(f"ck_{table}_numbered_from_one")),
        sa.CheckConstraint("year = extract(year from issued_on)", name=op.f(f"ck_{table}_of_the_year_it_is_issued")),
        sa.UniqueConstraint("tenant_id", "kind", "year", "number", name=op.f(f"uq_{table}_tenant_id_kind_year_number")),
        *_own_keys(table),
        _within_tenant(table, "account_id", "accounts"),
    )


def _create_lines() -> None:
    table = "accounting_lines"
    op.create_table(
        table,
        *_own_columns(),
        sa.Column("slip_id", sa.UUID(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("loan_id", sa.UUID(), nullable=False),
        sa.Column("ref", sa.String(length=16), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("stands_for", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("principal_cents", sa.BigInteger(), nullable=False),
        sa.Column("interest_cents", sa.BigInteger(), nullable=False),
        sa.Column("ledger_entry_id", sa.UUID(), nullable=True),
        sa.Column("told", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint(_among("type", ("emission", "reduction", "annulation")), name=op.f(f"ck_{table}_type")),
        sa.CheckConstraint("principal_cents >= 0 AND interest_cents >= 0", name=op.f(f"ck_{table}_signs")),
        sa.CheckConstraint("principal_cents + interest_cents > 0", name=op.f(f"ck_{table}_amount_positive")),
        sa.CheckConstraint("rank > 0 AND turn > 0", name=op.f(f"ck_{table}_counted_from_one")),
        sa.CheckConstraint("turn > 1 OR type = 'emission'", name=op.f(f"ck_{table}_issued_first")),
        sa.UniqueConstraint("tenant_id", "slip_id", "rank", name=op.f(f"uq_{table}_tenant_id_slip_id_rank")),
        sa.UniqueConstraint("tenant_id", "loan_id", "ref", "turn", name=op.f(f"uq_{table}_tenant_id_loan_id_ref_turn")),
        sa.UniqueConstraint("tenant_id", "ledger_entry_id", name=op.f(f"uq_{table}_tenant_id_ledger_entry_id")),
        *_own_keys(table),
        _within_tenant(table, "slip_id", "accounting_slips"),
        _within_tenant(table, "loan_id", "loans"),
        _within_tenant(table, "ledger_entry_id", "ledger_entries"),
    )
    op.create_index("ix_accounting_lines_loan", table, ["tenant_id", "loan_id"], unique=False)


def _create_position_lines() -> None:
    table = "position_lines"
    op.create_table(
        table,
        *_own_columns(),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("loan_id", sa.UUID(), nullable=False),
        sa.Column("title_ref", sa.String(length=16), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("collected_on", sa.Date(), nullable=True),
        sa.Column("amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("reference", sa.String(length=100), nullable=True),
        sa.Column("position_on", sa.Date(), nullable=False),
        sa.Column("ledger_entry_id", sa.UUID(), nullable=True),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.CheckConstraint(_among("state", STATES), name=op.f(f"ck_{table}_state")),
        sa.CheckConstraint("amount_cents >= 0", name=op.f(f"ck_{table}_amount_not_negative")),
        sa.CheckConstraint(
            "state NOT IN ('PARTIEL', 'SOLDE') OR ledger_entry_id IS NOT NULL", name=op.f(f"ck_{table}_money_in_ledger")
        ),
        *_own_keys(table),
        _within_tenant(table, "loan_id", "loans"),
        _within_tenant(table, "ledger_entry_id", "ledger_entries"),
        _within_tenant(table, "account_id", "accounts"),
    )
    op.create_index("ix_position_lines_loan", table, ["tenant_id", "loan_id"], unique=False)


def _among(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def _own_columns() -> list[sa.Column]:
    """The columns that all three tables have."""
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


def _within_tenant(table: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{parent}.tenant_id", f"{parent}.id"],
        name=op.f(f"fk_{table}_tenant_id_{column}"),
    )


def downgrade() -> None:
    """Back to the revision before"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in reversed(TABLES):
        op.drop_table(table)

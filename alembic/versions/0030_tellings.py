"""What lenders tell otherwise than by their machines"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

CHANNELS = ("api", "link", "letter", "file")
# Whose author may be a member of staff, and those that only a lender tells.
OF_ANYONE = ("handoff_transitions", "ledger_entries", "loan_transitions", "request_transitions")
OF_LENDERS = ("ficp_checks", "statements")


def upgrade() -> None:
    """What lenders tell otherwise than by their machines"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    _create_lender_links()
    _create_tellings()
    for table in ("lender_links", "tellings"):
        op.isolate_tenants(table)
    op.execute("GRANT INSERT, SELECT, UPDATE ON lender_links TO app")
    op.execute("GRANT INSERT, SELECT ON tellings TO app")
    op.execute(
        "CREATE TRIGGER appended BEFORE UPDATE OR DELETE ON tellings"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    for table in (*OF_ANYONE, *OF_LENDERS):
        op.add_column(table, sa.Column("telling_id", sa.UUID(), nullable=True))
        op.create_foreign_key(
            op.f(f"fk_{table}_tenant_id_telling_id"),
            table,
            "tellings",
            ["tenant_id", "telling_id"],
            ["tenant_id", "id"],
        )
    for table in OF_ANYONE:
        _author(table, "num_nonnulls(account_id, partner_client_id, telling_id) = 1")
    for table in OF_LENDERS:
        op.alter_column(table, "partner_client_id", existing_type=sa.UUID(), nullable=True)
        op.create_check_constraint(
            op.f(f"ck_{table}_one_lender"), table, "num_nonnulls(partner_client_id, telling_id) = 1"
        )
    op.add_column("handoffs", sa.Column("channel", sa.String(length=32), server_default="api", nullable=False))
    op.create_check_constraint(op.f("ck_handoffs_channel"), "handoffs", _one_of("channel"))


def _create_lender_links() -> None:
    op.create_table(
        "lender_links",
        *_own_columns(),
        sa.Column("handoff_id", sa.UUID(), nullable=False),
        sa.Column("officer", sa.String(length=200), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.CheckConstraint("num_nonnulls(used_at, revoked_at) <= 1", name=op.f("ck_lender_links_used_or_revoked")),
        *_own_keys("lender_links"),
        _within_tenant("lender_links", "handoff_id", "handoffs"),
        _within_tenant("lender_links", "account_id", "accounts"),
        sa.UniqueConstraint("tenant_id", "token_sha256", name=op.f("uq_lender_links_tenant_id_token_sha256")),
    )
    op.create_index(
        "ix_lender_links_live",
        "lender_links",
        ["tenant_id", "handoff_id"],
        unique=True,
        postgresql_where=sa.text("used_at IS NULL AND revoked_at IS NULL"),
    )


def _create_tellings() -> None:
    op.create_table(
        "tellings",
        *_own_columns(),
        sa.Column("partner_id", sa.UUID(), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("reference", sa.String(length=100), nullable=True),
        sa.Column("dated_on", sa.Date(), nullable=False),
        sa.Column("officer", sa.String(length=200), nullable=True),
        sa.Column("account_id", sa.UUID(), nullable=True),
        sa.Column("link_id", sa.UUID(), nullable=True),
        sa.CheckConstraint(_one_of("channel"), name=op.f("ck_tellings_channel")),
        sa.CheckConstraint("channel <> 'api'", name=op.f("ck_tellings_not_by_machine")),
        sa.CheckConstraint(
            "channel <> 'letter' OR reference IS NOT NULL", name=op.f("ck_tellings_letter_has_reference")
        ),
        sa.CheckConstraint("channel <> 'link' OR officer IS NOT NULL", name=op.f("ck_tellings_officer_is_named")),
        sa.CheckConstraint("(channel = 'link') = (link_id IS NOT NULL)", name=op.f("ck_tellings_link_is_named")),
        sa.CheckConstraint("num_nonnulls(account_id, link_id) = 1", name=op.f("ck_tellings_one_author")),
        *_own_keys("tellings"),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_tellings_partner_id")),
        _within_tenant("tellings", "account_id", "accounts"),
        _within_tenant("tellings", "link_id", "lender_links"),
        sa.UniqueConstraint("tenant_id", "link_id", name=op.f("uq_tellings_tenant_id_link_id")),
    )
    op.create_index("ix_tellings_partner", "tellings", ["tenant_id", "partner_id", "reference"], unique=False)


def _author(table: str, condition: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_one_author"), table)
    op.create_check_constraint(op.f(f"ck_{table}_one_author"), table, condition)


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


def _one_of(column: str) -> str:
    known = ", ".join(f"'{channel}'" for channel in CHANNELS)
    return f"{column} IN ({known})"


def _within_tenant(table: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column], [f"{parent}.tenant_id", f"{parent}.id"], name=op.f(f"fk_{table}_tenant_id_{column}")
    )


def downgrade() -> None:
    """Back to the revision before"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.drop_constraint(op.f("ck_handoffs_channel"), "handoffs")
    op.drop_column("handoffs", "channel")
    for table in OF_LENDERS:
        op.drop_constraint(op.f(f"ck_{table}_one_lender"), table)
        op.alter_column(table, "partner_client_id", existing_type=sa.UUID(), nullable=False)
    for table in OF_ANYONE:
        _author(table, "num_nonnulls(account_id, partner_client_id) = 1")
    for table in (*OF_ANYONE, *OF_LENDERS):
        op.drop_constraint(op.f(f"fk_{table}_tenant_id_telling_id"), table)
        op.drop_column(table, "telling_id")
    for table in ("tellings", "lender_links"):
        op.drop_table(table)

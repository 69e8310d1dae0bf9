"""Partner keys: credentials that end, keys that sign, answers kept for a partner whichever its credentials"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

EIGHTEEN_MONTHS = "timezone('UTC', expires_at) <= timezone('UTC', entered_at) + interval '18 months'"
ANSWERS = "partner_idempotency_records"
OF_PARTNER = f"uq_{ANSWERS}_partner_id_method_path_key"
OF_CLIENT = f"uq_{ANSWERS}_partner_id_account_id_method_path_key"
# Of the answers that two credentials of a partner were given under one key, the first is that of the effect.
TWICE = """
    DELETE FROM partner_idempotency_records later USING partner_idempotency_records first
    WHERE (later.partner_id, later.method, later.path, later.key)
        = (first.partner_id, first.method, first.path, first.key)
      AND (first.entered_at, first.id) < (later.entered_at, later.id)
"""


def upgrade() -> None:
    """Partner keys"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.add_column("partner_clients", sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(op.f("ck_partner_clients_eighteen_months"), "partner_clients", EIGHTEEN_MONTHS)
    op.isolate_tenants("partner_clients")
    op.execute("GRANT INSERT, UPDATE ON partner_clients TO app")
    _create_signing_keys()
    _create_push_signatures()
    op.execute(f"ALTER TABLE {ANSWERS} NO FORCE ROW LEVEL SECURITY")
    op.execute(TWICE)
    op.execute(f"ALTER TABLE {ANSWERS} FORCE ROW LEVEL SECURITY")
    op.drop_constraint(op.f(OF_CLIENT), ANSWERS)
    op.create_unique_constraint(op.f(OF_PARTNER), ANSWERS, ["partner_id", "method", "path", "key"])


def _create_signing_keys() -> None:
    op.create_table(
        "partner_signing_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("secret_sealed", sa.String(length=500), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(EIGHTEEN_MONTHS, name=op.f("ck_partner_signing_keys_eighteen_months")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_partner_signing_keys_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_signing_keys")),
    )
    op.create_index("ix_partner_signing_keys_partner", "partner_signing_keys", ["partner_id", "id"])
    op.isolate_tenants("partner_signing_keys")
    op.execute("GRANT INSERT, SELECT, UPDATE ON partner_signing_keys TO app")


def _create_push_signatures() -> None:
    op.create_table(
        "push_signatures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("message_id_sha256", sa.String(length=64), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_push_signatures_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_signatures")),
        sa.UniqueConstraint(
            "partner_id",
            "message_id_sha256",
            "signed_at",
            name=op.f("uq_push_signatures_partner_id_message_id_sha256_signed_at"),
        ),
    )
    op.isolate_tenants("push_signatures")
    op.execute("GRANT DELETE, INSERT, SELECT ON push_signatures TO app")


def downgrade() -> None:
    """Back to the revision before"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.drop_constraint(op.f(OF_PARTNER), ANSWERS)
    op.create_unique_constraint(op.f(OF_CLIENT), ANSWERS, ["partner_id", "account_id", "method", "path", "key"])
    op.drop_table("push_signatures")
    op.drop_table("partner_signing_keys")
    op.execute("REVOKE INSERT, UPDATE ON partner_clients FROM app")
    for policy in ("changed_by_partner", "made_by_partner", "known"):
        op.execute(f"DROP POLICY {policy} ON partner_clients")
    op.execute("ALTER TABLE partner_clients NO FORCE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE partner_clients DISABLE ROW LEVEL SECURITY")
    op.drop_constraint(op.f("ck_partner_clients_eighteen_months"), "partner_clients")
    op.drop_column("partner_clients", "signed_in_at")

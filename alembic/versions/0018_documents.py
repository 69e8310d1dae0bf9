"""Documents"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Documents"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_table(
        "logos",
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("octet_length(content) BETWEEN 1 AND 65536", name=op.f("ck_logos_small")),
        sa.CheckConstraint("sha256 = encode(sha256(content), 'hex')", name=op.f("ck_logos_hash_of_content")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_logos_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_logos_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_logos")),
    )
    op.create_index("ix_logos_entered_at", "logos", ["tenant_id", "entered_at"], unique=False)
    op.isolate_tenants("logos")
    op.execute("GRANT INSERT, SELECT ON logos TO app")


def downgrade() -> None:
    """Back to the revision before"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.drop_table("logos")

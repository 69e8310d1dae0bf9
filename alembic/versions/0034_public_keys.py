"""Public keys of partners beside shared secrets; what each answer of a lender said"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

KEYS = "partner_signing_keys"
ONE_OF_TWO, ONCE = f"ck_{KEYS}_shared_or_public", f"uq_{KEYS}_partner_id_public_key"


def upgrade() -> None:
    """Public keys of partners beside shared secrets; what each answer of a lender said"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.add_column(KEYS, sa.Column("public_key", sa.String(length=64), nullable=True))
    op.alter_column(KEYS, "secret_sealed", existing_type=sa.String(length=500), nullable=True)
    op.create_check_constraint(op.f(ONE_OF_TWO), KEYS, "num_nonnulls(secret_sealed, public_key) = 1")
    op.create_unique_constraint(op.f(ONCE), KEYS, ["partner_id", "public_key"])
    op.add_column("handoff_transitions", sa.Column("decided_on", sa.Date(), nullable=True))
    op.add_column("handoff_transitions", sa.Column("partner_reference", sa.String(length=64), nullable=True))


def downgrade() -> None:
    """Back to the revision before; a partner that signs by its own pair makes another key"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.drop_column("handoff_transitions", "partner_reference")
    op.drop_column("handoff_transitions", "decided_on")
    op.execute(f"ALTER TABLE {KEYS} NO FORCE ROW LEVEL SECURITY")
    op.execute("DELETE FROM partner_signing_keys WHERE secret_sealed IS NULL")
    op.execute(f"ALTER TABLE {KEYS} FORCE ROW LEVEL SECURITY")
    op.drop_constraint(op.f(ONCE), KEYS)
    op.drop_constraint(op.f(ONE_OF_TWO), KEYS)
    op.alter_column(KEYS, "secret_sealed", existing_type=sa.String(length=500), nullable=False)
    op.drop_column(KEYS, "public_key")

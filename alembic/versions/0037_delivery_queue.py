"""What waits for an endpoint is taken in its order, however long the queue"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


_OF_ENDPOINT = ["partner_id", "endpoint_id"]


def upgrade() -> None:
    """What waits for an endpoint is taken in its order, however long the queue"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    pending = sa.text("status = 'pending'")
    op.create_index(
        "ix_webhook_deliveries_queue", "webhook_deliveries", [*_OF_ENDPOINT, "position"], postgresql_where=pending
    )
    _create_order("next_attempt_at IS NOT NULL")


def downgrade() -> None:
    """Back to the revision before"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    _create_order("status = 'pending'")
    op.drop_index("ix_webhook_deliveries_queue", "webhook_deliveries")


def _create_order(where: str) -> None:
    op.drop_index("ix_webhook_deliveries_order", "webhook_deliveries")
    op.create_index(
        "ix_webhook_deliveries_order",
        "webhook_deliveries",
        [*_OF_ENDPOINT, "handoff_id", "position"],
        postgresql_where=sa.text(where),
    )

"""Webhooks"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

OUTCOMES = "'delivered', 'redirected', 'gone', 'throttled', 'refused', 'timed_out', 'unreachable', 'address_refused'"


def upgrade() -> None:
    """Webhooks"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    _create_endpoints()
    _create_deliveries()
    _create_attempts()


def _create_endpoints() -> None:
    op.create_table(
        "webhook_endpoints",
        sa.Column("partner_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("description", sa.String(length=100), nullable=True),
        sa.Column("secret_sealed", sa.String(length=500), nullable=False),
        sa.Column("previous_secret_sealed", sa.String(length=500), nullable=True),
        sa.Column("previous_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_because", sa.String(length=32), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "num_nonnulls(disabled_at, disabled_because) IN (0, 2)", name=op.f("ck_webhook_endpoints_disabled_whole")
        ),
        sa.CheckConstraint(
            "num_nonnulls(previous_secret_sealed, previous_until) IN (0, 2)",
            name=op.f("ck_webhook_endpoints_overlap_whole"),
        ),
        sa.CheckConstraint("disabled_because IN ('asked', 'gone')", name=op.f("ck_webhook_endpoints_disabled_because")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_webhook_endpoints_partner_id")),
        sa.PrimaryKeyConstraint("partner_id", "id", name=op.f("pk_webhook_endpoints")),
    )
    op.isolate_tenants("webhook_endpoints")
    op.execute("GRANT SELECT, INSERT, UPDATE ON webhook_endpoints TO app")


def _create_deliveries() -> None:
    op.create_table(
        "webhook_deliveries",
        sa.Column("partner_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("endpoint_id", sa.UUID(), nullable=False),
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.Column("handoff_id", sa.UUID(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expedited", sa.Boolean(), nullable=False),
        sa.Column("lease", sa.UUID(), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status IN ('pending', 'delivered', 'dead')", name=op.f("ck_webhook_deliveries_status")),
        sa.CheckConstraint(
            "(status = 'pending') = (next_attempt_at IS NOT NULL)",
            name=op.f("ck_webhook_deliveries_pending_has_a_next_attempt"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(lease, leased_until) IN (0, 2)", name=op.f("ck_webhook_deliveries_lease_whole")
        ),
        sa.ForeignKeyConstraint(
            ["partner_id", "endpoint_id"],
            ["webhook_endpoints.partner_id", "webhook_endpoints.id"],
            name=op.f("fk_webhook_deliveries_partner_id_endpoint_id"),
        ),
        sa.ForeignKeyConstraint(
            ["partner_id", "event_id"],
            ["partner_events.partner_id", "partner_events.id"],
            name=op.f("fk_webhook_deliveries_partner_id_event_id"),
        ),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_webhook_deliveries_partner_id")),
        sa.PrimaryKeyConstraint("partner_id", "id", name=op.f("pk_webhook_deliveries")),
        sa.UniqueConstraint(
            "partner_id",
            "endpoint_id",
            "event_id",
            name=op.f("uq_webhook_deliveries_partner_id_endpoint_id_event_id"),
        ),
    )
    pending, of_endpoint = sa.text("status = 'pending'"), ["partner_id", "endpoint_id"]
    for name, columns, where in (
        ("endpoint", ["status", "id"], None),
        ("due", ["next_attempt_at"], pending),
        ("order", ["handoff_id", "position"], pending),
    ):
        op.create_index(
            f"ix_webhook_deliveries_{name}", "webhook_deliveries", [*of_endpoint, *columns], postgresql_where=where
        )
    op.isolate_tenants("webhook_deliveries")
    op.execute("GRANT SELECT, INSERT, UPDATE ON webhook_deliveries TO app")


def _create_attempts() -> None:
    op.create_table(
        "webhook_attempts",
        sa.Column("partner_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("delivery_id", sa.UUID(), nullable=False),
        sa.Column("attempted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("status_code", sa.Integer(), nullable=True),
        sa.CheckConstraint(f"outcome IN ({OUTCOMES})", name=op.f("ck_webhook_attempts_outcome")),
        sa.ForeignKeyConstraint(
            ["partner_id", "delivery_id"],
            ["webhook_deliveries.partner_id", "webhook_deliveries.id"],
            name=op.f("fk_webhook_attempts_partner_id_delivery_id"),
        ),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_webhook_attempts_partner_id")),
        sa.PrimaryKeyConstraint("partner_id", "id", name=op.f("pk_webhook_attempts")),
    )
    op.create_index("ix_webhook_attempts_delivery", "webhook_attempts", ["partner_id", "delivery_id"])
    op.isolate_tenants("webhook_attempts")
    op.execute("GRANT SELECT, INSERT ON webhook_attempts TO app")
    op.execute(
        "CREATE TRIGGER appended BEFORE UPDATE OR DELETE ON webhook_attempts"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    """Back to the revision before"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in ("webhook_attempts", "webhook_deliveries", "webhook_endpoints"):
        op.drop_table(table)

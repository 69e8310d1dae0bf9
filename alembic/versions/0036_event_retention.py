"""Events of partners and the log of their deliveries are kept for 13 months"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

PUBLISHED = """
    CREATE OR REPLACE FUNCTION publish_event() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      tenant text := current_setting('app.tenant_id', true);
      communes text := current_setting('app.commune_insee_codes', true);
      partner text := current_setting('app.partner_id', true);
    BEGIN
      -- At commit the transaction may be bound otherwise than when the event was entered.
      PERFORM set_config('app.tenant_id', NEW.tenant_id::text, true), set_config('app.commune_insee_codes', '', true);
      -- One commit of a tenant after another: what is read up to a position has no later neighbour below it.
      PERFORM pg_advisory_xact_lock(hashtextextended('events/' || NEW.tenant_id, 0));
      UPDATE events SET
        position = (SELECT coalesce(max(position), 0) + 1 FROM events WHERE tenant_id = NEW.tenant_id),
        sequence = (SELECT coalesce(max(sequence), 0) + 1 FROM events
                    WHERE tenant_id = NEW.tenant_id AND subject_id = NEW.subject_id)
      WHERE tenant_id = NEW.tenant_id AND id = NEW.id;
      IF NEW.partner_id IS NOT NULL THEN
        PERFORM set_config('app.partner_id', NEW.partner_id::text, true);
        PERFORM pg_advisory_xact_lock(hashtextextended('events/' || NEW.partner_id, 0));
        INSERT INTO partner_events (partner_id, id, tenant_id, handoff_id, kind, status, position, sequence, entered_at)
        SELECT NEW.partner_id, NEW.id, NEW.tenant_id, NEW.handoff_id, NEW.kind, NEW.status,
          (SELECT coalesce(max(position), 0) + 1 FROM partner_events WHERE partner_id = NEW.partner_id),
          __SEQUENCE__,
          NEW.entered_at;
        PERFORM pg_notify('outbox', NEW.partner_id::text);
        PERFORM set_config('app.partner_id', coalesce(partner, ''), true);
      END IF;
      PERFORM set_config('app.tenant_id', coalesce(tenant, ''), true);
      PERFORM set_config('app.commune_insee_codes', coalesce(communes, ''), true);
      RETURN NULL;
    END $$
"""
ON_FROM_WHAT_IS_THERE = """(SELECT coalesce(max(sequence), 0) + 1 FROM partner_events
           WHERE partner_id = NEW.partner_id AND handoff_id = NEW.handoff_id)"""
ON_FROM_WHAT_WAS_ERASED = """greatest(
            (SELECT max(sequence) FROM partner_events
             WHERE partner_id = NEW.partner_id AND handoff_id = NEW.handoff_id),
            (SELECT erased_sequence FROM handoff_routes WHERE handoff_id = NEW.handoff_id),
            0) + 1"""
ERASED = """
    CREATE FUNCTION refuse_early_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF timezone('UTC', (to_jsonb(OLD) ->> TG_ARGV[0])::timestamptz)
         >= timezone('UTC', now()) - interval '13 months' THEN
        RAISE EXCEPTION 'this is kept for 13 months' USING ERRCODE = 'restrict_violation';
      END IF;
      RETURN OLD;
    END $$
"""
KEPT = {"partner_events": "entered_at", "webhook_deliveries": "entered_at", "webhook_attempts": "attempted_at"}
HISTORY = ("partner_events", "webhook_attempts")


def upgrade() -> None:
    """Events of partners and the log of their deliveries are kept for 13 months"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.add_column("handoff_routes", sa.Column("erased_sequence", sa.Integer(), server_default="0", nullable=False))
    op.alter_column("handoff_routes", "erased_sequence", server_default=None)
    op.create_index("ix_webhook_deliveries_event", "webhook_deliveries", ["partner_id", "event_id"])
    op.execute(PUBLISHED.replace("__SEQUENCE__", ON_FROM_WHAT_WAS_ERASED))
    op.execute(ERASED)
    for table, since in KEPT.items():
        op.execute(
            f"CREATE TRIGGER kept BEFORE DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION refuse_early_erasure('{since}')"
        )
        op.execute(f"GRANT DELETE ON {table} TO app")
    _guard_history("UPDATE")


def _guard_history(refused: str) -> None:
    for table in HISTORY:
        op.execute(f"DROP TRIGGER appended ON {table}")
        op.execute(
            f"CREATE TRIGGER appended BEFORE {refused} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    """Back to the revision before; where events were erased, those to come are numbered from what is left"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    _guard_history("UPDATE OR DELETE")
    for table in KEPT:
        op.execute(f"REVOKE DELETE ON {table} FROM app")
        op.execute(f"DROP TRIGGER kept ON {table}")
    op.execute("DROP FUNCTION refuse_early_erasure()")
    op.execute(PUBLISHED.replace("__SEQUENCE__", ON_FROM_WHAT_IS_THERE))
    op.drop_index("ix_webhook_deliveries_event", "webhook_deliveries")
    op.drop_column("handoff_routes", "erased_sequence")

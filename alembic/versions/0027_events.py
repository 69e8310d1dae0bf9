"""Events, outbox, agreements in full"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

PUBLISHED = """
    CREATE FUNCTION publish_event() RETURNS trigger LANGUAGE plpgsql AS $$
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
          (SELECT coalesce(max(sequence), 0) + 1 FROM partner_events
           WHERE partner_id = NEW.partner_id AND handoff_id = NEW.handoff_id),
          NEW.entered_at;
        PERFORM pg_notify('outbox', NEW.partner_id::text);
        PERFORM set_config('app.partner_id', coalesce(partner, ''), true);
      END IF;
      PERFORM set_config('app.tenant_id', coalesce(tenant, ''), true);
      PERFORM set_config('app.commune_insee_codes', coalesce(communes, ''), true);
      RETURN NULL;
    END $$
"""
NUMBERED = """
    CREATE FUNCTION refuse_renumbering() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF OLD.position IS NOT NULL OR to_jsonb(OLD) - '{position,sequence}'::text[]
         <> to_jsonb(NEW) - '{position,sequence}'::text[] THEN
        RAISE EXCEPTION 'an event is numbered once and never changes' USING ERRCODE = 'restrict_violation';
      END IF;
      RETURN NEW;
    END $$
"""


def agreement_columns() -> tuple[sa.Column[Any], ...]:
    """What agreements say besides; the defaults are those of the rows that are there."""
    return (
        sa.Column("answer_days_max", sa.Integer(), nullable=True),
        sa.Column("signature_required", sa.Boolean(), nullable=False, server_default="false"),
        sa.Column("handoff_kinds", postgresql.ARRAY(sa.TEXT()), nullable=True),
        sa.Column("capabilities", postgresql.ARRAY(sa.TEXT()), nullable=True),
        sa.Column("contacts", postgresql.JSONB(), nullable=False, server_default="[]"),
        sa.Column("deliberations", postgresql.ARRAY(sa.TEXT()), nullable=False, server_default="{}"),
        sa.Column("cost_shares", postgresql.JSONB(), nullable=False, server_default="[]"),
    )


def upgrade() -> None:
    """Events, outbox, agreements in full"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    _create_events()
    _create_partner_events()
    for column in agreement_columns():
        op.add_column("agreements", column)
        op.alter_column("agreements", column.name, server_default=None)
    op.create_check_constraint(op.f("ck_agreements_answered_within_some_days"), "agreements", "answer_days_max > 0")
    op.execute(PUBLISHED)
    op.execute(NUMBERED)
    op.execute(
        "CREATE CONSTRAINT TRIGGER published AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION publish_event()"
    )
    op.execute("CREATE TRIGGER numbered BEFORE UPDATE ON events FOR EACH ROW EXECUTE FUNCTION refuse_renumbering()")
    op.execute(
        "CREATE TRIGGER appended BEFORE UPDATE OR DELETE ON partner_events"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def _create_events() -> None:
    op.create_table(
        "events",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("subject", sa.String(length=32), nullable=False),
        sa.Column("subject_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("request_id", sa.UUID(), nullable=True),
        sa.Column("handoff_id", sa.UUID(), nullable=True),
        sa.Column("partner_id", sa.UUID(), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("subject IN ('request', 'handoff', 'loan')", name=op.f("ck_events_subject")),
        sa.CheckConstraint(
            "partner_id IS NULL OR handoff_id IS NOT NULL", name=op.f("ck_events_partner_through_handoff")
        ),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_events_partner_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "handoff_id"],
            ["handoffs.tenant_id", "handoffs.id"],
            name=op.f("fk_events_tenant_id_handoff_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "request_id"],
            ["requests.tenant_id", "requests.id"],
            name=op.f("fk_events_tenant_id_request_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_events_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_events")),
        sa.UniqueConstraint("tenant_id", "position", name=op.f("uq_events_tenant_id_position")),
        sa.UniqueConstraint(
            "tenant_id", "subject_id", "sequence", name=op.f("uq_events_tenant_id_subject_id_sequence")
        ),
    )
    op.isolate_tenants("events")
    op.scope_communes("events")
    op.execute("GRANT SELECT, INSERT, UPDATE ON events TO app")


def _create_partner_events() -> None:
    op.create_table(
        "partner_events",
        sa.Column("partner_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("handoff_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_partner_events_partner_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "handoff_id"],
            ["handoffs.tenant_id", "handoffs.id"],
            name=op.f("fk_partner_events_tenant_id_handoff_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_partner_events_tenant_id")),
        sa.PrimaryKeyConstraint("partner_id", "id", name=op.f("pk_partner_events")),
        sa.UniqueConstraint("partner_id", "position", name=op.f("uq_partner_events_partner_id_position")),
        sa.UniqueConstraint(
            "partner_id", "handoff_id", "sequence", name=op.f("uq_partner_events_partner_id_handoff_id_sequence")
        ),
    )
    op.create_index("ix_partner_events_handoff", "partner_events", ["tenant_id", "handoff_id"])
    op.isolate_tenants("partner_events")
    op.execute("GRANT SELECT, INSERT ON partner_events TO app")


def downgrade() -> None:
    """Back to the revision before"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.drop_table("partner_events")
    op.drop_table("events")
    op.execute("DROP FUNCTION publish_event, refuse_renumbering")
    op.drop_constraint(op.f("ck_agreements_answered_within_some_days"), "agreements")
    for column in reversed(agreement_columns()):
        op.drop_column("agreements", column.name)

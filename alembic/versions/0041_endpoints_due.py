"""The endpoints for which there is something to do are asked for in one question"""

from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

DUE = """
    CREATE FUNCTION endpoints_due(partner_ids uuid[], moment timestamptz)
    RETURNS TABLE (partner_id uuid, endpoint_id uuid) LANGUAGE plpgsql AS $$
    DECLARE
      bound text := current_setting('app.partner_id', true);
      one uuid;
    BEGIN
      FOREACH one IN ARRAY partner_ids LOOP
        PERFORM set_config('app.partner_id', one::text, true);
        RETURN QUERY
          SELECT e.partner_id, e.id FROM webhook_endpoints e
          WHERE e.partner_id = one AND e.disabled_at IS NULL AND (e.held_until IS NULL OR e.held_until <= moment)
            AND (EXISTS (SELECT FROM partner_events o WHERE o.partner_id = one AND o.position > e.position)
              OR EXISTS (SELECT FROM webhook_deliveries d
                WHERE d.partner_id = one AND d.endpoint_id = e.id AND d.status = 'pending'
                  AND (d.next_attempt_at <= moment OR d.expedited)
                  AND (d.leased_until IS NULL OR d.leased_until <= moment)));
      END LOOP;
      PERFORM set_config('app.partner_id', coalesce(bound, ''), true);
    END $$
"""


def upgrade() -> None:
    """The endpoints for which there is something to do are asked for in one question"""
    op.execute(DUE)


def downgrade() -> None:
    """Back to the revision before"""
    op.execute("DROP FUNCTION endpoints_due")

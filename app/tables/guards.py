"""What the database itself refuses of money and history, whoever asks."""

from sqlalchemy import DDL, event
from sqlmodel import SQLModel

_BALANCED = """
    CREATE FUNCTION refuse_unbalanced_entry() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      entry uuid := coalesce(to_jsonb(NEW) ->> 'entry_id', to_jsonb(NEW) ->> 'id')::uuid;
      bound text := current_setting('app.tenant_id', true);
      lines bigint;
      cents numeric;
    BEGIN
      -- At commit the transaction may be bound to another tenant, whose policies would hide the lines.
      PERFORM set_config('app.tenant_id', NEW.tenant_id::text, true);
      SELECT count(*), sum(amount_cents) INTO lines, cents FROM ledger_lines
      WHERE tenant_id = NEW.tenant_id AND entry_id = entry;
      PERFORM set_config('app.tenant_id', coalesce(bound, ''), true);
      IF lines < 2 OR cents <> 0 THEN
        RAISE EXCEPTION 'the lines of a ledger entry sum to 0'
          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_entry_balanced';
      END IF;
      RETURN NULL;
    END $$
"""
_CHANGED = """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'money and history are only ever added to' USING ERRCODE = 'restrict_violation';
    END $$
"""
_PUBLISHED = """
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
          greatest(
            (SELECT max(sequence) FROM partner_events
             WHERE partner_id = NEW.partner_id AND handoff_id = NEW.handoff_id),
            (SELECT erased_sequence FROM handoff_routes WHERE handoff_id = NEW.handoff_id),
            0) + 1,
          NEW.entered_at;
        PERFORM pg_notify('outbox', NEW.partner_id::text);
        PERFORM set_config('app.partner_id', coalesce(partner, ''), true);
      END IF;
      PERFORM set_config('app.tenant_id', coalesce(tenant, ''), true);
      PERFORM set_config('app.commune_insee_codes', coalesce(communes, ''), true);
      RETURN NULL;
    END $$
"""
_NUMBERED = """
    CREATE FUNCTION refuse_renumbering() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF OLD.position IS NULL AND to_jsonb(OLD) - '{position,sequence}'::text[]
         = to_jsonb(NEW) - '{position,sequence}'::text[] THEN
        RETURN NEW;
      END IF;
      IF loses_a_purged_conclusion(to_jsonb(OLD), to_jsonb(NEW)) THEN
        RETURN NEW;
      END IF;
      RAISE EXCEPTION 'an event is numbered once and never changes' USING ERRCODE = 'restrict_violation';
    END $$
"""
# What told which way a precheck went, once that is erased (`app/services/check_purges.py`).
_WITHOUT_CONCLUSION = """
    CREATE FUNCTION without_conclusion(told text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
      SELECT CASE
        WHEN told IN ('accept', 'refuse', 'progress') THEN 'conclude'
        WHEN told IN ('accepted', 'refused', 'in_progress') THEN 'concluded'
        WHEN told IN ('handoff.accepted', 'handoff.refused', 'handoff.in_progress') THEN 'handoff.concluded'
        ELSE told
      END
    $$
"""
_LOSES_A_PURGED_CONCLUSION = """
    CREATE FUNCTION loses_a_purged_conclusion(former jsonb, latter jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
    DECLARE
      telling text[] := ARRAY['action', 'from_status', 'to_status', 'kind', 'status'];
      name text;
    BEGIN
      FOREACH name IN ARRAY telling LOOP
        IF latter ->> name IS DISTINCT FROM without_conclusion(former ->> name) THEN
          RETURN false;
        END IF;
      END LOOP;
      RETURN former - telling = latter - telling AND (
        SELECT coalesce(bool_and(stage = 'precheck' AND purged_at IS NOT NULL), false) FROM ficp_checks
        WHERE tenant_id = (latter ->> 'tenant_id')::uuid AND handoff_id = (latter ->> 'handoff_id')::uuid);
    END $$
"""
_LOST = """
    CREATE FUNCTION refuse_change_but_of_the_purged() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'UPDATE' AND loses_a_purged_conclusion(to_jsonb(OLD), to_jsonb(NEW)) THEN
        RETURN NEW;
      END IF;
      RAISE EXCEPTION 'money and history are only ever added to' USING ERRCODE = 'restrict_violation';
    END $$
"""
_PURGED = """
    CREATE FUNCTION refuse_change_but_purge() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      lost text[] := ARRAY['outcome', 'evidence_sha256', 'purged_at'];
    BEGIN
      IF TG_OP = 'INSERT' AND NEW.purged_at IS NULL THEN
        RETURN NEW;
      END IF;
      IF TG_OP = 'UPDATE' AND OLD.purged_at IS NULL AND NEW.purged_at IS NOT NULL
        AND NEW.outcome IS NULL AND NEW.evidence_sha256 IS NULL AND to_jsonb(NEW) - lost = to_jsonb(OLD) - lost THEN
        RETURN NEW;
      END IF;
      RAISE EXCEPTION 'money and history are only ever added to' USING ERRCODE = 'restrict_violation';
    END $$
"""
_ERASED = """
    CREATE FUNCTION refuse_early_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF timezone('UTC', (to_jsonb(OLD) ->> TG_ARGV[0])::timestamptz)
         >= timezone('UTC', now()) - interval '13 months' THEN
        RAISE EXCEPTION 'this is kept for 13 months' USING ERRCODE = 'restrict_violation';
      END IF;
      RETURN OLD;
    END $$
"""
# What is erased once it is 13 months old, and the instant from which they count.
_KEPT = {"partner_events": "entered_at", "webhook_deliveries": "entered_at", "webhook_attempts": "attempted_at"}
_APPENDED = (
    *("ledger_entries", "ledger_lines", "loan_decisions", "schedules", "schedule_rows", "schedule_activations"),
    *("guarantee_claims", "guarantee_payments", "guarantee_recoveries", "guarantee_reversals"),
    *("borne_interest_statements", "borne_interest_lines", "interest_refunds"),
    *("accounting_slips", "accounting_lines", "position_lines", "tellings", "lender_reports"),
    "handoff_payloads",
)


def declare() -> None:
    """An entry's lines sum to 0 at commit, by whatever statement they came; what happened is only added to, the
    conclusion of a lender's check is only ever erased, what else told of it too, and what is kept for 13 months not any
    earlier.
    """
    statements = [_BALANCED, _CHANGED, _PUBLISHED, _WITHOUT_CONCLUSION, _LOSES_A_PURGED_CONCLUSION, _NUMBERED]
    statements += [_PURGED, _LOST, _ERASED]
    statements += [
        f"CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION refuse_unbalanced_entry()"
        for table in ("ledger_entries", "ledger_lines")
    ]
    statements += [
        f"CREATE TRIGGER appended BEFORE UPDATE OR DELETE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        for table in _APPENDED
    ]
    statements += [
        f"CREATE TRIGGER kept BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_early_erasure('{since}')"
        for table, since in _KEPT.items()
    ]
    statements += [
        "CREATE TRIGGER appended BEFORE UPDATE ON webhook_attempts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
        *(
            f"CREATE TRIGGER appended BEFORE {refused} ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change_but_of_the_purged()"
            for table, refused in (("handoff_transitions", "UPDATE OR DELETE"), ("partner_events", "UPDATE"))
        ),
    ]
    statements += [
        (
            "CREATE CONSTRAINT TRIGGER published AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION publish_event()"
        ),
        "CREATE TRIGGER numbered BEFORE UPDATE ON events FOR EACH ROW EXECUTE FUNCTION refuse_renumbering()",
    ]
    statements.append(
        "CREATE TRIGGER purged_once BEFORE INSERT OR UPDATE OR DELETE ON ficp_checks"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change_but_purge()"
    )
    for statement in statements:
        event.listen(SQLModel.metadata, "after_create", DDL(statement))  # type: ignore[no-untyped-call]

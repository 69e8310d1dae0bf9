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
_APPENDED = (
    *("ledger_entries", "ledger_lines", "loan_decisions", "schedules", "schedule_rows", "schedule_activations"),
    *("guarantee_claims", "guarantee_payments", "guarantee_recoveries", "guarantee_reversals"),
    *("borne_interest_statements", "borne_interest_lines", "interest_refunds"),
    *("accounting_slips", "accounting_lines", "position_lines"),
)


def declare() -> None:
    """An entry's lines sum to 0 at commit, by whatever statement they came; what happened is only added to."""
    statements = [_BALANCED, _CHANGED]
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
    for statement in statements:
        event.listen(SQLModel.metadata, "after_create", DDL(statement))  # type: ignore[no-untyped-call]

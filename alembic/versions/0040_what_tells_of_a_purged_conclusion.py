"""With the conclusion of a precheck goes what told which way it went"""

from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

STATUSES = (
    "ready",
    "sent",
    "received",
    "in_progress",
    "more_information",
    "awaiting_check",
    "accepted",
    "refused",
    "concluded",
    "withdrawn",
)
ACTIONS = ("send", "acknowledge", "progress", "ask", "complete", "park", "accept", "refuse", "conclude", "withdraw")
NAMED = {
    "handoffs": ("status",),
    "handoff_routes": ("status",),
    "handoff_transitions": ("from_status", "to_status", "action"),
}
APPENDED = {"handoff_transitions": "UPDATE OR DELETE", "partner_events": "UPDATE"}
NUMBERED_ONCE = """
    CREATE OR REPLACE FUNCTION refuse_renumbering() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF OLD.position IS NOT NULL OR to_jsonb(OLD) - '{position,sequence}'::text[]
         <> to_jsonb(NEW) - '{position,sequence}'::text[] THEN
        RAISE EXCEPTION 'an event is numbered once and never changes' USING ERRCODE = 'restrict_violation';
      END IF;
      RETURN NEW;
    END $$
"""
WITHOUT_CONCLUSION = """
    CREATE FUNCTION without_conclusion(told text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
      SELECT CASE
        WHEN told IN ('accept', 'refuse', 'progress') THEN 'conclude'
        WHEN told IN ('accepted', 'refused', 'in_progress') THEN 'concluded'
        WHEN told IN ('handoff.accepted', 'handoff.refused', 'handoff.in_progress') THEN 'handoff.concluded'
        ELSE told
      END
    $$
"""
LOSES_A_PURGED_CONCLUSION = """
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
NUMBERED = """
    CREATE OR REPLACE FUNCTION refuse_renumbering() RETURNS trigger LANGUAGE plpgsql AS $$
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
LOST = """
    CREATE FUNCTION refuse_change_but_of_the_purged() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'UPDATE' AND loses_a_purged_conclusion(to_jsonb(OLD), to_jsonb(NEW)) THEN
        RETURN NEW;
      END IF;
      RAISE EXCEPTION 'money and history are only ever added to' USING ERRCODE = 'restrict_violation';
    END $$
"""


def upgrade() -> None:
    """With the conclusion of a precheck goes what told which way it went"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    _replace_names(concluded=True)
    for function in (WITHOUT_CONCLUSION, LOSES_A_PURGED_CONCLUSION, NUMBERED, LOST):
        op.execute(function)
    for table in APPENDED:
        op.execute(f"GRANT UPDATE ON {table} TO app")
    _guard_history("ROW EXECUTE FUNCTION refuse_change_but_of_the_purged()")


def _replace_names(*, concluded: bool) -> None:
    for table, columns in NAMED.items():
        for column in columns:
            *known, neutral, last = ACTIONS if column == "action" else STATUSES
            names = ", ".join(f"'{name}'" for name in (*known, *([neutral] if concluded else []), last))
            op.drop_constraint(op.f(f"ck_{table}_{column}"), table, type_="check")
            op.create_check_constraint(op.f(f"ck_{table}_{column}"), table, f"{column} IN ({names})")


def _guard_history(how: str) -> None:
    for table, refused in APPENDED.items():
        op.execute(f"DROP TRIGGER appended ON {table}")
        op.execute(f"CREATE TRIGGER appended BEFORE {refused} ON {table} FOR EACH {how}")


def downgrade() -> None:
    """Back to the revision before, as long as no precheck has lost what told of its conclusion"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    _guard_history("STATEMENT EXECUTE FUNCTION refuse_change()")
    for table in APPENDED:
        op.execute(f"REVOKE UPDATE ON {table} FROM app")
    op.execute(NUMBERED_ONCE)
    for function in (
        "refuse_change_but_of_the_purged()",
        "loses_a_purged_conclusion(jsonb, jsonb)",
        "without_conclusion(text)",
    ):
        op.execute(f"DROP FUNCTION {function}")
    _replace_names(concluded=False)

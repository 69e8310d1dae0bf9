"""Double entry"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

KINDS_BEFORE = ("disbursement", "repayment", "reversal")
KINDS = (
    "disbursement", "repayment", "credit_refund", "write_off", "discharge", "remission", "reallocation", "reversal",
)  # fmt: skip
ACTIONS_BEFORE = (
    "offer", "sign", "accept", "disburse", "repay", "reverse", "open_litigation", "cancel", "withdraw",
)  # fmt: skip
ACTIONS = (
    *ACTIONS_BEFORE[:7], "end_litigation", *ACTIONS_BEFORE[7:], "give_up_undrawn", "defer", "reschedule",
    "repay_early", "cancel_change", "support", "write_off", "discharge", "remit", "refund_credit", "record_procedure",
    "claim_guarantee",
)  # fmt: skip
CHECKS = {
    "payer_of_repayment": "kind = 'repayment' OR num_nonnulls(payer, instalment_ref) = 0",
    "cash_officer_receives": "cash_officer IS NULL OR source = 'cash_officer'",
    "loss_is_decided": "kind NOT IN ('write_off', 'discharge', 'remission') OR decision_id IS NOT NULL",
    "off_books_of_ended_debt": "off_books_cents BETWEEN 0 AND amount_cents"
    " AND (off_books_cents = 0 OR kind IN ('discharge', 'remission'))",
}
NEW = ("positions", "loan_decisions", "schedule_activations", "ledger_lines")
# What is money or history, and so is only ever added to, whoever asks.
APPENDED = ("ledger_entries", "ledger_lines", "loan_decisions", "schedules", "schedule_rows", "schedule_activations")
BALANCED = """
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
CHANGED = """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'money and history are only ever added to' USING ERRCODE = 'restrict_violation';
    END $$
"""
FILLED = ("loans", "ledger_entries", "schedules", "schedule_rows")


def upgrade() -> None:
    """Double entry"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in FILLED:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    _create_loan_decisions()
    _create_positions()
    _widen_schedules()
    _create_schedule_activations()
    _widen_ledger_entries()
    _create_ledger_lines()
    _post_what_was_entered()
    for table in FILLED:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    for table in NEW:
        op.isolate_tenants(table)
    op.execute(f"GRANT INSERT, SELECT ON {', '.join(NEW)} TO app")
    _recode("loan_transitions", "action", ACTIONS)
    _hold()


def _recode(table: str, column: str, values: tuple[str, ...]) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{column}"), table, type_="check")
    listed = ", ".join(f"'{value}'" for value in values)
    op.create_check_constraint(op.f(f"ck_{table}_{column}"), table, f"{column} IN ({listed})")


def _create_loan_decisions() -> None:
    op.create_table(
        "loan_decisions",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "deferral",
                "reschedule",
                "early_repayment",
                "support",
                "litigation",
                "write_off",
                "remission",
                "discharge",
                "over_indebtedness",
                "undrawn",
                "withdrawal",
                "cancellation",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column(
            "decided_by",
            sa.Enum(
                "commission",
                "board",
                "president",
                "lender",
                "accountant",
                "over_indebtedness_commission",
                "judge",
                "borrower",
                name="decided_by",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reference", sa.String(length=100), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=4000), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_loan_decisions_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "loan_id"], ["loans.tenant_id", "loans.id"], name=op.f("fk_loan_decisions_tenant_id_loan_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "session_id"],
            ["committee_sessions.tenant_id", "committee_sessions.id"],
            name=op.f("fk_loan_decisions_tenant_id_session_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_loan_decisions_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_loan_decisions")),
    )
    op.create_index("ix_loan_decisions_loan", "loan_decisions", ["tenant_id", "loan_id"], unique=False)


def _create_positions() -> None:
    op.create_table(
        "positions",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.String(length=100), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_positions_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_positions_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_positions")),
    )
    op.create_index("ix_positions_position_on", "positions", ["tenant_id", "position_on"], unique=False)


def _widen_schedules() -> None:
    op.add_column("schedule_rows", sa.Column("ref", sa.Integer(), nullable=True))
    op.add_column(
        "schedules",
        sa.Column(
            "kind",
            sa.Enum(
                "contract",
                "deferral",
                "reschedule",
                "early_repayment",
                "withdrawal",
                "undrawn",
                "plan",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
            server_default="contract",
        ),
    )
    op.add_column("schedules", sa.Column("rate_percent", sa.Numeric(precision=9, scale=6), nullable=True))
    op.add_column("schedules", sa.Column("starts_on", sa.Date(), nullable=True))
    op.add_column("schedules", sa.Column("anchor_day", sa.Integer(), nullable=True))
    op.add_column(
        "schedules",
        sa.Column("past_anchors", postgresql.JSONB(astext_type=sa.Text()), nullable=False, server_default="[]"),
    )
    op.add_column(
        "schedules", sa.Column("pauses", postgresql.JSONB(astext_type=sa.Text()), nullable=False, server_default="[]")
    )
    op.add_column(
        "schedules",
        sa.Column("prepayments", postgresql.JSONB(astext_type=sa.Text()), nullable=False, server_default="[]"),
    )
    op.execute("UPDATE schedule_rows SET ref = number")
    op.execute(
        "UPDATE schedules s SET rate_percent = l.rate_percent FROM loans l"
        " WHERE l.tenant_id = s.tenant_id AND l.id = s.loan_id"
    )
    op.alter_column("schedule_rows", "ref", nullable=False)
    op.alter_column("schedules", "rate_percent", nullable=False)
    for name in ("kind", "past_anchors", "pauses", "prepayments"):
        op.alter_column("schedules", name, server_default=None)
    op.create_unique_constraint(
        op.f("uq_schedule_rows_tenant_id_schedule_id_ref"), "schedule_rows", ["tenant_id", "schedule_id", "ref"]
    )
    op.create_check_constraint(
        op.f("ck_schedules_start_is_anchored"), "schedules", "starts_on IS NULL OR anchor_day IS NOT NULL"
    )
    _sign_rows("principal_cents >= 0 AND interest_cents >= 0 AND balance_cents >= 0 AND total_cents > 0")


def _sign_rows(signs: str) -> None:
    op.drop_constraint(op.f("ck_schedule_rows_signs"), "schedule_rows", type_="check")
    op.create_check_constraint(op.f("ck_schedule_rows_signs"), "schedule_rows", signs)


def _create_schedule_activations() -> None:
    op.create_table(
        "schedule_activations",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("schedule_id", sa.Uuid(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=True),
        sa.Column("supersedes_id", sa.Uuid(), nullable=True),
        sa.Column("decision_id", sa.Uuid(), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(supersedes_id IS NULL) = (effective_on IS NULL)",
            name=op.f("ck_schedule_activations_dated_but_for_the_first"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "decision_id"],
            ["loan_decisions.tenant_id", "loan_decisions.id"],
            name=op.f("fk_schedule_activations_tenant_id_decision_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "loan_id"],
            ["loans.tenant_id", "loans.id"],
            name=op.f("fk_schedule_activations_tenant_id_loan_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "schedule_id"],
            ["schedules.tenant_id", "schedules.id"],
            name=op.f("fk_schedule_activations_tenant_id_schedule_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "supersedes_id"],
            ["schedule_activations.tenant_id", "schedule_activations.id"],
            name=op.f("fk_schedule_activations_tenant_id_supersedes_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_schedule_activations_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_schedule_activations")),
        sa.UniqueConstraint(
            "tenant_id",
            "loan_id",
            "supersedes_id",
            name=op.f("uq_schedule_activations_tenant_id_loan_id_supersedes_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.execute(
        "INSERT INTO schedule_activations (tenant_id, id, loan_id, schedule_id, entered_at)"
        " SELECT tenant_id, gen_random_uuid(), loan_id, id, entered_at FROM schedules WHERE version = 1"
    )


def _widen_ledger_entries() -> None:
    op.add_column(
        "ledger_entries",
        sa.Column(
            "payer",
            sa.Enum(
                "borrower",
                "co_borrower",
                "ccas",
                "guarantor",
                "estate",
                "supplier",
                "other",
                name="payer",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
    )
    op.add_column("ledger_entries", sa.Column("instalment_ref", sa.Integer(), nullable=True))
    op.add_column("ledger_entries", sa.Column("cash_officer", sa.String(length=200), nullable=True))
    op.add_column("ledger_entries", sa.Column("decision_id", sa.Uuid(), nullable=True))
    op.add_column("ledger_entries", sa.Column("off_books_cents", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_foreign_key(
        op.f("fk_ledger_entries_tenant_id_decision_id"),
        "ledger_entries",
        "loan_decisions",
        ["tenant_id", "decision_id"],
        ["tenant_id", "id"],
    )
    op.drop_index(op.f("uq_ledger_entries_one_disbursement"), table_name="ledger_entries")
    _recode("ledger_entries", "kind", KINDS)
    for name, condition in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_ledger_entries_{name}"), "ledger_entries", condition)


def _create_ledger_lines() -> None:
    op.create_table(
        "ledger_lines",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column(
            "account",
            sa.Enum(
                "loans",
                "cash",
                "interest",
                "credits",
                "support",
                "non_valeur",
                "extinguished",
                "remission",
                "recoveries",
                "off_books",
                "off_books_contra",
                name="account",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("effect_on", sa.Date(), nullable=False),
        sa.CheckConstraint("amount_cents <> 0", name=op.f("ck_ledger_lines_moves")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "entry_id"],
            ["ledger_entries.tenant_id", "ledger_entries.id"],
            name=op.f("fk_ledger_lines_tenant_id_entry_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "loan_id"], ["loans.tenant_id", "loans.id"], name=op.f("fk_ledger_lines_tenant_id_loan_id")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_ledger_lines_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_ledger_lines")),
        sa.UniqueConstraint(
            "tenant_id",
            "entry_id",
            "account",
            "effect_on",
            name=op.f("uq_ledger_lines_tenant_id_entry_id_account_effect_on"),
        ),
    )
    op.create_index("ix_ledger_lines_loan", "ledger_lines", ["tenant_id", "loan_id"], unique=False)


def _post_what_was_entered() -> None:
    """The lines of what was entered in single entry, in the order of entry: what was paid met the oldest instalment."""
    post = sa.text(
        "INSERT INTO ledger_lines (tenant_id, id, entry_id, loan_id, account, amount_cents, effect_on)"
        " VALUES (:tenant_id, gen_random_uuid(), :entry_id, :loan_id, :account, :amount_cents, :effect_on)"
    )
    connection = op.get_bind()
    entries = connection.execute(
        sa.text("SELECT tenant_id, id, loan_id, kind, amount_cents, effect_on FROM ledger_entries ORDER BY loan_id, id")
    ).all()
    rows: dict[object, list[tuple[int, int]]] = {}
    told = sa.text(
        "SELECT s.loan_id, r.principal_cents, r.borrower_cents - r.principal_cents FROM schedule_rows r JOIN schedules s"
        " ON s.tenant_id = r.tenant_id AND s.id = r.schedule_id ORDER BY s.loan_id, r.number"
    )
    for loan_id, principal, interest in connection.execute(told):
        rows.setdefault(loan_id, []).append((principal, interest))
    known: dict[object, list[tuple[str, int, object]]] = {}
    posted: dict[tuple[object, object, str], int] = {}
    for tenant_id, entry_id, loan_id, kind, amount_cents, effect_on in entries:
        known.setdefault(loan_id, []).append((kind, amount_cents, effect_on))
        for (day, account), cents in _moves(known[loan_id], rows[loan_id]).items():
            missing = cents - posted.get((loan_id, day, account), 0)
            if missing:
                posted[loan_id, day, account] = cents
                values = {"tenant_id": tenant_id, "entry_id": entry_id, "loan_id": loan_id, "account": account}
                connection.execute(post, {**values, "amount_cents": missing, "effect_on": day})


def _moves(known: list, rows: list[tuple[int, int]]) -> dict[tuple[object, str], int]:
    """What each account moves by on each day: disbursements, repayments less those taken back, oldest row first."""
    found: dict[tuple[object, str], int] = {}
    before: dict[str, int] = {}
    for day in sorted({effect_on for _, _, effect_on in known}):
        out = sum(cents for kind, cents, on in known if kind == "disbursement" and on <= day)
        back = sum(cents for kind, cents, on in known if kind == "repayment" and on <= day)
        back -= sum(cents for kind, cents, on in known if kind == "reversal" and on <= day)
        left, principal, interest = (back if out else 0), 0, 0
        for row_principal, row_interest in rows:
            part = min(left, row_interest)
            interest, left = interest + part, left - part
            part = min(left, row_principal)
            principal, left = principal + part, left - part
        credit = back - principal - interest
        after = {"loans": out - principal, "cash": back - out, "interest": -interest, "credits": -credit}
        found |= {(day, account): cents - before.get(account, 0) for account, cents in after.items()}
        before = after
    return found


def _hold() -> None:
    """What the database itself refuses: an entry whose lines do not sum to 0 at commit, and a change of history."""
    op.execute(BALANCED)
    for table in ("ledger_entries", "ledger_lines"):
        op.execute(
            f"CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION refuse_unbalanced_entry()"
        )
    op.execute(CHANGED)
    for table in APPENDED:
        op.execute(
            f"CREATE TRIGGER appended BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    """Back to the revision before: what single entry cannot tell is lost."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in APPENDED:
        op.execute(f"DROP TRIGGER appended ON {table}")
    for table in ("ledger_entries", "ledger_lines"):
        op.execute(f"DROP TRIGGER balanced ON {table}")
    op.execute("DROP FUNCTION refuse_change, refuse_unbalanced_entry")
    for table in (*FILLED, "loan_transitions"):
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    _narrow()
    for table in (*FILLED, "loan_transitions"):
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def _narrow() -> None:
    for table in ("ledger_lines", "schedule_activations"):
        op.drop_table(table)
    _drop_others("loan_transitions", "action", ACTIONS_BEFORE)
    op.execute(
        "DELETE FROM ledger_entries r USING ledger_entries e WHERE r.reverses_id = e.id AND e.kind <> 'repayment'"
    )
    _drop_others("ledger_entries", "kind", KINDS_BEFORE)
    op.execute("DELETE FROM schedule_rows r USING schedules s WHERE s.id = r.schedule_id AND s.version > 1")
    op.execute("DELETE FROM schedules WHERE version > 1")
    for name in CHECKS:
        op.drop_constraint(op.f(f"ck_ledger_entries_{name}"), "ledger_entries", type_="check")
    for name in ("off_books_cents", "decision_id", "cash_officer", "instalment_ref", "payer"):
        op.drop_column("ledger_entries", name)
    op.create_index(
        op.f("uq_ledger_entries_one_disbursement"),
        "ledger_entries",
        ["tenant_id", "loan_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'disbursement'"),
    )
    _recode("ledger_entries", "kind", KINDS_BEFORE)
    _recode("loan_transitions", "action", ACTIONS_BEFORE)
    op.drop_constraint(op.f("uq_schedule_rows_tenant_id_schedule_id_ref"), "schedule_rows", type_="unique")
    op.drop_column("schedule_rows", "ref")
    _sign_rows("principal_cents > 0 AND interest_cents >= 0 AND balance_cents >= 0")
    for name in ("prepayments", "pauses", "past_anchors", "anchor_day", "starts_on", "rate_percent", "kind"):
        op.drop_column("schedules", name)
    for table in ("loan_decisions", "positions"):
        op.drop_table(table)


def _drop_others(table: str, column: str, values: tuple[str, ...]) -> None:
    kept = sa.column(column).in_(values)
    op.execute(sa.delete(sa.table(table)).where(~kept))

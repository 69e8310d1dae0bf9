"""The commission: committees, their sessions, agendas, votes and minutes"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_NOTHING_ADDED = """
    CREATE FUNCTION refuse_addition_to_session() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      state text;
    BEGIN
      SELECT status INTO state FROM committee_sessions s
      WHERE s.tenant_id = NEW.tenant_id AND s.id = NEW.session_id FOR SHARE;
      IF state IN ('closed', 'cancelled') THEN
        RAISE EXCEPTION 'nothing is added to a session that is over'
          USING ERRCODE = 'check_violation', CONSTRAINT = 'committee_sessions_nothing_added';
      END IF;
      RETURN NEW;
    END $$
"""
_OVER = """
    CREATE FUNCTION refuse_session_change() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      changing CONSTANT text[] := ARRAY['version', 'status', 'convened_on', 'chaired_by', 'cancel_reason'];
    BEGIN
      IF OLD.status IN ('closed', 'cancelled') OR to_jsonb(NEW) - changing <> to_jsonb(OLD) - changing THEN
        RAISE EXCEPTION 'a session that is over never changes, nor does its day'
          USING ERRCODE = 'check_violation', CONSTRAINT = 'committee_sessions_over';
      END IF;
      RETURN NEW;
    END $$
"""
_FROZEN = """
    CREATE FUNCTION refuse_minutes_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'minutes never change'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'minutes_frozen';
    END $$
"""
_SETTLED = """
    CREATE FUNCTION refuse_item_change() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      ending CONSTANT text[] := ARRAY[
        'outcome', 'outcome_decision_id', 'outcome_months', 'outcome_reason', 'withdrawn_on', 'withdrawn_reason',
        'settled_by'
      ];
    BEGIN
      IF num_nonnulls(OLD.outcome, OLD.withdrawn_on) > 0 OR to_jsonb(NEW) - ending <> to_jsonb(OLD) - ending THEN
        RAISE EXCEPTION 'an item of an agenda never changes once it has its outcome'
          USING ERRCODE = 'check_violation', CONSTRAINT = 'agenda_items_settled';
      END IF;
      RETURN NEW;
    END $$
"""
_ENDED = """
    CREATE FUNCTION refuse_term_change() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      ending CONSTANT text[] := ARRAY['term_to', 'ended_by'];
    BEGIN
      IF OLD.ended_by IS NULL AND NEW.ended_by IS NOT NULL
        AND NEW.term_to <= coalesce(OLD.term_to, NEW.term_to)
        AND to_jsonb(NEW) - ending = to_jsonb(OLD) - ending THEN
        RETURN NEW;
      END IF;
      RAISE EXCEPTION 'a term of office never changes: it is ended, once'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'committee_members_only_ended';
    END $$
"""
FUNCTIONS = {
    "refuse_addition_to_session": _NOTHING_ADDED,
    "refuse_session_change": _OVER,
    "refuse_minutes_change": _FROZEN,
    "refuse_item_change": _SETTLED,
    "refuse_term_change": _ENDED,
}
TRIGGERS = (
    ("committee_members", "only_ended", "UPDATE", "refuse_term_change"),
    ("committee_sessions", "over_is_over", "UPDATE", "refuse_session_change"),
    ("agenda_items", "settled_is_settled", "UPDATE", "refuse_item_change"),
    ("minutes", "frozen", "UPDATE OR DELETE", "refuse_minutes_change"),
    *(
        (table, "nothing_added", "INSERT OR UPDATE", "refuse_addition_to_session")
        for table in ("session_attendances", "agenda_items", "recusals", "votes", "ballots")
    ),
)
RECORDS = ("committees", "committee_members", "committee_sessions", "agenda_items")
HISTORY = ("session_transitions", "session_attendances", "recusals", "votes", "ballots", "minutes")


def upgrade() -> None:
    """The commission: committees, their sessions, agendas, votes and minutes"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.add_column("rule_versions", sa.Column("commission", postgresql.JSONB(), nullable=True))
    _create_committees()
    _create_committee_members()
    _create_committee_sessions()
    _create_session_transitions()
    _create_session_attendances()
    _create_agenda_items()
    _create_recusals()
    _create_votes()
    _create_ballots()
    _create_minutes()
    for function in FUNCTIONS.values():
        op.execute(function)
    for table, name, events, called in TRIGGERS:
        op.execute(f"CREATE TRIGGER {name} BEFORE {events} ON {table} FOR EACH ROW EXECUTE FUNCTION {called}()")
    for table in RECORDS + HISTORY:
        op.isolate_tenants(table)
    op.scope_communes("agenda_items")
    op.execute(f"GRANT INSERT, SELECT, UPDATE ON {', '.join(RECORDS)} TO app")
    op.execute(f"GRANT INSERT, SELECT ON {', '.join(HISTORY)} TO app")


def _create_committees() -> None:
    op.create_table(
        "committees",
        *_own_columns(),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=True),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        *_own_keys("committees"),
        _within_tenant("committees", "account_id", "accounts"),
    )


def _create_committee_members() -> None:
    op.create_table(
        "committee_members",
        *_own_columns(),
        sa.Column("committee_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("member_account_id", sa.UUID(), nullable=True),
        sa.Column("capacity", sa.String(length=32), nullable=False),
        sa.Column("chair", sa.Boolean(), nullable=False),
        sa.Column("term_from", sa.Date(), nullable=False),
        sa.Column("term_to", sa.Date(), nullable=True),
        sa.Column("ended_by", sa.UUID(), nullable=True),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        _one_of("committee_members", "capacity", ("voting", "advisory")),
        sa.CheckConstraint("NOT chair OR capacity = 'voting'", name=op.f("ck_committee_members_chair_votes")),
        sa.CheckConstraint("ended_by IS NULL OR term_to IS NOT NULL", name=op.f("ck_committee_members_ended_on_a_day")),
        sa.CheckConstraint("term_to >= term_from", name=op.f("ck_committee_members_term_in_order")),
        *_own_keys("committee_members"),
        _within_tenant("committee_members", "account_id", "accounts"),
        _within_tenant("committee_members", "committee_id", "committees"),
        _within_tenant("committee_members", "ended_by", "accounts"),
        _within_tenant("committee_members", "member_account_id", "accounts"),
        postgresql.ExcludeConstraint(
            (sa.column("tenant_id"), "="),
            (sa.column("committee_id"), "="),
            (sa.text("daterange(term_from, term_to, '[]')"), "&&"),
            where=sa.text("chair"),
            using="gist",
            name="ex_committee_members_one_chair_a_day",
        ),
    )
    op.create_index("ix_committee_members_committee", "committee_members", ["tenant_id", "committee_id"], unique=False)


def _create_committee_sessions() -> None:
    op.create_table(
        "committee_sessions",
        *_own_columns(),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("committee_id", sa.UUID(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("convened_on", sa.Date(), nullable=True),
        sa.Column("chaired_by", sa.UUID(), nullable=True),
        sa.Column("cancel_reason", sa.String(length=4000), nullable=True),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        _one_of("committee_sessions", "status", ("planned", "convened", "open", "closed", "cancelled")),
        sa.CheckConstraint(
            "(status = 'cancelled') = (cancel_reason IS NOT NULL)",
            name=op.f("ck_committee_sessions_cancelled_for_a_reason"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('open', 'closed') OR chaired_by IS NOT NULL",
            name=op.f("ck_committee_sessions_chaired_by_somebody"),
        ),
        sa.CheckConstraint("convened_on <= held_on", name=op.f("ck_committee_sessions_convened_before_it_is_held")),
        *_own_keys("committee_sessions"),
        _within_tenant("committee_sessions", "account_id", "accounts"),
        _within_tenant("committee_sessions", "chaired_by", "committee_members"),
        _within_tenant("committee_sessions", "committee_id", "committees"),
    )
    op.create_index(
        "ix_committee_sessions_committee", "committee_sessions", ["tenant_id", "committee_id"], unique=False
    )


def _create_session_transitions() -> None:
    op.create_table(
        "session_transitions",
        *_own_columns(),
        sa.Column("session_id", sa.UUID(), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("from_status", sa.String(length=32), nullable=False),
        sa.Column("to_status", sa.String(length=32), nullable=False),
        sa.Column("effect_on", sa.Date(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        _one_of("session_transitions", "action", ("convene", "open", "close", "cancel")),
        _one_of("session_transitions", "from_status", ("planned", "convened", "open", "closed", "cancelled")),
        _one_of("session_transitions", "to_status", ("planned", "convened", "open", "closed", "cancelled")),
        *_own_keys("session_transitions"),
        _within_tenant("session_transitions", "account_id", "accounts"),
        _within_tenant("session_transitions", "session_id", "committee_sessions"),
    )
    op.create_index("ix_session_transitions_session", "session_transitions", ["tenant_id", "session_id"], unique=False)


def _create_session_attendances() -> None:
    op.create_table(
        "session_attendances",
        *_own_columns(),
        sa.Column("session_id", sa.UUID(), nullable=False),
        sa.Column("member_id", sa.UUID(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        _one_of("session_attendances", "status", ("present", "excused", "absent")),
        *_own_keys("session_attendances"),
        _within_tenant("session_attendances", "account_id", "accounts"),
        _within_tenant("session_attendances", "member_id", "committee_members"),
        _within_tenant("session_attendances", "session_id", "committee_sessions"),
    )
    op.create_index("ix_session_attendances_member", "session_attendances", ["tenant_id", "member_id"], unique=False)
    op.create_index("ix_session_attendances_session", "session_attendances", ["tenant_id", "session_id"], unique=False)


def _create_agenda_items() -> None:
    op.create_table(
        "agenda_items",
        *_own_columns(),
        sa.Column("session_id", sa.UUID(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("request_id", sa.UUID(), nullable=False),
        sa.Column("decision_id", sa.UUID(), nullable=True),
        sa.Column("loan_id", sa.UUID(), nullable=True),
        sa.Column("review_reason", sa.String(length=32), nullable=True),
        sa.Column("outcome", sa.String(length=32), nullable=True),
        sa.Column("outcome_decision_id", sa.UUID(), nullable=True),
        sa.Column("outcome_months", sa.SmallInteger(), nullable=True),
        sa.Column("outcome_reason", sa.String(length=4000), nullable=True),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("withdrawn_reason", sa.String(length=4000), nullable=True),
        sa.Column("settled_by", sa.UUID(), nullable=True),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        _one_of("agenda_items", "kind", ("request", "ratification", "loan_review")),
        _one_of("agenda_items", "review_reason", ("deferral", "support", "litigation", "revision")),
        _one_of(
            "agenda_items",
            "outcome",
            ("decided", "ratified", "not_ratified", "noted", "agreed", "refused", "adjourned"),
        ),
        sa.CheckConstraint(
            "(kind = 'ratification') = (decision_id IS NOT NULL)", name=op.f("ck_agenda_items_ratifies_a_decision")
        ),
        sa.CheckConstraint(
            "(outcome_decision_id IS NOT NULL) = (outcome IS NOT NULL AND outcome = 'decided')",
            name=op.f("ck_agenda_items_decided_by"),
        ),
        sa.CheckConstraint(
            "(outcome_reason IS NOT NULL) = (outcome IS NOT NULL AND kind = 'loan_review')",
            name=op.f("ck_agenda_items_review_has_reason"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(loan_id, review_reason) = CASE kind WHEN 'loan_review' THEN 2 ELSE 0 END",
            name=op.f("ck_agenda_items_reviews_a_loan"),
        ),
        sa.CheckConstraint(
            "outcome IS NULL OR outcome IN ('decided') AND kind = 'request' OR outcome IN ('ratified', 'not_ratified', 'noted') AND kind = 'ratification' OR outcome IN ('agreed', 'refused', 'adjourned') AND kind = 'loan_review'",
            name=op.f("ck_agenda_items_outcome_of_its_kind"),
        ),
        sa.CheckConstraint(
            "outcome_months IS NULL OR kind = 'loan_review' AND outcome_months > 0",
            name=op.f("ck_agenda_items_months_of_loan"),
        ),
        sa.CheckConstraint(
            "(settled_by IS NOT NULL) = (withdrawn_on IS NOT NULL OR outcome IS NOT NULL AND kind = 'loan_review')",
            name=op.f("ck_agenda_items_settled_by_someone"),
        ),
        sa.CheckConstraint("num_nonnulls(outcome, withdrawn_on) <= 1", name=op.f("ck_agenda_items_one_end")),
        sa.CheckConstraint(
            "num_nonnulls(withdrawn_on, withdrawn_reason) IN (0, 2)",
            name=op.f("ck_agenda_items_withdrawn_for_a_reason"),
        ),
        sa.CheckConstraint("position > 0", name=op.f("ck_agenda_items_position_positive")),
        *_own_keys("agenda_items"),
        _within_tenant("agenda_items", "account_id", "accounts"),
        _within_tenant("agenda_items", "decision_id", "decisions"),
        _within_tenant("agenda_items", "loan_id", "loans"),
        _within_tenant("agenda_items", "outcome_decision_id", "decisions"),
        _within_tenant("agenda_items", "request_id", "requests"),
        _within_tenant("agenda_items", "session_id", "committee_sessions"),
        _within_tenant("agenda_items", "settled_by", "accounts"),
        sa.UniqueConstraint("tenant_id", "session_id", "id", name=op.f("uq_agenda_items_tenant_id_session_id_id")),
        sa.UniqueConstraint(
            "tenant_id", "session_id", "position", name=op.f("uq_agenda_items_tenant_id_session_id_position")
        ),
    )
    op.create_index("ix_agenda_items_request", "agenda_items", ["tenant_id", "request_id"], unique=False)
    op.create_index(
        "uq_agenda_items_one_open_loan_review",
        "agenda_items",
        ["tenant_id", "loan_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'loan_review' AND withdrawn_on IS NULL AND outcome IS NULL"),
    )
    op.create_index(
        "uq_agenda_items_one_open_ratification",
        "agenda_items",
        ["tenant_id", "decision_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'ratification' AND withdrawn_on IS NULL AND outcome IS NULL"),
    )
    op.create_index(
        "uq_agenda_items_one_open_request",
        "agenda_items",
        ["tenant_id", "request_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'request' AND withdrawn_on IS NULL AND outcome IS NULL"),
    )


def _create_recusals() -> None:
    op.create_table(
        "recusals",
        *_own_columns(),
        sa.Column("session_id", sa.UUID(), nullable=False),
        sa.Column("agenda_item_id", sa.UUID(), nullable=False),
        sa.Column("member_id", sa.UUID(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        *_own_keys("recusals"),
        _within_tenant("recusals", "account_id", "accounts"),
        _within_tenant("recusals", "member_id", "committee_members"),
        _within_session("recusals", "agenda_item_id", "agenda_items"),
        _within_tenant("recusals", "session_id", "committee_sessions"),
        sa.UniqueConstraint(
            "tenant_id", "agenda_item_id", "member_id", name=op.f("uq_recusals_tenant_id_agenda_item_id_member_id")
        ),
    )
    op.create_index("ix_recusals_session", "recusals", ["tenant_id", "session_id"], unique=False)


def _create_votes() -> None:
    op.create_table(
        "votes",
        *_own_columns(),
        sa.Column("session_id", sa.UUID(), nullable=False),
        sa.Column("agenda_item_id", sa.UUID(), nullable=False),
        sa.Column("in_favour", sa.Integer(), nullable=False),
        sa.Column("against", sa.Integer(), nullable=False),
        sa.Column("abstentions", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("in_favour >= 0 AND against >= 0 AND abstentions >= 0", name=op.f("ck_votes_not_negative")),
        *_own_keys("votes"),
        _within_tenant("votes", "account_id", "accounts"),
        _within_session("votes", "agenda_item_id", "agenda_items"),
        _within_tenant("votes", "session_id", "committee_sessions"),
        sa.UniqueConstraint("tenant_id", "session_id", "id", name=op.f("uq_votes_tenant_id_session_id_id")),
    )
    op.create_index("ix_votes_item", "votes", ["tenant_id", "agenda_item_id"], unique=False)


def _create_ballots() -> None:
    op.create_table(
        "ballots",
        *_own_columns(),
        sa.Column("session_id", sa.UUID(), nullable=False),
        sa.Column("vote_id", sa.UUID(), nullable=False),
        sa.Column("member_id", sa.UUID(), nullable=False),
        sa.Column("vote", sa.String(length=32), nullable=False),
        _one_of("ballots", "vote", ("in_favour", "against", "abstention")),
        *_own_keys("ballots"),
        _within_tenant("ballots", "member_id", "committee_members"),
        _within_session("ballots", "vote_id", "votes"),
        _within_tenant("ballots", "session_id", "committee_sessions"),
        sa.UniqueConstraint("tenant_id", "vote_id", "member_id", name=op.f("uq_ballots_tenant_id_vote_id_member_id")),
    )


def _create_minutes() -> None:
    op.create_table(
        "minutes",
        *_own_columns(),
        sa.Column("session_id", sa.UUID(), nullable=False),
        sa.Column("committee_id", sa.UUID(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_minutes_number_positive")),
        *_own_keys("minutes"),
        _within_tenant("minutes", "account_id", "accounts"),
        _within_tenant("minutes", "committee_id", "committees"),
        _within_tenant("minutes", "session_id", "committee_sessions"),
        sa.UniqueConstraint(
            "tenant_id", "committee_id", "year", "number", name=op.f("uq_minutes_tenant_id_committee_id_year_number")
        ),
        sa.UniqueConstraint("tenant_id", "session_id", name=op.f("uq_minutes_tenant_id_session_id")),
    )


def _own_columns() -> list[sa.Column[object]]:
    return [sa.Column("tenant_id", sa.UUID(), nullable=False), sa.Column("id", sa.UUID(), nullable=False)]


def _own_keys(table: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{table}")),
    ]


def _one_of(table: str, column: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    known = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({known})", name=op.f(f"ck_{table}_{column}"))


def _within_tenant(table: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column], [f"{parent}.tenant_id", f"{parent}.id"], name=op.f(f"fk_{table}_tenant_id_{column}")
    )


def _within_session(table: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", "session_id", column],
        [f"{parent}.tenant_id", f"{parent}.session_id", f"{parent}.id"],
        name=op.f(f"fk_{table}_tenant_id_session_id_{column}"),
    )


def downgrade() -> None:
    """Back to the revision before"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in (
        "minutes",
        "ballots",
        "votes",
        "recusals",
        "agenda_items",
        "session_attendances",
        "session_transitions",
        "committee_sessions",
        "committee_members",
        "committees",
    ):
        op.drop_table(table)
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}()")
    op.drop_column("rule_versions", "commission")

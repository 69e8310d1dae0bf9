"""Sessions of committees, who sat, and their minutes.

Nothing of a session that is over changes, and nothing is added to it: the database holds it.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import DDL, CheckConstraint, Index, SmallInteger, UniqueConstraint, event
from sqlmodel import Field, SQLModel

from app.domain.committees import SessionAttendanceStatus
from app.domain.session_lifecycle import SessionAction, SessionStatus
from app.tables.base import HISTORY, RECORD, entered_at, value_enum
from app.tenancy import TenantTable, within_tenant


class CommitteeSession(TenantTable, table=True):
    """A session (séance). `chaired_by` is the member who chairs it, known from its opening on."""

    __tablename__ = "committee_sessions"
    __table_args__ = (
        within_tenant("committee_id", "committees"),
        within_tenant("chaired_by", "committee_members"),
        within_tenant("account_id", "accounts"),
        CheckConstraint("convened_on <= held_on", name="convened_before_it_is_held"),
        CheckConstraint("status NOT IN ('open', 'closed') OR chaired_by IS NOT NULL", name="chaired_by_somebody"),
        CheckConstraint("(status = 'cancelled') = (cancel_reason IS NOT NULL)", name="cancelled_for_a_reason"),
        Index("ix_committee_sessions_committee", "tenant_id", "committee_id"),
        RECORD,
    )

    version: int = 1
    committee_id: UUID
    held_on: date
    place: str | None = Field(max_length=200)
    status: SessionStatus = Field(sa_type=value_enum(SessionStatus, "status"))
    convened_on: date | None = None
    chaired_by: UUID | None = None
    cancel_reason: str | None = Field(default=None, max_length=4000)
    account_id: UUID
    entered_at: datetime = entered_at()


class SessionTransition(TenantTable, table=True):
    """One step of a session: what was done, by whom, with effect on which day, entered when."""

    __tablename__ = "session_transitions"
    __table_args__ = (
        within_tenant("session_id", "committee_sessions"),
        within_tenant("account_id", "accounts"),
        Index("ix_session_transitions_session", "tenant_id", "session_id"),
        HISTORY,
    )

    session_id: UUID
    account_id: UUID
    action: SessionAction = Field(sa_type=value_enum(SessionAction, "action"))
    from_status: SessionStatus = Field(sa_type=value_enum(SessionStatus, "from_status"))
    to_status: SessionStatus = Field(sa_type=value_enum(SessionStatus, "to_status"))
    effect_on: date
    entered_at: datetime = entered_at()


class SessionAttendance(TenantTable, table=True):
    """What is known of one member at one session. Never changed: the last entry counts."""

    __tablename__ = "session_attendances"
    __table_args__ = (
        within_tenant("session_id", "committee_sessions"),
        within_tenant("member_id", "committee_members"),
        within_tenant("account_id", "accounts"),
        Index("ix_session_attendances_session", "tenant_id", "session_id"),
        Index("ix_session_attendances_member", "tenant_id", "member_id"),
        HISTORY,
    )

    session_id: UUID
    member_id: UUID
    status: SessionAttendanceStatus = Field(sa_type=value_enum(SessionAttendanceStatus, "status"))
    account_id: UUID
    entered_at: datetime = entered_at()


class Minutes(TenantTable, table=True):
    """The minutes (procès-verbal): one exact text, its SHA-256, its number in the committee's year. Never changed."""

    __tablename__ = "minutes"
    __table_args__ = (
        within_tenant("session_id", "committee_sessions"),
        within_tenant("committee_id", "committees"),
        within_tenant("account_id", "accounts"),
        UniqueConstraint("tenant_id", "session_id"),
        UniqueConstraint("tenant_id", "committee_id", "year", "number"),
        CheckConstraint("number > 0", name="number_positive"),
        HISTORY,
    )

    session_id: UUID
    committee_id: UUID
    year: int = Field(sa_type=SmallInteger)
    number: int
    closed_on: date
    content: str
    sha256: str = Field(max_length=64)
    account_id: UUID
    entered_at: datetime = entered_at()


# FOR SHARE: what is being added waits for a closing that has begun, and then finds the session over.
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
for _function in (_NOTHING_ADDED, _OVER, _FROZEN):
    event.listen(SQLModel.metadata.tables["committee_sessions"], "after_create", DDL(_function))  # type: ignore[no-untyped-call]
_TRIGGERS = (
    ("committee_sessions", "over_is_over", "UPDATE", "refuse_session_change"),
    ("minutes", "frozen", "UPDATE OR DELETE", "refuse_minutes_change"),
    *(
        (table, "nothing_added", "INSERT OR UPDATE", "refuse_addition_to_session")
        for table in ("session_attendances", "agenda_items", "recusals", "votes", "ballots")
    ),
)
for _table, _name, _events, _called in _TRIGGERS:
    _trigger = f"CREATE TRIGGER {_name} BEFORE {_events} ON {_table} FOR EACH ROW EXECUTE FUNCTION {_called}()"
    event.listen(SQLModel.metadata, "after_create", DDL(_trigger))  # type: ignore[no-untyped-call]

"""Committees (commissions permanentes) and the terms of office of their members."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import DDL, CheckConstraint, Index, event, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field, SQLModel

from app.domain.committees import MemberCapacity
from app.tables.base import RECORD, entered_at, value_enum
from app.tenancy import TenantTable, within_tenant


class Committee(TenantTable, table=True):
    """A body that decides; `reference` is the deliberation that set it up, null where it is not stated."""

    __tablename__ = "committees"
    __table_args__ = (within_tenant("account_id", "accounts"), RECORD)

    version: int = 1
    name: str = Field(max_length=200)
    reference: str | None = Field(max_length=200)
    account_id: UUID
    entered_at: datetime = entered_at()


class CommitteeMember(TenantTable, table=True):
    """One term of office: both days included, null is open. `member_account_id` is theirs, where they sign in.

    Ending a term writes its last day, once; nobody else chairs on a day of a chair's term.
    """

    __tablename__ = "committee_members"
    __table_args__ = (
        within_tenant("committee_id", "committees"),
        within_tenant("member_account_id", "accounts"),
        within_tenant("account_id", "accounts"),
        within_tenant("ended_by", "accounts"),
        CheckConstraint("term_to >= term_from", name="term_in_order"),
        CheckConstraint("NOT chair OR capacity = 'voting'", name="chair_votes"),
        CheckConstraint("ended_by IS NULL OR term_to IS NOT NULL", name="ended_on_a_day"),
        ExcludeConstraint(
            ("tenant_id", "="),
            ("committee_id", "="),
            (text("daterange(term_from, term_to, '[]')"), "&&"),
            using="gist",
            where=text("chair"),
            name="ex_committee_members_one_chair_a_day",
        ),
        Index("ix_committee_members_committee", "tenant_id", "committee_id"),
        RECORD,
    )

    committee_id: UUID
    name: str = Field(max_length=200)
    member_account_id: UUID | None
    capacity: MemberCapacity = Field(sa_type=value_enum(MemberCapacity, "capacity"))
    chair: bool
    term_from: date
    term_to: date | None
    ended_by: UUID | None = None
    account_id: UUID
    entered_at: datetime = entered_at()


_NEVER_CHANGED = """
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
for _statement in (
    _NEVER_CHANGED,
    """
    CREATE TRIGGER only_ended BEFORE UPDATE ON committee_members
    FOR EACH ROW EXECUTE FUNCTION refuse_term_change()
    """,
):
    event.listen(SQLModel.metadata.tables["committee_members"], "after_create", DDL(_statement))  # type: ignore[no-untyped-call]

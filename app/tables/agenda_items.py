"""Agendas (ordres du jour) of sessions, how each item ended, and who left for it."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import DDL, CheckConstraint, ForeignKeyConstraint, Index, SmallInteger, UniqueConstraint, event, text
from sqlmodel import Field, SQLModel

from app.domain.committees import ItemKind, ItemOutcome, ReviewReason
from app.tables.base import HISTORY, RECORD, entered_at, value_enum
from app.tenancy import TenantTable, within_tenant

_OPEN_ITEM = "withdrawn_on IS NULL AND outcome IS NULL"


class AgendaItem(TenantTable, table=True):
    """One thing to look at in a session: a file, or what was decided or lent on it before.

    It stands on one agenda at a time, until it has its outcome or is withdrawn, and then never changes.
    """

    __tablename__ = "agenda_items"
    __table_args__ = (
        within_tenant("session_id", "committee_sessions"),
        within_tenant("request_id", "requests"),
        within_tenant("decision_id", "decisions"),
        within_tenant("loan_id", "loans"),
        within_tenant("account_id", "accounts"),
        within_tenant("outcome_decision_id", "decisions"),
        within_tenant("settled_by", "accounts"),
        UniqueConstraint("tenant_id", "session_id", "id"),
        UniqueConstraint("tenant_id", "session_id", "position"),
        CheckConstraint("position > 0", name="position_positive"),
        CheckConstraint("(kind = 'ratification') = (decision_id IS NOT NULL)", name="ratifies_a_decision"),
        CheckConstraint(
            "num_nonnulls(loan_id, review_reason) = CASE kind WHEN 'loan_review' THEN 2 ELSE 0 END",
            name="reviews_a_loan",
        ),
        CheckConstraint(
            "outcome IS NULL OR outcome IN ('decided') AND kind = 'request'"
            " OR outcome IN ('ratified', 'not_ratified', 'noted') AND kind = 'ratification'"
            " OR outcome IN ('agreed', 'refused', 'adjourned') AND kind = 'loan_review'",
            name="outcome_of_its_kind",
        ),
        CheckConstraint(
            "(outcome_decision_id IS NOT NULL) = (outcome IS NOT NULL AND outcome = 'decided')", name="decided_by"
        ),
        CheckConstraint("outcome_months IS NULL OR kind = 'loan_review' AND outcome_months > 0", name="months_of_loan"),
        CheckConstraint(
            "(outcome_reason IS NOT NULL) = (outcome IS NOT NULL AND kind = 'loan_review')", name="review_has_reason"
        ),
        CheckConstraint("num_nonnulls(withdrawn_on, withdrawn_reason) IN (0, 2)", name="withdrawn_for_a_reason"),
        CheckConstraint("num_nonnulls(outcome, withdrawn_on) <= 1", name="one_end"),
        CheckConstraint(
            "(settled_by IS NOT NULL) = (withdrawn_on IS NOT NULL OR outcome IS NOT NULL AND kind = 'loan_review')",
            name="settled_by_someone",
        ),
        *(
            Index(
                f"uq_agenda_items_one_open_{kind}",
                "tenant_id",
                column,
                unique=True,
                postgresql_where=text(f"kind = '{kind}' AND {_OPEN_ITEM}"),
            )
            for kind, column in (
                ("request", "request_id"),
                ("ratification", "decision_id"),
                ("loan_review", "loan_id"),
            )
        ),
        Index("ix_agenda_items_request", "tenant_id", "request_id"),
        RECORD,
    )

    session_id: UUID
    position: int
    kind: ItemKind = Field(sa_type=value_enum(ItemKind, "kind"))
    request_id: UUID
    decision_id: UUID | None = None
    loan_id: UUID | None = None
    review_reason: ReviewReason | None = Field(default=None, sa_type=value_enum(ReviewReason, "review_reason"))
    outcome: ItemOutcome | None = Field(default=None, sa_type=value_enum(ItemOutcome, "outcome"))
    outcome_decision_id: UUID | None = None
    outcome_months: int | None = Field(default=None, sa_type=SmallInteger)
    outcome_reason: str | None = Field(default=None, max_length=4000)
    withdrawn_on: date | None = None
    withdrawn_reason: str | None = Field(default=None, max_length=4000)
    settled_by: UUID | None = None
    account_id: UUID
    entered_at: datetime = entered_at()


def of_item() -> ForeignKeyConstraint:
    """The item is of the session that the row names."""
    return ForeignKeyConstraint(
        ["tenant_id", "session_id", "agenda_item_id"],
        ["agenda_items.tenant_id", "agenda_items.session_id", "agenda_items.id"],
    )


class Recusal(TenantTable, table=True):
    """A member leaves for one file (déport): neither a voice nor a vote, and not counted in its quorum."""

    __tablename__ = "recusals"
    __table_args__ = (
        within_tenant("session_id", "committee_sessions"),
        of_item(),
        within_tenant("member_id", "committee_members"),
        within_tenant("account_id", "accounts"),
        UniqueConstraint("tenant_id", "agenda_item_id", "member_id"),
        Index("ix_recusals_session", "tenant_id", "session_id"),
        HISTORY,
    )

    session_id: UUID
    agenda_item_id: UUID
    member_id: UUID
    reason: str = Field(max_length=200)
    account_id: UUID
    entered_at: datetime = entered_at()


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
for _statement in (
    _SETTLED,
    """
    CREATE TRIGGER settled_is_settled BEFORE UPDATE ON agenda_items
    FOR EACH ROW EXECUTE FUNCTION refuse_item_change()
    """,
):
    event.listen(SQLModel.metadata.tables["agenda_items"], "after_create", DDL(_statement))  # type: ignore[no-untyped-call]

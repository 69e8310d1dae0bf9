"""Votes on the items of an agenda, kept where the rules ask for them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field

from app.domain.committees import Vote
from app.tables.agenda_items import of_item
from app.tables.base import HISTORY, entered_at, value_enum
from app.tenancy import TenantTable, within_tenant


class ItemVote(TenantTable, table=True):
    """The votes on one item, in figures. Never changed: the last entry counts."""

    __tablename__ = "votes"
    __table_args__ = (
        within_tenant("session_id", "committee_sessions"),
        of_item(),
        within_tenant("account_id", "accounts"),
        UniqueConstraint("tenant_id", "session_id", "id"),
        CheckConstraint("in_favour >= 0 AND against >= 0 AND abstentions >= 0", name="not_negative"),
        Index("ix_votes_item", "tenant_id", "agenda_item_id"),
        HISTORY,
    )

    session_id: UUID
    agenda_item_id: UUID
    in_favour: int
    against: int
    abstentions: int
    account_id: UUID
    entered_at: datetime = entered_at()


class Ballot(TenantTable, table=True):
    """What one member voted, where the rules ask for names."""

    __tablename__ = "ballots"
    __table_args__ = (
        within_tenant("session_id", "committee_sessions"),
        ForeignKeyConstraint(
            ["tenant_id", "session_id", "vote_id"], ["votes.tenant_id", "votes.session_id", "votes.id"]
        ),
        within_tenant("member_id", "committee_members"),
        UniqueConstraint("tenant_id", "vote_id", "member_id"),
        HISTORY,
    )

    session_id: UUID
    vote_id: UUID
    member_id: UUID
    vote: Vote = Field(sa_type=value_enum(Vote, "vote"))

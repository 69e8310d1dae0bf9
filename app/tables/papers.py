"""The papers of a file (pièces justificatives)."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from app.domain.papers import PaperParty, PaperStatus, SeenKind
from app.tables.base import RECORD, entered_at, value_enum
from app.tenancy import TenantTable, within_tenant


class Paper(TenantTable, table=True):
    """A paper that a person was asked for: by whom and when it was seen, or why it is no longer needed.

    A null `party` is the household. A paper that was waived and came all the same tells both.
    """

    __tablename__ = "papers"
    __table_args__ = (
        within_tenant("request_id", "requests"),
        within_tenant("asked_by", "accounts"),
        within_tenant("seen_by", "accounts"),
        within_tenant("waived_by", "accounts"),
        CheckConstraint("due_on >= asked_on", name="due_after_asked"),
        CheckConstraint("num_nonnulls(seen_on, seen_kind, seen_by) IN (0, 3)", name="seen_whole"),
        CheckConstraint("num_nonnulls(waived_on, waived_reason, waived_by) IN (0, 3)", name="waived_whole"),
        CheckConstraint("(status = 'received') = (seen_on IS NOT NULL)", name="received_when_seen"),
        CheckConstraint("status <> 'waived' OR waived_on IS NOT NULL", name="waived_with_reason"),
        CheckConstraint("seen_on >= asked_on AND waived_on >= asked_on", name="in_order"),
        Index("ix_papers_request", "tenant_id", "request_id"),
        RECORD,
    )

    version: int = 1
    request_id: UUID
    code: str = Field(max_length=40)
    party: PaperParty | None = Field(default=None, sa_type=value_enum(PaperParty, "party"))
    label: str | None = Field(default=None, max_length=200)
    status: PaperStatus = Field(default=PaperStatus.ASKED, sa_type=value_enum(PaperStatus, "status"))
    asked_on: date
    due_on: date | None
    asked_by: UUID
    seen_on: date | None = None
    seen_kind: SeenKind | None = Field(default=None, sa_type=value_enum(SeenKind, "seen_kind"))
    seen_note: str | None = Field(default=None, max_length=4000)
    seen_by: UUID | None = None
    waived_on: date | None = None
    waived_reason: str | None = Field(default=None, max_length=4000)
    waived_by: UUID | None = None
    entered_at: datetime = entered_at()

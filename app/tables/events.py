"""The log of events of each CCAS, and the outbox of each partner, both in the order of their commits."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.domain.events import EventSubject
from app.tables.base import KEPT_RECORD, RECORD, entered_at, value_enum
from app.tenancy import TenantTable, within_tenant


class Event(TenantTable, table=True):
    """One step of one subject. The database numbers it at commit: `position` among those of the tenant, `sequence`
    among those of the subject, from 1 and without gaps; once numbered it never changes, but loses, as the rest does,
    which way a precheck went.
    """

    __tablename__ = "events"
    __table_args__ = (
        within_tenant("request_id", "requests"),
        within_tenant("handoff_id", "handoffs"),
        UniqueConstraint("tenant_id", "position"),
        UniqueConstraint("tenant_id", "subject_id", "sequence"),
        CheckConstraint("partner_id IS NULL OR handoff_id IS NOT NULL", name="partner_through_handoff"),
        RECORD,
    )

    subject: EventSubject = Field(sa_type=value_enum(EventSubject, "subject"))
    subject_id: UUID
    kind: str = Field(max_length=64)
    status: str = Field(max_length=32)
    request_id: UUID | None = None
    handoff_id: UUID | None = None
    partner_id: UUID | None = Field(default=None, foreign_key="partners.id")
    position: int | None = Field(default=None, sa_type=BigInteger)
    sequence: int | None = None
    entered_at: datetime = entered_at()


class PartnerEvent(SQLModel, table=True):
    """An event that a partner may know of (outbox): `sequence` counts those of its handoff, from 1 and without gaps.

    The database writes it, in the transaction of the event, and has it erased 13 months later at the earliest. Nothing
    of it changes but what told which way a precheck went, once its conclusion is erased.
    """

    __tablename__ = "partner_events"
    __table_args__ = (
        within_tenant("handoff_id", "handoffs"),
        UniqueConstraint("partner_id", "position"),
        UniqueConstraint("partner_id", "handoff_id", "sequence"),
        Index("ix_partner_events_handoff", "tenant_id", "handoff_id"),
        KEPT_RECORD,
    )

    partner_id: UUID = Field(primary_key=True, foreign_key="partners.id")
    id: UUID = Field(primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenants.id")
    handoff_id: UUID
    kind: str = Field(max_length=64)
    status: str = Field(max_length=32)
    position: int = Field(sa_type=BigInteger)
    sequence: int
    entered_at: datetime = Field(sa_type=DateTime(timezone=True))

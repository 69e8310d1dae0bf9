"""Workshops (ateliers collectifs), and who came."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from app.domain.attendance import AttendanceStatus
from app.tables.base import HISTORY, RECORD, entered_at, value_enum
from app.tenancy import TenantTable, within_tenant


class Workshop(TenantTable, table=True):
    """A workshop, held or to come. A null organisation is the CCAS itself; null seats do not limit."""

    __tablename__ = "workshops"
    __table_args__ = (
        within_tenant("organisation_id", "organisations"),
        within_tenant("account_id", "accounts"),
        CheckConstraint("seats > 0", name="seats_positive"),
        RECORD,
    )

    version: int = 1
    title: str = Field(max_length=200)
    theme: str | None = Field(max_length=64)
    organisation_id: UUID | None
    held_on: date
    place: str | None = Field(max_length=200)
    seats: int | None
    account_id: UUID
    entered_at: datetime = entered_at()


class Attendance(TenantTable, table=True):
    """What is known of one person at one workshop. Never changed: a later row replaces it, and the last one counts."""

    __tablename__ = "attendances"
    __table_args__ = (
        within_tenant("workshop_id", "workshops"),
        within_tenant("person_id", "people"),
        within_tenant("replaces_id", "attendances"),
        within_tenant("account_id", "accounts"),
        UniqueConstraint("tenant_id", "replaces_id"),
        Index(
            "uq_attendances_one_per_person",
            "tenant_id",
            "workshop_id",
            "person_id",
            unique=True,
            postgresql_where=text("replaces_id IS NULL"),
        ),
        Index("ix_attendances_workshop", "tenant_id", "workshop_id"),
        Index("ix_attendances_person", "tenant_id", "person_id"),
        HISTORY,
    )

    workshop_id: UUID
    person_id: UUID
    status: AttendanceStatus = Field(sa_type=value_enum(AttendanceStatus, "status"))
    replaces_id: UUID | None
    account_id: UUID
    entered_at: datetime = entered_at()

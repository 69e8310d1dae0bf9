"""Appointments (rendez-vous), and the log of what became of them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, SmallInteger, UniqueConstraint
from sqlmodel import Field

from app.domain.appointment_lifecycle import AppointmentAction, AppointmentKind, AppointmentStatus
from app.tables.base import HISTORY, RECORD, entered_at, value_enum
from app.tenancy import TenantTable, within_tenant


class Appointment(TenantTable, table=True):
    """A meeting of a person, of whom there is a request or only a contact yet, with a member of staff.

    `account_id` is with whom, `entered_by` who wrote it down; `replaces_id` is the one that was moved to this hour.
    """

    __tablename__ = "appointments"
    __table_args__ = (
        within_tenant("request_id", "requests"),
        within_tenant("contact_id", "contacts"),
        within_tenant("account_id", "accounts"),
        within_tenant("replaces_id", "appointments"),
        within_tenant("entered_by", "accounts"),
        UniqueConstraint("tenant_id", "replaces_id"),
        CheckConstraint("num_nonnulls(request_id, contact_id) = 1", name="of_one_file"),
        CheckConstraint("minutes > 0", name="minutes_positive"),
        Index("ix_appointments_request", "tenant_id", "request_id"),
        Index("ix_appointments_contact", "tenant_id", "contact_id"),
        Index("ix_appointments_starts_at", "tenant_id", "starts_at", "id"),
        RECORD,
    )

    version: int = 1
    request_id: UUID | None = None
    contact_id: UUID | None = None
    starts_at: datetime = Field(sa_type=DateTime(timezone=True))
    minutes: int | None = Field(sa_type=SmallInteger)
    kind: AppointmentKind = Field(sa_type=value_enum(AppointmentKind, "kind"))
    account_id: UUID
    purpose: str | None = Field(max_length=200)
    status: AppointmentStatus = Field(sa_type=value_enum(AppointmentStatus, "status"))
    replaces_id: UUID | None
    entered_by: UUID
    entered_at: datetime = entered_at()


class AppointmentTransition(TenantTable, table=True):
    """What became of an appointment: who wrote it down, and when."""

    __tablename__ = "appointment_transitions"
    __table_args__ = (
        within_tenant("appointment_id", "appointments"),
        within_tenant("account_id", "accounts"),
        Index("ix_appointment_transitions_appointment", "tenant_id", "appointment_id"),
        HISTORY,
    )

    appointment_id: UUID
    account_id: UUID
    action: AppointmentAction = Field(sa_type=value_enum(AppointmentAction, "action"))
    from_status: AppointmentStatus = Field(sa_type=value_enum(AppointmentStatus, "from_status"))
    to_status: AppointmentStatus = Field(sa_type=value_enum(AppointmentStatus, "to_status"))
    note: str | None = Field(max_length=4000)
    entered_at: datetime = entered_at()

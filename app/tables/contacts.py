"""Contacts (sollicitations): everyone who asked, counted before any request exists."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from app.domain.contact_lifecycle import ContactAction, ContactStatus
from app.tables.base import HISTORY, RECORD, entered_at, json_column, value_enum
from app.tenancy import TenantTable, within_tenant


class Contact(TenantTable, table=True):
    """One solicitation, anonymous or not. `sheet` is what is known so far of the intake sheet (fiche recueil de
    données); `name_key` is the name it gives, as searched.
    """

    __tablename__ = "contacts"
    __table_args__ = (
        within_tenant("prescriber_id", "organisations"),
        within_tenant("person_id", "people"),
        within_tenant("request_id", "requests"),
        within_tenant("other_answer_organisation_id", "organisations"),
        within_tenant("account_id", "accounts"),
        UniqueConstraint("tenant_id", "request_id"),
        CheckConstraint("(status = 'request') = (request_id IS NOT NULL)", name="request_when_become"),
        CheckConstraint("(status = 'answered') = (closed_on IS NOT NULL)", name="closed_when_answered"),
        # « Il est toujours proposé une autre réponse sociale » (Besançon, note de restitution finale).
        CheckConstraint(
            "status <> 'answered'"
            " OR num_nonnulls(closing_reason_code, other_answer_kind, other_answer_on) = 3",
            name="no_dead_end",
        ),
        CheckConstraint(
            "other_answer_kind <> 'unreachable' OR cardinality(other_answer_attempts_on) >= 2",
            name="unreachable_was_tried_twice",
        ),
        CheckConstraint("other_answer_on >= contacted_on", name="answered_after_contact"),
        Index("ix_contacts_person", "tenant_id", "person_id"),
        RECORD,
    )  # fmt: skip

    version: int = 1
    status: ContactStatus = Field(default=ContactStatus.OPEN, sa_type=value_enum(ContactStatus, "status"))
    contacted_on: date
    channel: str = Field(max_length=40)
    prescriber_id: UUID | None
    purpose: str | None = Field(max_length=40)
    commune_insee_code: str = Field(max_length=5)
    words: str | None = Field(max_length=4000)
    person_id: UUID | None
    sheet: dict[str, Any] = json_column(dict)
    name_key: str | None
    request_id: UUID | None = None
    closed_on: date | None = None
    closing_reason_code: str | None = Field(default=None, max_length=40)
    closing_reason: str | None = Field(default=None, max_length=4000)
    other_answer_kind: str | None = Field(default=None, max_length=40)
    other_answer_on: date | None = None
    other_answer_attempts_on: list[date] = Field(default_factory=list, sa_type=ARRAY(Date))
    other_answer_organisation_id: UUID | None = None
    account_id: UUID
    entered_at: datetime = entered_at()


class ContactTransition(TenantTable, table=True):
    """The outcome of a contact: by whom, with effect on which day, entered when."""

    __tablename__ = "contact_transitions"
    __table_args__ = (
        within_tenant("contact_id", "contacts"),
        within_tenant("account_id", "accounts"),
        Index("ix_contact_transitions_contact", "tenant_id", "contact_id"),
        HISTORY,
    )

    contact_id: UUID
    account_id: UUID
    action: ContactAction = Field(sa_type=value_enum(ContactAction, "action"))
    from_status: ContactStatus = Field(sa_type=value_enum(ContactStatus, "from_status"))
    to_status: ContactStatus = Field(sa_type=value_enum(ContactStatus, "to_status"))
    effect_on: date
    entered_at: datetime = entered_at()

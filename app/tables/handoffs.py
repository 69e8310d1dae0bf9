"""Files handed over to the partners that lend, the log of what was done with them, and the partners' way to them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.domain.handoff_lifecycle import OVER, HandoffAction, HandoffKind, HandoffStatus
from app.tables.base import HISTORY, RECORD, entered_at, one_author, utc_now, value_enum
from app.tenancy import TenantTable, within_tenant

_OVER = ", ".join(sorted(f"'{status.value}'" for status in OVER))


class Handoff(TenantTable, table=True):
    """One transmission to one partner; `payload_sha256` is the hash of the text that was handed over."""

    __tablename__ = "handoffs"
    __table_args__ = (
        within_tenant("request_id", "requests"),
        within_tenant("agreement_id", "agreements"),
        CheckConstraint("(status IN ('accepted', 'awaiting_check')) <= (kind = 'precheck' OR answered_on IS NOT NULL)",
                        name="answer_dated"),
        Index(
            "uq_handoffs_one_open",
            "tenant_id",
            "request_id",
            "partner_id",
            "kind",
            unique=True,
            postgresql_where=text(f"status NOT IN ({_OVER})"),
        ),
        RECORD,
    )  # fmt: skip

    version: int = 1
    request_id: UUID
    partner_id: UUID = Field(foreign_key="partners.id")
    agreement_id: UUID
    kind: HandoffKind = Field(sa_type=value_enum(HandoffKind, "kind"))
    status: HandoffStatus = Field(sa_type=value_enum(HandoffStatus, "status"))
    support_person: str = Field(max_length=200)
    payload_sha256: str = Field(max_length=64)
    partner_reference: str | None = Field(default=None, max_length=64)
    answered_on: date | None = None
    entered_at: datetime = entered_at()


class HandoffPayload(TenantTable, table=True):
    """The exact text that was handed over: written once, kept as proof."""

    __tablename__ = "handoff_payloads"
    __table_args__ = (
        within_tenant("handoff_id", "handoffs"),
        UniqueConstraint("tenant_id", "handoff_id"),
        HISTORY,
    )

    handoff_id: UUID
    text: str


class HandoffTransition(TenantTable, table=True):
    """One step of a handoff. `note` is what was asked for, answered, or the reason."""

    __tablename__ = "handoff_transitions"
    __table_args__ = (
        within_tenant("handoff_id", "handoffs"),
        within_tenant("account_id", "accounts"),
        one_author(),
        Index("ix_handoff_transitions_handoff", "tenant_id", "handoff_id"),
        HISTORY,
    )

    handoff_id: UUID
    account_id: UUID | None
    partner_client_id: UUID | None = Field(foreign_key="partner_clients.id")
    action: HandoffAction = Field(sa_type=value_enum(HandoffAction, "action"))
    from_status: HandoffStatus = Field(sa_type=value_enum(HandoffStatus, "from_status"))
    to_status: HandoffStatus = Field(sa_type=value_enum(HandoffStatus, "to_status"))
    effect_on: date
    note: str | None = Field(max_length=4000)
    entered_at: datetime = entered_at()


class HandoffRoute(SQLModel, table=True):
    """The way of a partner to one handoff, across tenants: no personal data, and a policy on the partner alone."""

    __tablename__ = "handoff_routes"
    __table_args__ = (
        within_tenant("handoff_id", "handoffs"),
        Index("ix_handoff_routes_partner", "partner_id", "handoff_id"),
        RECORD,
    )

    handoff_id: UUID = Field(primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenants.id")
    partner_id: UUID = Field(foreign_key="partners.id")
    status: HandoffStatus = Field(sa_type=value_enum(HandoffStatus, "status"))
    sent_at: datetime = Field(default_factory=utc_now, sa_type=DateTime(timezone=True))

"""What becomes of a decision once it is taken: its rectifications, and to whom it was notified."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.domain.notifications import NotificationChannel, Recipient
from app.domain.rectifications import RectificationKind
from app.tables.base import HISTORY, entered_at, json_column, value_enum
from app.tenancy import TenantTable, within_tenant


class Rectification(TenantTable, table=True):
    """One dated correction of a decision, which stays as it was taken.

    `other_answer` is the one that a refusal had given, which the file no longer carries once that is withdrawn.
    """

    __tablename__ = "rectifications"
    __table_args__ = (
        within_tenant("decision_id", "decisions"),
        within_tenant("account_id", "accounts"),
        CheckConstraint("(kind = 'material_error') = (corrections <> '{}')", name="corrects_a_material_error"),
        Index("ix_rectifications_decision", "tenant_id", "decision_id"),
        Index(
            "uq_rectifications_one_end",
            "tenant_id",
            "decision_id",
            unique=True,
            postgresql_where=text("kind IN ('withdrawal', 'abrogation')"),
        ),
        HISTORY,
    )

    decision_id: UUID
    kind: RectificationKind = Field(sa_type=value_enum(RectificationKind, "kind"))
    rectified_on: date
    reason: str = Field(max_length=4000)
    signatory: str = Field(max_length=200)
    signatory_capacity: str | None = Field(max_length=200)
    body: str | None = Field(max_length=200)
    corrections: dict[str, Any] = json_column(dict)
    other_answer: dict[str, Any] | None = Field(default=None, sa_type=JSONB(none_as_null=True))
    account_id: UUID
    entered_at: datetime = entered_at()


class Notification(TenantTable, table=True):
    """One notification of a decision: to whom, how, on which day."""

    __tablename__ = "notifications"
    __table_args__ = (
        within_tenant("decision_id", "decisions"),
        within_tenant("account_id", "accounts"),
        Index("ix_notifications_decision", "tenant_id", "decision_id"),
        HISTORY,
    )

    decision_id: UUID
    notified_on: date
    channel: NotificationChannel = Field(sa_type=value_enum(NotificationChannel, "channel"))
    recipient: Recipient = Field(sa_type=value_enum(Recipient, "recipient"))
    account_id: UUID
    entered_at: datetime = entered_at()

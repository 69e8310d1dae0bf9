"""The endpoints of partners to which events are sent, what is on its way to each, and the log of the attempts.

They are the partner's, as its outbox is: each key begins with `partner_id`, on which alone their policies bear.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    DDL,
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    event,
    text,
)
from sqlmodel import Field, SQLModel
from uuid_utils.compat import uuid7

from app.domain.deliveries import AttemptOutcome, DeliveryStatus, DisabledBecause
from app.domain.webhook_targets import URL_CHARACTERS_MAX
from app.tables.base import KEPT_HISTORY, KEPT_RECORD, RECORD, entered_at, value_enum

_PENDING = text("status = 'pending'")


class WebhookEndpoint(SQLModel, table=True):
    """An address of a partner that is told of its events, in the order of their `position`.

    `position` is that of the last event that a delivery was made of. `failing_since` is the end of the first failure
    after the last success; `held_until` is what the receiver asked for (Retry-After).
    """

    __tablename__ = "webhook_endpoints"
    __table_args__ = (
        CheckConstraint("num_nonnulls(disabled_at, disabled_because) IN (0, 2)", name="disabled_whole"),
        CheckConstraint("num_nonnulls(previous_secret_sealed, previous_until) IN (0, 2)", name="overlap_whole"),
        RECORD,
    )

    partner_id: UUID = Field(primary_key=True, foreign_key="partners.id")
    id: UUID = Field(primary_key=True, default_factory=uuid7)
    version: int = 1
    url: str = Field(max_length=URL_CHARACTERS_MAX)
    description: str | None = Field(default=None, max_length=100)
    secret_sealed: str = Field(max_length=500)
    previous_secret_sealed: str | None = Field(default=None, max_length=500)
    previous_until: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    disabled_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    disabled_because: DisabledBecause | None = Field(
        default=None, sa_type=value_enum(DisabledBecause, "disabled_because"), nullable=True
    )
    failing_since: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    held_until: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    position: int = Field(sa_type=BigInteger)
    entered_at: datetime = entered_at()


class WebhookDelivery(SQLModel, table=True):
    """One event on its way to one endpoint. Whoever attempts it holds a lease: `lease` until `leased_until`.

    `attempts` counts those of the present round; a replay begins another. `expedited` asks for one more attempt at
    once, beside those of the schedule: the receiver may be back.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        ForeignKeyConstraint(["partner_id", "endpoint_id"], ["webhook_endpoints.partner_id", "webhook_endpoints.id"]),
        ForeignKeyConstraint(["partner_id", "event_id"], ["partner_events.partner_id", "partner_events.id"]),
        UniqueConstraint("partner_id", "endpoint_id", "event_id"),
        CheckConstraint("(status = 'pending') = (next_attempt_at IS NOT NULL)", name="pending_has_a_next_attempt"),
        CheckConstraint("num_nonnulls(lease, leased_until) IN (0, 2)", name="lease_whole"),
        Index("ix_webhook_deliveries_endpoint", "partner_id", "endpoint_id", "status", "id"),
        Index("ix_webhook_deliveries_due", "partner_id", "endpoint_id", "next_attempt_at", postgresql_where=_PENDING),
        Index("ix_webhook_deliveries_queue", "partner_id", "endpoint_id", "position", postgresql_where=_PENDING),
        Index(
            "ix_webhook_deliveries_order",
            "partner_id",
            "endpoint_id",
            "handoff_id",
            "position",
            postgresql_where=text("next_attempt_at IS NOT NULL"),
        ),
        Index("ix_webhook_deliveries_event", "partner_id", "event_id"),
        KEPT_RECORD,
    )

    partner_id: UUID = Field(primary_key=True, foreign_key="partners.id")
    id: UUID = Field(primary_key=True, default_factory=uuid7)
    endpoint_id: UUID
    event_id: UUID
    handoff_id: UUID
    position: int = Field(sa_type=BigInteger)
    status: DeliveryStatus = Field(sa_type=value_enum(DeliveryStatus, "status"))
    attempts: int = 0
    next_attempt_at: datetime | None = Field(sa_type=DateTime(timezone=True))
    expedited: bool = False
    lease: UUID | None = None
    leased_until: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    entered_at: datetime = entered_at()


class WebhookAttempt(SQLModel, table=True):
    """One attempt of a delivery; `status_code` is null where no answer came. Neither address nor body is kept."""

    __tablename__ = "webhook_attempts"
    __table_args__ = (
        ForeignKeyConstraint(["partner_id", "delivery_id"], ["webhook_deliveries.partner_id", "webhook_deliveries.id"]),
        Index("ix_webhook_attempts_delivery", "partner_id", "delivery_id"),
        KEPT_HISTORY,
    )

    partner_id: UUID = Field(primary_key=True, foreign_key="partners.id")
    id: UUID = Field(primary_key=True, default_factory=uuid7)
    delivery_id: UUID
    attempted_at: datetime = Field(sa_type=DateTime(timezone=True))
    duration_ms: int
    outcome: AttemptOutcome = Field(sa_type=value_enum(AttemptOutcome, "outcome"))
    status_code: int | None = None


# The endpoints for which there is something to do, of partners that are looked at one after another, each time bound to
# that one: no policy lets anybody look at two of them at once. A thousand are asked about in one question.
_DUE = """
    CREATE FUNCTION endpoints_due(partner_ids uuid[], moment timestamptz)
    RETURNS TABLE (partner_id uuid, endpoint_id uuid) LANGUAGE plpgsql AS $$
    DECLARE
      bound text := current_setting('app.partner_id', true);
      one uuid;
    BEGIN
      FOREACH one IN ARRAY partner_ids LOOP
        PERFORM set_config('app.partner_id', one::text, true);
        RETURN QUERY
          SELECT e.partner_id, e.id FROM webhook_endpoints e
          WHERE e.partner_id = one AND e.disabled_at IS NULL AND (e.held_until IS NULL OR e.held_until <= moment)
            AND (EXISTS (SELECT FROM partner_events o WHERE o.partner_id = one AND o.position > e.position)
              OR EXISTS (SELECT FROM webhook_deliveries d
                WHERE d.partner_id = one AND d.endpoint_id = e.id AND d.status = 'pending'
                  AND (d.next_attempt_at <= moment OR d.expedited)
                  AND (d.leased_until IS NULL OR d.leased_until <= moment)));
      END LOOP;
      PERFORM set_config('app.partner_id', coalesce(bound, ''), true);
    END $$
"""
event.listen(SQLModel.metadata, "after_create", DDL(_DUE))  # type: ignore[no-untyped-call]

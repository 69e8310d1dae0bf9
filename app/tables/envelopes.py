"""The yearly envelopes, as they were voted."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, SmallInteger
from sqlmodel import Field

from app.domain.envelopes import EnvelopeKind
from app.tables.base import HISTORY, cents, entered_at, value_enum
from app.tenancy import TenantTable, within_tenant


class Envelope(TenantTable, table=True):
    """What was voted for the loans or the grants of a year; the last entry of a year and kind is in force.

    What is reserved and consumed of it is derived from decisions and loans, and never stored.
    """

    __tablename__ = "envelopes"
    __table_args__ = (
        within_tenant("account_id", "accounts"),
        CheckConstraint("amount_cents >= 0", name="amount_not_negative"),
        Index("ix_envelopes_year", "tenant_id", "year", "kind"),
        HISTORY,
    )

    year: int = Field(sa_type=SmallInteger)
    kind: EnvelopeKind = Field(sa_type=value_enum(EnvelopeKind, "kind"))
    amount_cents: int = cents()
    voted_on: date
    reference: str = Field(max_length=200)
    account_id: UUID
    entered_at: datetime = entered_at()

"""The banks and associations that lend, once for the platform, and the credentials of their machines."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, UniqueConstraint
from sqlmodel import Field, SQLModel
from uuid_utils.compat import uuid7

from app.tables.base import READ, RECORD, entered_at

# In UTC: the clock of the session does not change what a month is.
EIGHTEEN_MONTHS = "timezone('UTC', expires_at) <= timezone('UTC', entered_at) + interval '18 months'"


class Partner(SQLModel, table=True):
    """A partner that lends (Crédit Municipal, Crédit Mutuel, …). Global: it may have agreements with several CCAS."""

    __tablename__ = "partners"
    __table_args__ = (
        UniqueConstraint("code"),
        CheckConstraint("code ~ '^[a-z][a-z0-9_]{1,62}$'", name="code_form"),
        READ,
    )

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    code: str = Field(max_length=63)
    name: str = Field(max_length=200)
    entered_at: datetime = entered_at()


class PartnerClient(SQLModel, table=True):
    """One credential of a partner (OAuth2 client); its secret has 256 random bits, of which the SHA-256 is kept.

    Known to whoever is asked for a token, and written for the partner that the transaction is bound to alone.
    """

    __tablename__ = "partner_clients"
    __table_args__ = (
        UniqueConstraint("client_id"),
        CheckConstraint(EIGHTEEN_MONTHS, name="eighteen_months"),
        RECORD,
    )

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    partner_id: UUID = Field(foreign_key="partners.id")
    client_id: str = Field(max_length=80)
    secret_sha256: str = Field(max_length=64)
    active: bool = True
    expires_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    signed_in_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    entered_at: datetime = entered_at()

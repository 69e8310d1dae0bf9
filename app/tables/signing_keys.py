"""The keys that partners sign their pushes with, and the signatures that were already used."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, UniqueConstraint
from sqlmodel import Field, SQLModel
from uuid_utils.compat import uuid7

from app.tables.base import RECORD, entered_at
from app.tables.partners import EIGHTEEN_MONTHS


class SigningKey(SQLModel, table=True):
    """A key that a partner signs with (Standard Webhooks): a secret shared with it, or its own public key (ed25519).

    The secret is read again at each push, so it is sealed. A public key is registered once, and never after its end.
    """

    __tablename__ = "partner_signing_keys"
    __table_args__ = (
        CheckConstraint(EIGHTEEN_MONTHS, name="eighteen_months"),
        CheckConstraint("num_nonnulls(secret_sealed, public_key) = 1", name="shared_or_public"),
        UniqueConstraint("partner_id", "public_key"),
        Index("ix_partner_signing_keys_partner", "partner_id", "id"),
        RECORD,
    )

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    partner_id: UUID = Field(foreign_key="partners.id")
    secret_sealed: str | None = Field(default=None, max_length=500)
    public_key: str | None = Field(default=None, max_length=64)
    active: bool = True
    expires_at: datetime = Field(sa_type=DateTime(timezone=True))
    entered_at: datetime = entered_at()


class PushSignature(SQLModel, table=True):
    """A signature whose push had its effect: it is refused from then on, and forgotten when it is stale anyway."""

    __tablename__ = "push_signatures"
    __table_args__ = (
        UniqueConstraint("partner_id", "message_id_sha256", "signed_at"),
        {"info": {"grants": frozenset({"SELECT", "INSERT", "DELETE"})}},
    )

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    partner_id: UUID = Field(foreign_key="partners.id")
    message_id_sha256: str = Field(max_length=64)
    signed_at: datetime = Field(sa_type=DateTime(timezone=True))
    entered_at: datetime = entered_at()

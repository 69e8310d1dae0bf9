"""Answers already given, so that a repeated request has its effect once."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel
from uuid_utils.compat import uuid7

from app.tables.base import entered_at, json_column
from app.tenancy import TenantTable

_KEPT_FOR_A_TIME = {"info": {"grants": frozenset({"SELECT", "INSERT", "DELETE"})}}


class KeptAnswer(SQLModel):
    """The successful answer to one keyed request, written in the transaction of its effect; kept 30 days."""

    method: str = Field(max_length=8)
    path: str = Field(max_length=500)
    key: str = Field(max_length=255)
    body_sha256: str = Field(max_length=64)
    status: int
    headers: dict[str, str] = json_column(dict)
    body: bytes = Field(sa_type=LargeBinary)
    entered_at: datetime = entered_at()


class IdempotencyRecord(KeptAnswer, TenantTable, table=True):
    """An answer to a member of a tenant's staff."""

    __tablename__ = "idempotency_records"
    __table_args__ = (
        UniqueConstraint("tenant_id", "account_id", "method", "path", "key"),
        _KEPT_FOR_A_TIME,
    )

    account_id: UUID


class PartnerIdempotencyRecord(KeptAnswer, table=True):
    """An answer to a partner, whose request may bear on several tenants; it holds identifiers and states only.

    The key is the partner's, whichever of its credentials it came with: a push may be told again after a rotation.
    """

    __tablename__ = "partner_idempotency_records"
    __table_args__ = (
        UniqueConstraint("partner_id", "method", "path", "key"),
        _KEPT_FOR_A_TIME,
    )

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    partner_id: UUID = Field(foreign_key="partners.id")
    account_id: UUID = Field(foreign_key="partner_clients.id")

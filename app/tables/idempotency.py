"""Answers already given, so that a repeated request has its effect once."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlmodel import Field

from app.tables.base import entered_at, json_column
from app.tenancy import TenantTable


class IdempotencyRecord(TenantTable, table=True):
    """The successful answer to one keyed request, written in the transaction of its effect; kept 30 days."""

    __tablename__ = "idempotency_records"
    __table_args__ = (
        UniqueConstraint("tenant_id", "account_id", "method", "path", "key"),
        {"info": {"grants": frozenset({"SELECT", "INSERT", "DELETE"})}},
    )

    account_id: UUID
    method: str = Field(max_length=8)
    path: str = Field(max_length=500)
    key: str = Field(max_length=255)
    body_sha256: str = Field(max_length=64)
    status: int
    headers: dict[str, str] = json_column(dict)
    body: bytes = Field(sa_type=LargeBinary)
    entered_at: datetime = entered_at()

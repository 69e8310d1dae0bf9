"""What was attested of a file: facts that no figure shows, each told by somebody on a day."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from app.domain.products import Attested
from app.tables.base import HISTORY, entered_at, value_enum
from app.tenancy import TenantTable, within_tenant


class Attestation(TenantTable, table=True):
    """A fact that somebody attests to hold, or not to. Never changed: the latest of a fact counts."""

    __tablename__ = "attestations"
    __table_args__ = (
        within_tenant("request_id", "requests"),
        within_tenant("account_id", "accounts"),
        Index("ix_attestations_request", "tenant_id", "request_id"),
        HISTORY,
    )

    request_id: UUID
    fact: Attested = Field(sa_type=value_enum(Attested, "fact"))
    holds: bool
    attested_by: str = Field(max_length=200)
    attested_on: date
    reference: str | None = Field(max_length=200)
    account_id: UUID
    entered_at: datetime = entered_at()

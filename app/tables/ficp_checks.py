"""The lenders' conclusions on the payment-incident file (FICP): a closed set of columns, nothing else is kept."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, Index, UniqueConstraint
from sqlmodel import Field

from app.domain.ficp import CheckOutcome, CheckStage
from app.tables.base import HISTORY, entered_at, value_enum
from app.tenancy import TenantTable, within_tenant


class FicpCheck(TenantTable, table=True):
    """One consultation as its partner told it; a later one of the same request, partner and stage replaces it."""

    __tablename__ = "ficp_checks"
    __table_args__ = (
        within_tenant("request_id", "requests"),
        within_tenant("handoff_id", "handoffs"),
        UniqueConstraint("tenant_id", "partner_id", "consultation_ref"),
        Index("ix_ficp_checks_request", "tenant_id", "request_id"),
        HISTORY,
    )

    request_id: UUID
    handoff_id: UUID
    partner_id: UUID = Field(foreign_key="partners.id")
    stage: CheckStage = Field(sa_type=value_enum(CheckStage, "stage"))
    outcome: CheckOutcome = Field(sa_type=value_enum(CheckOutcome, "outcome"))
    consulted_at: datetime = Field(sa_type=DateTime(timezone=True))
    consultation_ref: str = Field(max_length=64)
    evidence_sha256: str | None = Field(max_length=64)
    partner_client_id: UUID = Field(foreign_key="partner_clients.id")
    entered_at: datetime = entered_at()

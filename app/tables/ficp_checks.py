"""The lenders' conclusions on the payment-incident file (FICP): a closed set of columns, nothing else is kept."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, text
from sqlmodel import Field

from app.domain.ficp import CheckOutcome, CheckStage
from app.tables.base import RECORD, entered_at, one_lender, value_enum
from app.tenancy import TenantTable, within_tenant


class FicpCheck(TenantTable, table=True):
    """One consultation as its partner told it, once by each way; a later one of the same request, partner and stage
    replaces it.

    Nothing of it ever changes but once: at the end of its retention it loses its conclusion and the hash of the proof,
    and keeps its reference and its date. The database refuses any other change (`app/tables/guards.py`).
    """

    __tablename__ = "ficp_checks"
    __table_args__ = (
        within_tenant("request_id", "requests"),
        within_tenant("handoff_id", "handoffs"),
        within_tenant("telling_id", "tellings"),
        one_lender(),
        Index(
            "uq_ficp_checks_consultation_by_machine",
            *("tenant_id", "partner_id", "consultation_ref"),
            unique=True,
            postgresql_where=text("telling_id IS NULL"),
        ),
        Index(
            "uq_ficp_checks_consultation_by_telling",
            *("tenant_id", "partner_id", "consultation_ref", "telling_id"),
            unique=True,
            postgresql_where=text("telling_id IS NOT NULL"),
        ),
        Index("ix_ficp_checks_request", "tenant_id", "request_id"),
        CheckConstraint("(outcome IS NULL) = (purged_at IS NOT NULL)", name="outcome_until_purged"),
        CheckConstraint("purged_at IS NULL OR evidence_sha256 IS NULL", name="evidence_until_purged"),
        RECORD,
    )

    request_id: UUID
    handoff_id: UUID
    partner_id: UUID = Field(foreign_key="partners.id")
    stage: CheckStage = Field(sa_type=value_enum(CheckStage, "stage"))
    outcome: CheckOutcome | None = Field(sa_type=value_enum(CheckOutcome, "outcome"))
    consulted_at: datetime = Field(sa_type=DateTime(timezone=True))
    consultation_ref: str = Field(max_length=64)
    evidence_sha256: str | None = Field(max_length=64)
    purged_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    partner_client_id: UUID | None = Field(foreign_key="partner_clients.id")
    telling_id: UUID | None = None
    entered_at: datetime = entered_at()

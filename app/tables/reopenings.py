"""The requests that were taken up again, and how each had been closed."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date, Index
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from app.domain.request_lifecycle import RequestStatus
from app.tables.base import HISTORY, entered_at, value_enum
from app.tenancy import TenantTable, within_tenant


class RequestReopening(TenantTable, table=True):
    """Why a request was taken up again, from which day; and the closing that it undoes, which the request forgets."""

    __tablename__ = "request_reopenings"
    __table_args__ = (
        within_tenant("request_id", "requests"),
        within_tenant("account_id", "accounts"),
        within_tenant("other_answer_organisation_id", "organisations"),
        Index("ix_request_reopenings_request", "tenant_id", "request_id"),
        HISTORY,
    )

    request_id: UUID
    reason: str = Field(max_length=4000)
    reopened_on: date
    closed_as: RequestStatus = Field(sa_type=value_enum(RequestStatus, "closed_as"))
    closing_reason_code: str | None = Field(max_length=40)
    closing_reason: str | None = Field(max_length=4000)
    other_answer_kind: str = Field(max_length=40)
    other_answer_on: date
    other_answer_attempts_on: list[date] = Field(sa_type=ARRAY(Date))
    other_answer_organisation_id: UUID | None
    account_id: UUID
    entered_at: datetime = entered_at()

"""Requests (demandes) and the log of what was done with them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, Index, SmallInteger, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlmodel import Field

from app.domain.request_lifecycle import NEEDS_OTHER_ANSWER, REFERRED_TO, RequestAction, RequestStatus
from app.tables.base import HISTORY, RECORD, cents, entered_at, one_author, value_enum
from app.tenancy import TenantTable, within_tenant

_ENDS = ", ".join(sorted(f"'{status.value}'" for status in NEEDS_OTHER_ANSWER))
_REFERRED_TO = ", ".join(f"'{kind}'" for kind in sorted(REFERRED_TO))


class Request(TenantTable, table=True):
    """A demand for help with a project, from the intake sheet (fiche recueil de données) on.

    Household and channel are null where a request was taken over from spreadsheets that do not tell them.
    """

    __tablename__ = "requests"
    __table_args__ = (
        within_tenant("applicant_id", "people"),
        within_tenant("co_applicant_id", "people"),
        within_tenant("instructing_agent_id", "accounts"),
        within_tenant("prescriber_id", "organisations"),
        within_tenant("other_answer_organisation_id", "organisations"),
        UniqueConstraint("tenant_id", "reference"),
        CheckConstraint("project_cost_cents > 0", name="project_cost_positive"),
        CheckConstraint("requested_amount_cents > 0", name="requested_amount_positive"),
        CheckConstraint("co_applicant_id <> applicant_id", name="two_people"),
        CheckConstraint("adults >= 1 AND minor_children >= 0", name="household_of_people"),
        CheckConstraint("num_nonnulls(adults, minor_children) IN (0, 2)", name="household_whole"),
        # « Il est toujours proposé une autre réponse sociale » (Besançon, note de restitution finale).
        CheckConstraint(
            f"status NOT IN ({_ENDS}) OR (other_answer_kind IS NOT NULL AND other_answer_on IS NOT NULL)",
            name="no_dead_end",
        ),
        CheckConstraint(f"status <> 'referred' OR other_answer_kind IN ({_REFERRED_TO})", name="referred_somewhere"),
        CheckConstraint(
            "other_answer_kind <> 'unreachable' OR cardinality(other_answer_attempts_on) >= 2",
            name="unreachable_was_tried_twice",
        ),
        CheckConstraint("other_answer_on >= received_on", name="answered_after_receipt"),
        Index("ix_requests_applicant", "tenant_id", "applicant_id"),
        Index("ix_requests_co_applicant", "tenant_id", "co_applicant_id"),
        Index("ix_requests_instructing_agent", "tenant_id", "instructing_agent_id"),
        RECORD,
    )

    version: int = 1
    reference: str = Field(max_length=32)
    status: RequestStatus = Field(sa_type=value_enum(RequestStatus, "status"))
    applicant_id: UUID
    co_applicant_id: UUID | None
    instructing_agent_id: UUID
    adults: int | None = Field(sa_type=SmallInteger)
    minor_children: int | None = Field(sa_type=SmallInteger)
    commune_insee_code: str = Field(max_length=5)
    channel: str | None = Field(max_length=40)
    prescriber: str | None = Field(max_length=200)
    prescriber_id: UUID | None = None
    purpose: str = Field(max_length=40)
    project_description: str = Field(max_length=4000)
    project_cost_cents: int = cents()
    requested_amount_cents: int = cents()
    situations: list[str] = Field(default_factory=list, sa_type=ARRAY(TEXT))
    priority_district: bool | None = None
    product: str = Field(max_length=40)
    received_on: date
    rules_version: int
    closing_reason_code: str | None = Field(default=None, max_length=40)
    closing_reason: str | None = Field(default=None, max_length=4000)
    other_answer_kind: str | None = Field(default=None, max_length=40)
    other_answer_on: date | None = None
    other_answer_attempts_on: list[date] = Field(default_factory=list, sa_type=ARRAY(Date))
    other_answer_organisation_id: UUID | None = None
    entered_at: datetime = entered_at()


class RequestTransition(TenantTable, table=True):
    """One step of a request: what was done, by whom, with effect on which day (null: not stated), entered when."""

    __tablename__ = "request_transitions"
    __table_args__ = (
        within_tenant("request_id", "requests"),
        within_tenant("account_id", "accounts"),
        within_tenant("telling_id", "tellings"),
        one_author(),
        Index("ix_request_transitions_request", "tenant_id", "request_id"),
        HISTORY,
    )

    request_id: UUID
    account_id: UUID | None
    partner_client_id: UUID | None = Field(foreign_key="partner_clients.id")
    telling_id: UUID | None = None
    action: RequestAction = Field(sa_type=value_enum(RequestAction, "action"))
    from_status: RequestStatus = Field(sa_type=value_enum(RequestStatus, "from_status"))
    to_status: RequestStatus = Field(sa_type=value_enum(RequestStatus, "to_status"))
    effect_on: date | None
    entered_at: datetime = entered_at()


class ReferenceCounter(TenantTable, table=True):
    """The last number given in a series of references of a year."""

    __tablename__ = "reference_counters"
    __table_args__ = (UniqueConstraint("tenant_id", "series", "year"), RECORD)

    series: str = Field(max_length=8)
    year: int
    last_number: int

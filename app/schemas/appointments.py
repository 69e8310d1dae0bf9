"""Appointments (rendez-vous)."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.domain.appointment_lifecycle import AppointmentKind, AppointmentStatus
from app.schemas.base import Day, Id, Input, Instant, Line, Output, PageQuery, Percent, Prose, Resource
from app.schemas.ficp_checks import CheckWarning


class AppointmentCreate(Input):
    """An appointment to come, or one that took place, which is entered with what became of it.

    `account_id` is with whom, the caller unless another is named; `replaces_id` the one that is moved to this hour.
    """

    starts_at: Instant
    minutes: Annotated[int, Field(strict=True, ge=1, le=1_440)] | None = None
    kind: AppointmentKind
    account_id: Id | None = None
    purpose: Line | None = None
    status: Literal["planned", "attended", "missed"] = "planned"
    replaces_id: Id | None = None


class AppointmentOutcome(Input):
    """What became of an appointment; what was noted by mistake is noted again."""

    status: Literal["attended", "missed", "cancelled"]
    note: Prose | None = None


class AppointmentSpan(Input):
    """Appointments of these days, both included, as they are counted where the CCAS is."""

    since: Day | None = Field(default=None, alias="from")
    until: Day | None = Field(default=None, alias="to")


class AppointmentQuery(AppointmentSpan, PageQuery):
    """Filters of a diary; `account_id` is with whom."""

    account_id: Id | None = None
    status: AppointmentStatus | None = None


class AppointmentItem(Output):
    """An appointment as diaries show it. `person_id` is null where the contact has named nobody yet."""

    id: UUID
    version: int
    request_id: UUID | None
    contact_id: UUID | None
    person_id: UUID | None
    starts_at: datetime
    minutes: int | None
    kind: AppointmentKind
    account_id: UUID
    purpose: str | None
    status: AppointmentStatus
    replaces_id: UUID | None
    entered_by: UUID
    entered_at: datetime


class AppointmentTransitionRead(Output):
    """One step of an appointment, by whom, and when it was written down."""

    from_status: AppointmentStatus
    to_status: AppointmentStatus
    note: str | None
    account_id: UUID
    entered_at: datetime


class AppointmentRead(AppointmentItem, Resource):
    """An appointment and what became of it, oldest step first.

    `check_warnings` are the lenders' checks that are not favourable where the rules have them inform, as of now.
    """

    transitions: list[AppointmentTransitionRead]
    check_warnings: list[CheckWarning]


class AppointmentCounts(Output):
    """How many appointments; `no_show_percent` is the missed out of those attended or missed, null without any.

    Those that were moved are among the cancelled.
    """

    planned: int
    attended: int
    missed: int
    cancelled: int
    no_show_percent: Percent | None


class AppointmentCountsOfKind(AppointmentCounts):
    """Those of one kind."""

    kind: AppointmentKind


class AppointmentCountsOfAccount(AppointmentCounts):
    """Those with one member of staff."""

    account_id: UUID


class AppointmentFiguresRead(Output):
    """The appointments of a time: all, by kind, and by member of staff."""

    total: AppointmentCounts
    by_kind: list[AppointmentCountsOfKind]
    by_account: list[AppointmentCountsOfAccount]

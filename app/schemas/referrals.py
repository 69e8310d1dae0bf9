"""Referrals (orientations): where people were sent, and what came of it."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from app.domain.referral_lifecycle import ReferralChannel, ReferralStatus
from app.schemas.base import Day, Id, Input, Instant, Output, PageQuery, Prose, Resource


class ReferralCreate(Input):
    """The person is sent to an organisation that receives people or lends.

    `by` is how the organisation was told, `appointment_at` the appointment there with which the person left.
    """

    organisation_id: Id
    referred_on: Day
    by: ReferralChannel
    appointment_at: Instant | None = None
    answer_expected_on: Day
    reason: Prose | None = None
    note: Prose | None = None


class ReminderCreate(Input):
    """The person or the organisation was contacted again; the answer is now expected by another day."""

    reminded_on: Day
    answer_expected_on: Day


class ReferralQuery(PageQuery):
    """Filters of the list of referrals.

    `silent_on`: those that wait for an answer, and whose day for it is before this one.
    """

    status: ReferralStatus | None = None
    silent_on: Day | None = None
    organisation_id: Id | None = None
    referred_from: Day | None = None
    referred_to: Day | None = None


class ReferralSpan(Input):
    """Referrals of these days, both included."""

    since: Day | None = Field(default=None, alias="from")
    until: Day | None = Field(default=None, alias="to")


class ReferralItem(Output):
    """A referral as lists show it. `silent`: it waits, and the day by which an answer was expected has passed."""

    id: UUID
    version: int
    reference: str
    request_id: UUID | None
    contact_id: UUID | None
    organisation_id: UUID
    referred_on: date
    by: ReferralChannel
    appointment_at: datetime | None
    answer_expected_on: date
    reason: str | None
    note: str | None
    status: ReferralStatus
    silent: bool
    account_id: UUID
    entered_at: datetime


class ReferralList(Output):
    """All referrals of a request or of a contact, oldest entry first."""

    items: list[ReferralItem]
    next_cursor: str | None


class ReferralAnswerRead(Output):
    """An answer, told by the organisation through its link or by a member of staff; the last one counts."""

    id: UUID
    answer: ReferralStatus
    answered_on: date
    source: Literal["partner_link", "reported_by_staff"]
    note: str | None
    account_id: UUID | None
    entered_at: datetime


class ReminderRead(Output):
    """One more contact, and the day by which an answer was then expected."""

    id: UUID
    reminded_on: date
    answer_expected_on: date
    account_id: UUID
    entered_at: datetime


class ReferralRead(ReferralItem, Resource):
    """A referral, its answers and its reminders, oldest entry first."""

    answers: list[ReferralAnswerRead]
    reminders: list[ReminderRead]


class ReferralCounts(Output):
    """How many people were referred, by the last answer; `silent` are among the waiting."""

    referred: int
    accepted: int
    refused: int
    no_papers: int
    never_went: int
    withdrawn: int
    waiting: int
    silent: int


class ReferralCountsOfOrganisation(ReferralCounts):
    """Those referred to one organisation."""

    organisation_id: UUID
    organisation_name: str


class ReferralFiguresRead(Output):
    """The referrals of a time: all, and by organisation, by name."""

    total: ReferralCounts
    by_organisation: list[ReferralCountsOfOrganisation]

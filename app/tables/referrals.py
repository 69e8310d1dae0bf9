"""Referrals (orientations) of people to other organisations, what came of them, and the links to answer by."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, UniqueConstraint, text
from sqlmodel import Field

from app.domain.referral_lifecycle import ReferralChannel, ReferralStatus
from app.tables.base import HISTORY, RECORD, entered_at, value_enum
from app.tables.links import SingleUseLink, one_live_link
from app.tenancy import TenantTable, within_tenant


class Referral(TenantTable, table=True):
    """A person of a request, or of a contact only, sent to an organisation.

    `by` is how the organisation was told, `appointment_at` the appointment with which the person left; silent once
    `answer_expected_on` has passed without an answer. `status` is what the last answer says.
    """

    __tablename__ = "referrals"
    __table_args__ = (
        within_tenant("request_id", "requests"),
        within_tenant("contact_id", "contacts"),
        within_tenant("organisation_id", "organisations"),
        within_tenant("account_id", "accounts"),
        UniqueConstraint("tenant_id", "reference"),
        CheckConstraint("num_nonnulls(request_id, contact_id) = 1", name="of_one_file"),
        CheckConstraint("answer_expected_on >= referred_on", name="answer_after_referral"),
        Index("ix_referrals_request", "tenant_id", "request_id"),
        Index("ix_referrals_contact", "tenant_id", "contact_id"),
        Index("ix_referrals_waiting", "tenant_id", "answer_expected_on", postgresql_where=text("status = 'waiting'")),
        RECORD,
    )

    version: int = 1
    reference: str = Field(max_length=32)
    request_id: UUID | None = None
    contact_id: UUID | None = None
    organisation_id: UUID
    referred_on: date
    by: ReferralChannel = Field(sa_type=value_enum(ReferralChannel, "by"))
    appointment_at: datetime | None = Field(sa_type=DateTime(timezone=True))
    answer_expected_on: date
    reason: str | None = Field(max_length=4000)
    note: str | None = Field(max_length=4000)
    status: ReferralStatus = Field(default=ReferralStatus.WAITING, sa_type=value_enum(ReferralStatus, "status"))
    account_id: UUID
    entered_at: datetime = entered_at()


class ReferralAnswer(TenantTable, table=True):
    """What came of a referral, told by a member of staff or by the organisation through a link; the last counts."""

    __tablename__ = "referral_answers"
    __table_args__ = (
        within_tenant("referral_id", "referrals"),
        within_tenant("account_id", "accounts"),
        within_tenant("link_id", "referral_links"),
        CheckConstraint("num_nonnulls(account_id, link_id) = 1", name="one_author"),
        CheckConstraint("answer <> 'waiting'", name="answers_something"),
        UniqueConstraint("tenant_id", "link_id"),
        Index("ix_referral_answers_referral", "tenant_id", "referral_id"),
        HISTORY,
    )

    referral_id: UUID
    answer: ReferralStatus = Field(sa_type=value_enum(ReferralStatus, "answer"))
    answered_on: date
    note: str | None = Field(max_length=4000)
    account_id: UUID | None = None
    link_id: UUID | None = None
    entered_at: datetime = entered_at()


class ReferralReminder(TenantTable, table=True):
    """The person or the organisation was contacted again, and an answer is expected by another day."""

    __tablename__ = "referral_reminders"
    __table_args__ = (
        within_tenant("referral_id", "referrals"),
        within_tenant("account_id", "accounts"),
        CheckConstraint("answer_expected_on >= reminded_on", name="answer_after_reminder"),
        Index("ix_referral_reminders_referral", "tenant_id", "referral_id"),
        HISTORY,
    )

    referral_id: UUID
    reminded_on: date
    answer_expected_on: date
    account_id: UUID
    entered_at: datetime = entered_at()


class ReferralLink(SingleUseLink, table=True):
    """A link by which the organisation answers, once."""

    __tablename__ = "referral_links"
    __table_args__ = (*one_live_link("referral_links", "referral_id", "referrals"), RECORD)

    referral_id: UUID

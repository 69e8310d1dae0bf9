"""Answers to referrals, from the staff or by a link."""

from datetime import date, datetime
from typing import Literal

from app.domain.referral_lifecycle import ReferralStatus
from app.schemas.base import Day, Input, Output, Prose


class ReferralAnswerCreate(Input):
    """What came of a referral, as a member of staff was told; `withdrawn` is the CCAS's own."""

    answer: Literal["accepted", "refused", "no_papers", "never_went", "withdrawn"]
    answered_on: Day
    note: Prose | None = None


class LinkAnswerCreate(Input):
    """What came of a referral, as the organisation says; today unless a day is given."""

    answer: Literal["accepted", "refused", "no_papers", "never_went"]
    answered_on: Day | None = None
    note: Prose | None = None


class AnswerChoice(Output):
    """An answer that can be given, and what people read for it."""

    code: ReferralStatus
    label: str


class LinkRead(Output):
    """What the organisation is asked, without a word of the person: who asks, of which referral, which answers."""

    ccas: str
    organisation: str
    reference: str
    referred_on: date
    expires_at: datetime
    answers: list[AnswerChoice]


class LinkAnswerRead(Output):
    """The answer was received."""

    reference: str
    answer: ReferralStatus
    answered_on: date

"""To whom a decision is notified, by which way, and what they are told of it."""

from enum import StrEnum


class NotificationChannel(StrEnum):
    """The way that a notice of decision took."""

    HAND = "hand"
    POST = "post"
    REGISTERED_POST = "registered_post"
    EMAIL = "email"


class Recipient(StrEnum):
    """Who was told."""

    APPLICANT = "applicant"
    CO_APPLICANT = "co_applicant"
    LEGAL_REPRESENTATIVE = "legal_representative"
    PRESCRIBER = "prescriber"


class Extent(StrEnum):
    """How much of a decision its recipient is told."""

    WHOLE_NOTICE = "whole_notice"
    OUTCOME_AND_REFERRAL = "outcome_and_referral"


# Who demands the aid, or stands for them; a decision that none of them was told of is not notified.
DEMANDING = frozenset({Recipient.APPLICANT, Recipient.CO_APPLICANT, Recipient.LEGAL_REPRESENTATIVE})


def extent(recipient: Recipient) -> Extent:
    """The whole notice for who demands; for a prescriber the outcome and where the person was referred, and no more."""
    return Extent.WHOLE_NOTICE if recipient in DEMANDING else Extent.OUTCOME_AND_REFERRAL
